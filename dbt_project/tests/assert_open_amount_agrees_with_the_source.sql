{{ config(severity='warn') }}
-- what the source itself says is open, against all that it told us, whatever its date; what another source adds to the
-- invoice, this one does not know
with

invoices as (
    select * from {{ ref('int_sources__invoices_united') }}
),

entries as (
    select * from {{ ref('fct_ledger_entries') }}
),

invoice_balances as (
    select
        invoice_id,
        source,
        sum(amount) as ledger_amount
    from entries
    where
        item_type = 'instalment'
        and {{ is_known('entries', known_at()) }}
    group by invoice_id, source
)

select
    invoices.invoice_id,
    invoices.currency_code,
    invoices.open_amount,
    coalesce(invoice_balances.ledger_amount, 0) as ledger_amount
from invoices
left join invoice_balances
    on
        invoices.invoice_id = invoice_balances.invoice_id
        and invoices.source = invoice_balances.source
where
    not invoices.is_deleted
    and invoices.document_type = 'invoice'
    and invoices.status in ('open', 'paid')
    and invoices.open_amount is not null
    and {{ is_known('invoices', known_at()) }}
    -- an invoice paid beyond its amount may be reported as zero or as the excess
    and invoices.open_amount <> coalesce(invoice_balances.ledger_amount, 0)
    and invoices.open_amount <> greatest(coalesce(invoice_balances.ledger_amount, 0), 0)
