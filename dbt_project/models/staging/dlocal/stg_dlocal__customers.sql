with

mentions as (
    select
        source,
        record_key,
        source || ':' || coalesce(lower(user_mail), payer_document) as customer_id,
        coalesce(lower(user_mail), payer_document) as customer_code,
        cartera_company_id as company_id,
        payer_name as customer_name,
        payer_document as tax_id,
        country as country_code,
        coalesce(payer_email, user_mail) as email,
        delivered_at as changed_at,
        recorded_from
    from {{ source('dlocal', 'transactions') }}
    where
        not is_deleted
        and type = 'Payment'
        and coalesce(lower(user_mail), payer_document) is not null
),

customers as (
    {{ payers_as_customers('mentions', ['customer_code', 'customer_name', 'tax_id', 'country_code', 'email']) }}
)

select * from customers
