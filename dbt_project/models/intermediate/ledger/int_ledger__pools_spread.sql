{{ config(materialized='table', unlogged=true, post_hook="{{ analyze(this) }}") }}

with

movements as (
    select * from {{ ref('int_ledger__movements_known') }}
),

entries as (
    select * from {{ ref('fct_ledger_entries') }}
),

families_touched as (
    select * from {{ ref('int_ledger__families_touched') }}
),

items as (
    select * from {{ ref('dim_items') }}
),

families_with_pool as (
    select distinct family_id
    from entries
    where
        item_id is null
        {% if is_partial_build() %}
            and family_id in (select families_touched.family_id from families_touched)
        {% endif %}
),

movements_kept as (
    select *
    from movements
    where family_id in (select families_with_pool.family_id from families_with_pool)
),

days as (
    select distinct
        family_id,
        recorded_from,
        effective_date
    from movements_kept
),

-- every item of the family, and its pool, on every day on which one of them moves
balances as (
    select
        days.family_id,
        days.recorded_from,
        days.effective_date,
        movements_kept.item_id,
        max(movements_kept.recorded_to) as recorded_to,
        max(case when movements_kept.is_sliced then 1 else 0 end) = 1 as is_sliced,
        max(movements_kept.invoice_id) as invoice_id,
        max(movements_kept.company_id) as company_id,
        max(movements_kept.customer_id) as customer_id,
        max(movements_kept.currency_code) as currency_code,
        sum(movements_kept.amount) as balance_amount,
        sum(movements_kept.paid_amount) as paid_amount,
        sum(movements_kept.written_off_amount) as written_off_amount
    from days
    inner join movements_kept
        on
            days.family_id = movements_kept.family_id
            and days.recorded_from = movements_kept.recorded_from
            and days.effective_date >= movements_kept.effective_date
    group by
        days.family_id,
        days.recorded_from,
        days.effective_date,
        movements_kept.item_id
),

-- a pool pays the instalment that is due first, then the next
rooms as (
    select
        balances.*,
        greatest(balances.balance_amount, 0) as room_amount,
        coalesce(
            sum(greatest(balances.balance_amount, 0)) over (
                partition by balances.family_id, balances.recorded_from, balances.effective_date
                order by items.due_date, balances.item_id
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as room_before_amount
    from balances
    inner join items
        on
            balances.item_id = items.item_id
            and {{ is_known('items', 'balances.recorded_from') }}
),

pools as (
    select
        balances.*,
        -balances.balance_amount as pool_amount
    from balances
    where item_id is null
),

items_reduced as (
    select
        rooms.family_id,
        rooms.item_id,
        rooms.invoice_id,
        rooms.company_id,
        rooms.customer_id,
        rooms.currency_code,
        rooms.is_sliced,
        rooms.balance_amount
        - least(
            rooms.room_amount,
            greatest(coalesce(pools.pool_amount, 0) - rooms.room_before_amount, 0)
        ) as balance_amount,
        rooms.room_amount,
        rooms.paid_amount
        + case
            when pools.pool_amount > rooms.room_before_amount and rooms.room_amount > 0 then pools.paid_amount
            else 0
        end as paid_amount,
        rooms.written_off_amount
        + case
            when pools.pool_amount > rooms.room_before_amount and rooms.room_amount > 0 then pools.written_off_amount
            else 0
        end as written_off_amount,
        rooms.effective_date,
        rooms.recorded_from,
        rooms.recorded_to
    from rooms
    left join pools
        on
            rooms.family_id = pools.family_id
            and rooms.recorded_from = pools.recorded_from
            and rooms.effective_date = pools.effective_date
),

rooms_used as (
    select
        family_id,
        recorded_from,
        effective_date,
        sum(room_amount) as room_amount
    from items_reduced
    group by
        family_id,
        recorded_from,
        effective_date
),

-- what a pool holds beyond its instalments is credit of the invoice as a whole
excesses as (
    select
        pools.family_id,
        'invoice:' || pools.invoice_id as item_id,
        pools.invoice_id,
        pools.company_id,
        pools.customer_id,
        pools.currency_code,
        pools.is_sliced,
        least(
            greatest(pools.pool_amount, 0), coalesce(rooms_used.room_amount, 0)
        ) - pools.pool_amount as balance_amount,
        pools.paid_amount,
        pools.written_off_amount,
        pools.effective_date,
        pools.recorded_from,
        pools.recorded_to
    from pools
    left join rooms_used
        on
            pools.family_id = rooms_used.family_id
            and pools.recorded_from = rooms_used.recorded_from
            and pools.effective_date = rooms_used.effective_date
),

unioned as (
    select
        family_id,
        item_id,
        false as is_pool,
        invoice_id,
        company_id,
        customer_id,
        currency_code,
        is_sliced,
        balance_amount,
        paid_amount,
        written_off_amount,
        effective_date,
        recorded_from,
        recorded_to
    from items_reduced

    union all

    select
        family_id,
        item_id,
        true as is_pool,
        invoice_id,
        company_id,
        customer_id,
        currency_code,
        is_sliced,
        balance_amount,
        paid_amount,
        written_off_amount,
        effective_date,
        recorded_from,
        recorded_to
    from excesses
),

spread as (
    select
        -- ids
        family_id,
        item_id,
        is_pool,
        is_sliced,
        invoice_id,
        company_id,
        customer_id,

        -- amounts
        currency_code,
        balance_amount,
        paid_amount,
        written_off_amount,

        -- dates
        effective_date as valid_from,
        lead(effective_date, 1, {{ forever_date() }}) over (
            partition by item_id, recorded_from
            order by effective_date
        ) as valid_to,

        -- versions
        recorded_from,
        recorded_to
    from unioned
),

settled as (
    {{ settled_dates('spread') }}
)

select * from settled
