with

lines as (
    select * from {{ source('tryton', 'account_move_line') }}
),

pairs as (
    select * from {{ ref('stg_tryton__lines_paired') }}
),

received as (
    select *
    from lines
    where
        amount < 0
        and invoice is null
        and not is_cancellation
        and coalesce(move_journal_type, '') <> 'write-off'
),

in_their_currency as (
    select
        received.*,
        source || ':' || id as payment_id,
        currency as payment_currency,
        -amount as payment_amount
    from received
    where not is_mixed
),

-- money that settled debts in another currency is money in that
settled as (
    select
        source,
        id,
        recorded_from,
        currency,
        sum(settled_amount) as settled_amount
    from pairs
    where is_mixed
    group by
        source,
        id,
        recorded_from,
        currency
),

in_other_currencies as (
    select
        received.*,
        received.source || ':' || received.id || ':' || settled.currency as payment_id,
        settled.currency as payment_currency,
        settled.settled_amount as payment_amount
    from received
    inner join settled
        on
            received.source = settled.source
            and received.id = settled.id
            and received.recorded_from = settled.recorded_from
),

unioned as (
    select * from in_their_currency
    union all
    select * from in_other_currencies
),

renamed as (
    select
        -- ids
        payment_id,
        cartera_company_id as company_id,
        source || ':' || coalesce(party, 'none') as customer_id,
        source,

        -- attributes
        coalesce(party, 'none') as customer_code,
        coalesce(move_number, move) as document_number,
        case
            -- a difference of exchange is none in the currency of the debt
            when move_state = 'draft' or (reconciled_currency <> currency and not is_mixed) then 'cancelled'
            else 'received'
        end as status,
        payment_currency as currency_code,
        move_company_currency_code as company_currency_code,
        cast(
            case
                when payment_currency <> move_company_currency_code and not is_mixed
                    then (credit - debit) / nullif(payment_amount, 0)
            end as numeric(24, 12)
        ) as document_fx_rate,

        -- amounts
        payment_amount,

        -- dates
        move_date as received_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from unioned
)

select * from renamed
