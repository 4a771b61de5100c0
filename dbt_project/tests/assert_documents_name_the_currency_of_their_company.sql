{{ config(severity='warn') }}
-- a company keeps its books in one currency: a rate into another would value the document wrongly
with

stated as (
    select * from {{ ref('int_companies__currencies_stated') }}
),

companies as (
    select * from {{ ref('dim_companies') }}
),

items as (
    select * from {{ ref('dim_items') }}
),

-- few rows, mostly none: then the documents are not read
contradicting as (
    select distinct
        stated.company_id,
        companies.company_currency_code,
        stated.company_currency_code as named_currency_code
    from stated
    inner join companies on stated.company_id = companies.company_id
    where
        stated.is_stated
        and stated.company_currency_code <> companies.company_currency_code
        and {{ is_known('companies', known_at()) }}
)

select distinct
    items.document_id,
    items.company_id,
    contradicting.company_currency_code,
    contradicting.named_currency_code
from items
inner join contradicting
    on
        items.company_id = contradicting.company_id
        and items.company_currency_code = contradicting.named_currency_code
where {{ is_known('items', known_at()) }}
