{{ config(severity='warn') }}
-- what a rule gives twice, or against the tax numbers, is nobody's until a person decides in links.yaml
with

links as (
    select * from {{ ref('fct_customer_links') }}
)

select
    customer_id,
    status,
    rule,
    first_candidate_id,
    last_candidate_id
from links
where
    status <> 'linked'
    and {{ is_known('links', known_at()) }}
