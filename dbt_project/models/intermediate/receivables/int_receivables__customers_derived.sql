with

customers as (
    select * from {{ ref('int_sources__customers_united') }}
),

invoices as (
    select * from {{ ref('int_sources__invoices_united') }}
),

credit_notes as (
    select * from {{ ref('int_sources__credit_notes_united') }}
),

payments as (
    select * from {{ ref('int_sources__payments_united') }}
),

refunds as (
    select * from {{ ref('int_sources__refunds_united') }}
),

chargebacks as (
    select * from {{ ref('int_sources__chargebacks_united') }}
),

mentions as (
    select
        customer_id,
        company_id,
        source,
        customer_code,
        customer_name,
        customer_email,
        'invoice' as document_type,
        invoice_id as document_id,
        recorded_from
    from invoices
    where not is_deleted

    union all

    select
        customer_id,
        company_id,
        source,
        customer_code,
        null as customer_name,
        null as customer_email,
        'credit_note' as document_type,
        credit_note_id as document_id,
        recorded_from
    from credit_notes
    where not is_deleted

    union all

    select
        customer_id,
        company_id,
        source,
        customer_code,
        null as customer_name,
        null as customer_email,
        'payment' as document_type,
        payment_id as document_id,
        recorded_from
    from payments
    where not is_deleted

    union all

    select
        customer_id,
        company_id,
        source,
        customer_code,
        null as customer_name,
        null as customer_email,
        'refund' as document_type,
        refund_id as document_id,
        recorded_from
    from refunds
    where not is_deleted

    union all

    select
        customer_id,
        company_id,
        source,
        customer_code,
        null as customer_name,
        null as customer_email,
        'chargeback' as document_type,
        chargeback_id as document_id,
        recorded_from
    from chargebacks
    where not is_deleted
),

listed as (
    select
        customer_id,
        min(recorded_from) as listed_at
    from customers
    group by customer_id
),

-- what is recorded at one moment may spell a customer in several ways: one of them, always the same, counts
mentions_ranked as (
    select
        mentions.*,
        coalesce(listed.listed_at, {{ forever() }}) as listed_at,
        row_number() over (
            partition by mentions.customer_id, mentions.recorded_from
            order by
                case when mentions.customer_name is null then 1 else 0 end,
                mentions.document_type,
                mentions.document_id
        ) as mention_rank
    from mentions
    left join listed on mentions.customer_id = listed.customer_id
    where mentions.recorded_from < coalesce(listed.listed_at, {{ forever() }})
),

-- a document without a name does not take away the name known so far
names_counted as (
    select
        customer_id,
        company_id,
        source,
        customer_code,
        customer_name,
        customer_email,
        listed_at,
        recorded_from,
        count(customer_name) over (
            partition by customer_id order by recorded_from
        ) as names_so_far,
        count(customer_email) over (
            partition by customer_id order by recorded_from
        ) as emails_so_far
    from mentions_ranked
    where mention_rank = 1
),

names_carried as (
    select
        customer_id,
        company_id,
        source,
        listed_at,
        recorded_from,
        coalesce(
            max(customer_name) over (partition by customer_id, names_so_far),
            customer_code
        ) as customer_name,
        max(customer_email) over (partition by customer_id, emails_so_far) as email
    from names_counted
),

changes_marked as (
    select
        names_carried.*,
        lag(company_id) over (partition by customer_id order by recorded_from) as last_company_id,
        lag(customer_name) over (partition by customer_id order by recorded_from) as last_customer_name,
        lag(email) over (partition by customer_id order by recorded_from) as last_email
    from names_carried
),

derived as (
    select
        -- ids
        customer_id,
        company_id,
        source,

        -- attributes
        customer_name,
        email,

        -- versions
        recorded_from,
        lead(recorded_from, 1, listed_at) over (
            partition by customer_id order by recorded_from
        ) as recorded_to
    from changes_marked
    where
        company_id is distinct from last_company_id
        or customer_name is distinct from last_customer_name
        or email is distinct from last_email
)

select * from derived
