{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ forget_touched('invoice', 'invoice_id') }}",
        post_hook="{{ analyze(this) }}",
    )
}}

with

touched as (
    select * from {{ ref('int_ledger__documents_touched') }}
),

instalments as (
    select * from {{ ref('int_sources__instalments_united') }}
),

listed_invoices as (
    select * from {{ ref('int_sources__invoices_united') }}
),

invoices as (
    select * from {{ ref('int_receivables__invoices_split') }}
),

items as (
    select * from {{ ref('dim_items') }}
),

invoices_known as (
    select invoice_id
    from listed_invoices
    where
        not is_deleted
        and {{ is_known('listed_invoices', known_at()) }}
        and {{ only_touched('invoice', 'invoice_id') }}
),

-- instalments of an invoice that was never delivered, or was deleted
orphaned as (
    select
        instalments.invoice_id,
        false as is_invoice_known,
        cast(null as text) as currency_code,
        cast(null as numeric(24, 6)) as total_amount,
        sum(instalments.instalment_amount) as instalments_amount
    from instalments
    left join invoices_known on instalments.invoice_id = invoices_known.invoice_id
    where
        not instalments.is_deleted
        and {{ is_known('instalments', known_at()) }}
        and {{ only_touched('invoice', 'instalments.invoice_id') }}
        and invoices_known.invoice_id is null
    group by instalments.invoice_id
),

instalment_sums as (
    select
        invoice_id,
        sum(item_amount) as instalments_amount
    from items
    where
        item_type = 'instalment'
        and {{ is_known('items', known_at()) }}
        and {{ only_touched('invoice', 'invoice_id') }}
    group by invoice_id
),

-- the ledger holds the instalments; where they differ from the invoice's total, one of the two is wrong
mismatched as (
    select
        invoices.invoice_id,
        true as is_invoice_known,
        invoices.currency_code,
        invoices.total_amount,
        coalesce(instalment_sums.instalments_amount, 0) as instalments_amount
    from invoices
    left join instalment_sums on invoices.invoice_id = instalment_sums.invoice_id
    where
        invoices.is_itemised
        and {{ is_known('invoices', known_at()) }}
        and invoices.total_amount <> coalesce(instalment_sums.instalments_amount, 0)
),

questioned as (
    select * from orphaned
    union all
    select * from mismatched
)

select * from questioned
