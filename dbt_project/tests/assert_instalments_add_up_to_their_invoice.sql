{{ config(severity='warn') }}
-- the ledger holds the instalments; where they differ from the invoice's total, one of the two is wrong
with

questioned as (
    select * from {{ ref('int_receivables__instalments_questioned') }}
)

select
    invoice_id,
    currency_code,
    total_amount,
    instalments_amount
from questioned
where is_invoice_known
