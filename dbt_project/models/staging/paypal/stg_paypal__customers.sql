with

mentions as (
    select
        source,
        record_key,
        source || ':' || coalesce(paypal_account_id, payer_email) as customer_id,
        coalesce(paypal_account_id, payer_email) as customer_code,
        cartera_company_id as company_id,
        payer_name as customer_name,
        payer_country_code as country_code,
        payer_email as email,
        transaction_initiation_date as changed_at,
        recorded_from
    from {{ source('paypal', 'transactions') }}
    where
        not is_deleted
        and transaction_event_code like 'T00%'
        and transaction_amount > 0
        and coalesce(paypal_account_id, payer_email) is not null
),

customers as (
    {{ payers_as_customers('mentions', ['customer_code', 'customer_name', 'country_code', 'email']) }}
)

select * from customers
