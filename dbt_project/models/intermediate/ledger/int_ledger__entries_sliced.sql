{{ config(materialized='table', unlogged=true, post_hook="{{ analyze(this) }}") }}

with

entries as (
    select * from {{ ref('fct_ledger_entries') }}
),

items as {{ read_in_place() }} (
    select * from {{ ref('dim_items') }}
),

families_touched as {{ read_in_place() }} (
    select * from {{ ref('int_ledger__families_touched') }}
),

entries_kept as {{ read_in_place() }} (
    select *
    from entries
    {% if is_partial_build() %}
        where family_id in (select families_touched.family_id from families_touched)
    {% endif %}
),

-- an item may change without an entry, as when its company's calendar does
items_kept as {{ read_in_place() }} (
    select
        'invoice:' || invoice_id as family_id,
        recorded_from,
        recorded_to
    from items
    where
        item_type = 'instalment'
        {% if is_partial_build() %}
            and origin_id in (select families_touched.family_id from families_touched)
        {% endif %}
    union all
    select
        item_id as family_id,
        recorded_from,
        recorded_to
    from items
    where
        item_type <> 'instalment'
        {% if is_partial_build() %}
            and item_id in (select families_touched.family_id from families_touched)
        {% endif %}
),

lives as {{ read_in_place() }} (
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

-- most of what is there came with the first delivery and stands as it came: of it nothing was learned since
first_delivery as (
    select min(recorded_from) as learned_at
    from lives
),

families_learned_later as (
    select distinct lives.family_id
    from lives
    where
        lives.recorded_from > (select first_delivery.learned_at from first_delivery)
        or lives.recorded_to < {{ forever() }}
),

lives_learned_later as (
    select lives.*
    from lives
    where lives.family_id in (select families_learned_later.family_id from families_learned_later)
),

-- the moments at which something about a family was learned
moments as (
    select
        family_id,
        recorded_from as learned_at
    from lives_learned_later
    union distinct
    select
        family_id,
        recorded_to as learned_at
    from lives_learned_later
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

entries_learned_later as (
    select entries_kept.*
    from entries_kept
    where entries_kept.family_id in (select families_learned_later.family_id from families_learned_later)
),

entries_sliced as (
    select
        entries_learned_later.family_id,
        entries_learned_later.item_id,
        entries_learned_later.item_type,
        entries_learned_later.invoice_id,
        entries_learned_later.company_id,
        entries_learned_later.customer_id,
        entries_learned_later.currency_code,
        entries_learned_later.entry_type,
        entries_learned_later.amount,
        entries_learned_later.effective_date,
        slices.recorded_from,
        slices.recorded_to,
        slices.slices > 1 as is_sliced
    from slices
    inner join entries_learned_later
        on
            slices.family_id = entries_learned_later.family_id
            and {{ is_known('entries_learned_later', 'slices.recorded_from') }}
)

select * from entries_sliced
