with

entries as (
    select * from {{ ref('fct_ledger_entries') }}
),

entries_sliced as (
    select * from {{ ref('int_ledger__entries_sliced') }}
),

families_touched as (  -- noqa: ST03
    select * from {{ ref('int_ledger__families_touched') }}
),

{% set columns = [
    'family_id', 'item_id', 'item_type', 'invoice_id', 'company_id', 'customer_id', 'currency_code', 'entry_type',
    'amount', 'effective_date', 'recorded_from', 'recorded_to',
] %}
-- what came with the first delivery and stands as it came is one slice
unioned as (
    select
        {{ columns | join(', ') }},
        is_sliced
    from entries_sliced

    union all

    select
        {{ columns | join(', ') }},
        false as is_sliced
    from entries
    where
        {% if is_partial_build() %}
            family_id in (
                select families_touched.family_id
                from families_touched
                where families_touched.family_id not in (select entries_sliced.family_id from entries_sliced)
            )
        {% else %}
            family_id not in (select entries_sliced.family_id from entries_sliced)
        {% endif %}
),

movements as (
    select
        -- ids
        family_id,
        item_id,
        item_type,
        invoice_id,
        company_id,
        customer_id,

        -- amounts
        currency_code,
        cast(amount as numeric) as amount,
        case
            when entry_type in ('applied', 'charged_back', 'chargeback_reversed') then -amount else 0
        end as paid_amount,
        case when entry_type in ('written_off', 'write_off_reversed') then -amount else 0 end as written_off_amount,

        -- booleans
        is_sliced,

        -- dates
        effective_date,

        -- versions
        recorded_from,
        recorded_to
    from unioned
)

select * from movements
