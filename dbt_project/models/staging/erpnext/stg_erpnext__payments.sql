with

source as (
    select * from {{ source('erpnext', 'payment_entry') }}
),

renamed as (
    select
        -- ids
        source || ':' || name as payment_id,
        cartera_company_id as company_id,
        source || ':' || party as customer_id,
        source,

        -- attributes
        party as customer_code,
        coalesce(reference_no, name) as document_number,
        case docstatus when 1 then 'received' else 'cancelled' end as status,
        paid_from_account_currency as currency_code,
        cast(null as text) as company_currency_code,
        cast(null as numeric(24, 12)) as document_fx_rate,

        -- amounts
        paid_amount as payment_amount,

        -- dates
        posting_date as received_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from source
    where payment_type = 'Receive' and party_type = 'Customer'
)

select * from renamed
