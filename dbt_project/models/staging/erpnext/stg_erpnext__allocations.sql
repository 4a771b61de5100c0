with

settlements as (
    select * from {{ ref('base_erpnext__settlements') }}
),

sales_invoices as (
    select * from {{ source('erpnext', 'sales_invoice') }}
),

-- a draft or cancelled entry settles nothing; the money of a journal entry is a payment for each row
of_entries as (
    select
        -- ids
        source || ':' || entry_row as allocation_id,
        case
            when kind = 'matched' then used_payment_id
            when entry_type = 'payment' then source || ':' || entry_name
            else source || ':' || entry_row
        end as payment_id,
        credit_note_id,
        invoice_id,
        cast(null as text) as instalment_id,
        source,

        -- amounts
        amount as allocated_amount,

        -- dates
        posting_date as allocated_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from settlements
    where kind in ('money', 'matched')
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

        -- amounts: what was given back at once lowers nothing
        greatest(
            case
                when coalesce(party_account_currency, currency) = currency
                    then -coalesce(nullif(rounded_total, 0), grand_total)
                else -coalesce(nullif(base_rounded_total, 0), base_grand_total)
            end + least(coalesce(counter_amount, 0), 0),
            0
        ) as allocated_amount,

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

at_the_counter as (
    select
        -- ids
        source || ':' || name || ':counter' as allocation_id,
        source || ':' || name || ':counter' as payment_id,
        cast(null as text) as credit_note_id,
        source || ':' || name as invoice_id,
        cast(null as text) as instalment_id,
        source,

        -- amounts
        greatest(counter_amount, 0) as allocated_amount,

        -- dates
        posting_date as allocated_date,

        -- versions
        is_deleted or docstatus <> 1 as is_deleted,
        recorded_from,
        recorded_to
    from sales_invoices
    where
        counter_amount <> 0
        and not coalesce(is_return, false)
),

unioned as (
    select * from at_the_counter
    union all
    select * from of_entries
    union all
    select * from of_returns
)

select * from unioned
