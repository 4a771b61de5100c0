{{ config(severity='warn') }}
-- books go before documents, gateways and banks as long as nobody says otherwise
with

counted as (
    select * from {{ ref('int_companies__payments_counted') }}
),

books as (
    select * from {{ ref('stg_files__payment_books') }}
),

companies_that_say as (
    select company_id
    from books
    where
        not is_deleted
        and {{ is_known('books', known_at()) }}
)

select
    company_id,
    source
from counted
where
    not is_counted
    and company_id not in (select companies_that_say.company_id from companies_that_say)
    and {{ is_known('counted', known_at()) }}
