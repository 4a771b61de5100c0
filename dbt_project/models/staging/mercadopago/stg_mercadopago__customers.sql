with

mentions as (
    select
        source,
        record_key,
        source || ':' || coalesce(payer_id, payer_email, payer_identification, 'unknown') as customer_id,
        coalesce(payer_id, payer_email, payer_identification, 'unknown') as customer_code,
        cartera_company_id as company_id,
        payer_name as customer_name,
        payer_identification as tax_id,
        payer_email as email,
        date_last_updated as changed_at,
        recorded_from
    from {{ source('mercadopago', 'payments') }}
    where
        not is_deleted
        and coalesce(operation_type, '') not in ('account_fund', 'investment')
),

customers as (
    {{ payers_as_customers('mentions', ['customer_code', 'customer_name', 'tax_id', 'email']) }}
)

select * from customers
