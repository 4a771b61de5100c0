{{ config(severity='warn') }}
-- what a rule gives twice, or with another customer, currency or amount, counts in both until a person decides in
-- links.yaml
with

links as (
    select * from {{ ref('int_receivables__invoice_links_judged') }}
    union all
    select * from {{ ref('int_receivables__credit_note_links_judged') }}
)

select
    invoice_id,
    status,
    rule,
    problem,
    first_candidate_id,
    last_candidate_id
from links
where
    status <> 'left_out'
    and {{ is_known('links', known_at()) }}
