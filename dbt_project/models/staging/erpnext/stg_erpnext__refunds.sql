with

settlements as (
    select * from {{ ref('base_erpnext__settlements') }}
),

payment_entries as (
    select * from {{ source('erpnext', 'payment_entry') }}
),

of_credits as (
    select
        -- ids
        source || ':' || entry_row as refund_id,
        company_id,
        source || ':' || party as customer_id,
        used_payment_id as payment_id,
        credit_note_id,
        source,

        -- attributes
        party as customer_code,
        document_number,
        currency_code,
        entry_type || ' entry' as reason,

        -- amounts
        amount as refunded_amount,

        -- dates
        posting_date as refund_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from settlements
    where kind = 'paid_back'
),

-- paid back without saying for what
on_their_own as (
    select
        -- ids
        source || ':' || name as refund_id,
        cartera_company_id as company_id,
        source || ':' || party as customer_id,
        cast(null as text) as payment_id,
        cast(null as text) as credit_note_id,
        source,

        -- attributes
        party as customer_code,
        coalesce(reference_no, name) as document_number,
        paid_to_account_currency as currency_code,
        'payment entry' as reason,

        -- amounts
        coalesce(unallocated_amount, 0) as refunded_amount,

        -- dates
        posting_date as refund_date,

        -- versions
        is_deleted or docstatus <> 1 or coalesce(unallocated_amount, 0) <= 0 as is_deleted,
        recorded_from,
        recorded_to
    from payment_entries
    where
        payment_type = 'Pay'
        and party_type = 'Customer'
),

sales_invoices as (
    select * from {{ source('erpnext', 'sales_invoice') }}
),

-- given back at the counter with the return
at_the_counter as (
    select
        -- ids
        source || ':' || name || ':counter' as refund_id,
        cartera_company_id as company_id,
        source || ':' || customer as customer_id,
        cast(null as text) as payment_id,
        source || ':' || name as credit_note_id,
        source,

        -- attributes
        customer as customer_code,
        name as document_number,
        coalesce(party_account_currency, currency) as currency_code,
        'return' as reason,

        -- amounts
        abs(counter_amount) as refunded_amount,

        -- dates
        posting_date as refund_date,

        -- versions
        is_deleted or docstatus <> 1 as is_deleted,
        recorded_from,
        recorded_to
    from sales_invoices
    where
        counter_amount < 0
        and coalesce(is_return, false)
),

unioned as (
    select * from at_the_counter
    union all
    select * from of_credits
    union all
    select * from on_their_own
)

select * from unioned
