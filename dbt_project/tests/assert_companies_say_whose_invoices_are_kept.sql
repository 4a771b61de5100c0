{{ config(severity='warn') }}
-- books go before documents and gateways as long as nobody says otherwise
with

links as (
    select * from {{ ref('int_receivables__invoice_links_judged') }}
)

select
    invoice_id,
    kept_invoice_id,
    rule
from links
where
    status = 'left_out'
    and not is_configured
    and {{ is_known('links', known_at()) }}
