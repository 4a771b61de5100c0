with

contacts as (
    select * from {{ source('contacts', 'contacts_known') }}
),

-- whom a call reached stands in the class of its answer; that a written message was answered does not say by whom
contacts_classed as (
    select
        contacts.*,
        case
            when sent_date is null then null
            when
                answer_class in (
                    'right_party_promise', 'right_party_paid', 'right_party_dispute', 'right_party_refusal',
                    'right_party_other'
                )
                then true
            when answer_class = 'wrong_party' then false
        end as is_right_party
    from contacts
),

contacts_answered as (
    select
        contacts_classed.*,
        sent_date is not null and (answered_at is not null or is_right_party is not null) as is_answered
    from contacts_classed
)

select
    -- ids
    cast(contact_id as text) as contact_id,
    company_id,
    customer_id,

    -- attributes
    policy_name,
    step_name,
    channel,
    currency_code,
    cost_currency_code,
    status,
    reason_code,
    answer_class,

    -- amounts
    cost_amount,

    -- booleans
    is_automatic,
    is_answered,
    is_right_party,

    -- dates; a call is answered while it is made, whatever the day in UTC
    planned_date,
    sent_date,
    case
        when not is_answered then null
        when channel in ('call', 'voice') then sent_date
        else {{ utc_date('answered_at') }}
    end as answered_date,

    -- moments
    planned_at,
    sent_at,
    delivered_at,
    answered_at,

    -- versions
    recorded_from,
    recorded_to
from contacts_answered
