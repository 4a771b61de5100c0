with

currencies as (
    select * from {{ ref('currencies') }}
),

stated as (
    select * from {{ ref('int_companies__currencies_stated') }}
),

pairs as (
    select distinct
        currency_code,
        company_currency_code
    from stated
),

-- what money is of, and what it is valued in
used as (
    select currency_code
    from pairs
    union distinct
    select company_currency_code as currency_code
    from pairs
),

-- a code that is no longer legal tender is still in old documents
known as (
    select currency_code
    from currencies
    union distinct
    select currency_code
    from used
    where currency_code is not null
),

described as (
    select
        known.currency_code,
        coalesce(currencies.name, known.currency_code) as name,
        currencies.minor_units,
        used.currency_code is not null as is_used
    from known
    left join currencies on known.currency_code = currencies.currency_code
    left join used on known.currency_code = used.currency_code
)

select * from described
