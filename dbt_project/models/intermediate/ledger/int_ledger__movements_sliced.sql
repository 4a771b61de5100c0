{{ config(materialized='table', unlogged=true, post_hook="{{ analyze(this) }}") }}

with

entries as (
    select * from {{ ref('fct_ledger_entries') }}
),

items as (
    select * from {{ ref('dim_items') }}
),

families_touched as (
    select * from {{ ref('int_ledger__families_touched') }}
),

entries_kept as (
    select
        family_id,
        item_id,
        invoice_id,
        company_id,
        customer_id,
        currency_code,
        entry_type,
        amount,
        effective_date,
        recorded_from,
        recorded_to
    from entries
    {% if is_partial_build() %}
        where family_id in (select families_touched.family_id from families_touched)
    {% endif %}
),

-- an item may change without an entry, as when its company's calendar does
items_kept as (
    select
        case when item_type = 'instalment' then 'invoice:' || invoice_id else item_id end as family_id,
        recorded_from,
        recorded_to
    from items
    {% if is_partial_build() %}
        where
            case when item_type = 'instalment' then 'invoice:' || invoice_id else item_id end in (
                select families_touched.family_id from families_touched
            )
    {% endif %}
),

lives as (
    select
        family_id,
        recorded_from,
        recorded_to
    from entries_kept
    union all
    select
        family_id,
        recorded_from,
        recorded_to
    from items_kept
),

-- most families were learned at once
families as (
    select
        family_id,
        min(recorded_from) as learned_at,
        max(recorded_from) = min(recorded_from) and min(recorded_to) = {{ forever() }} as is_learned_at_once
    from lives
    group by family_id
),

lives_of_others as (
    select lives.*
    from lives
    inner join families on lives.family_id = families.family_id
    where not families.is_learned_at_once
),

-- the moments at which something about a family was learned
moments as (
    select
        family_id,
        learned_at
    from families
    union distinct
    select
        family_id,
        recorded_from as learned_at
    from lives_of_others
    union distinct
    select
        family_id,
        recorded_to as learned_at
    from lives_of_others
    where recorded_to < {{ forever() }}
),

-- between two of them what is known of it stands still
slices as (
    select
        family_id,
        learned_at as recorded_from,
        lead(learned_at, 1, {{ forever() }}) over (partition by family_id order by learned_at) as recorded_to,
        count(*) over (partition by family_id) as slices
    from moments
),

movements as (
    select
        entries_kept.family_id,
        entries_kept.item_id,
        slices.recorded_from,
        slices.recorded_to,
        slices.slices > 1 as is_sliced,
        entries_kept.effective_date,
        max(entries_kept.invoice_id) as invoice_id,
        max(entries_kept.company_id) as company_id,
        max(entries_kept.customer_id) as customer_id,
        max(entries_kept.currency_code) as currency_code,
        sum(entries_kept.amount) as amount,
        -sum(
            case
                when entries_kept.entry_type in ('applied', 'charged_back', 'chargeback_reversed')
                    then entries_kept.amount
                else 0
            end
        ) as paid_amount,
        -sum(
            case
                when entries_kept.entry_type in ('written_off', 'write_off_reversed')
                    then entries_kept.amount
                else 0
            end
        ) as written_off_amount
    from slices
    inner join entries_kept
        on
            slices.family_id = entries_kept.family_id
            and {{ is_known('entries_kept', 'slices.recorded_from') }}
    group by
        entries_kept.family_id,
        entries_kept.item_id,
        slices.recorded_from,
        slices.recorded_to,
        slices.slices > 1,
        entries_kept.effective_date
)

select * from movements
