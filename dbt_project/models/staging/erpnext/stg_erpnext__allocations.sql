with

payment_entries as (
    select * from {{ source('erpnext', 'payment_entry') }}
),

sales_invoices as (
    select * from {{ source('erpnext', 'sales_invoice') }}
),

referring as (
    select
        payment_entries.*,
        item
    from payment_entries
    {{ json_items('payment_entries."references"', 'item') }}
    where payment_entries.payment_type = 'Receive' and payment_entries.party_type = 'Customer'
),

-- a draft or cancelled payment settles nothing
of_payments as (
    select
        -- ids
        source || ':' || {{ json_text('item', 'name') }} as allocation_id,
        source || ':' || name as payment_id,
        cast(null as text) as credit_note_id,
        source || ':' || {{ json_text('item', 'reference_name') }} as invoice_id,
        cast(null as text) as instalment_id,
        source,

        -- amounts
        cast({{ json_text('item', 'allocated_amount') }} as numeric(24, 6)) as allocated_amount,

        -- dates
        posting_date as allocated_date,

        -- versions
        is_deleted or docstatus <> 1 as is_deleted,
        recorded_from,
        recorded_to
    from referring
    where {{ json_text('item', 'reference_doctype') }} = 'Sales Invoice'
),

-- a return that does not keep an outstanding amount of its own lowers that of the invoice at once
of_returns as (
    select
        -- ids
        source || ':' || name || ':return' as allocation_id,
        cast(null as text) as payment_id,
        source || ':' || name as credit_note_id,
        source || ':' || return_against as invoice_id,
        cast(null as text) as instalment_id,
        source,

        -- amounts
        case
            when coalesce(party_account_currency, currency) = currency
                then -coalesce(nullif(rounded_total, 0), grand_total)
            else -coalesce(nullif(base_rounded_total, 0), base_grand_total)
        end as allocated_amount,

        -- dates
        posting_date as allocated_date,

        -- versions
        is_deleted or docstatus <> 1 as is_deleted,
        recorded_from,
        recorded_to
    from sales_invoices
    where
        coalesce(is_return, false)
        and return_against is not null
        and not coalesce(update_outstanding_for_self, false)
),

unioned as (
    select * from of_payments
    union all
    select * from of_returns
)

select * from unioned
