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

-- only invoices may say what the customer is called
mentions as (
    {% for document in ['invoice', 'credit_note', 'payment', 'refund', 'chargeback'] %}
        select
            customer_id,
            company_id,
            source,
            customer_code,
            {{ 'customer_name' if document == 'invoice' else 'cast(null as text)' }} as customer_name,
            {{ 'customer_email' if document == 'invoice' else 'cast(null as text)' }} as customer_email,
            '{{ document }}' as document_type,
            {{ document }}_id as document_id,
            recorded_from
        from {{ document }}s
        where not is_deleted
        {{ 'union all' if not loop.last }}
    {% endfor %}
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

derived as (
    {{
        stretches_of(
            'names_carried',
            ['customer_id'],
            ['company_id', 'customer_name', 'email'],
            carried=['source'],
            last_end='listed_at',
        )
    }}
)

select * from derived
