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
        -- one of nothing only brings a credit note to an invoice
        case when docstatus = 1 and settled_amount > 0 then 'received' else 'cancelled' end as status,
        paid_from_account_currency as currency_code,
        cast(null as text) as company_currency_code,
        cast(null as numeric(24, 12)) as document_fx_rate,

        -- amounts
        settled_amount as payment_amount,

        -- dates
        posting_date as received_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from source
    where payment_type = 'Receive' and party_type = 'Customer'
),

settlements as (
    select * from {{ ref('base_erpnext__settlements') }}
),

of_journals as (
    select
        -- ids
        source || ':' || entry_row as payment_id,
        company_id,
        source || ':' || party as customer_id,
        source,

        -- attributes
        party as customer_code,
        document_number,
        'received' as status,
        currency_code,
        cast(null as text) as company_currency_code,
        cast(null as numeric(24, 12)) as document_fx_rate,

        -- amounts
        amount as payment_amount,

        -- dates
        posting_date as received_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from settlements
    where
        entry_type = 'journal'
        and kind in ('money', 'on_account')
),

sales_invoices as (
    select * from {{ source('erpnext', 'sales_invoice') }}
),

-- an invoice of the point of sale is paid in itself
at_the_counter as (
    select
        -- ids
        source || ':' || name || ':counter' as payment_id,
        cartera_company_id as company_id,
        source || ':' || customer as customer_id,
        source,

        -- attributes
        customer as customer_code,
        name as document_number,
        case when docstatus = 1 and counter_amount > 0 then 'received' else 'cancelled' end as status,
        coalesce(party_account_currency, currency) as currency_code,
        cast(null as text) as company_currency_code,
        cast(null as numeric(24, 12)) as document_fx_rate,

        -- amounts
        greatest(counter_amount, 0) as payment_amount,

        -- dates
        posting_date as received_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from sales_invoices
    where
        counter_amount <> 0
        and not coalesce(is_return, false)
),

unioned as (
    select * from renamed
    union all
    select * from of_journals
    union all
    select * from at_the_counter
)

select * from unioned
