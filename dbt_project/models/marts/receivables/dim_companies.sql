with

items as (
    select * from {{ ref('dim_items') }}
),

companies as (
    select
        company_id,
        min(recorded_from) as first_recorded_at
    from items
    group by company_id
)

select * from companies
