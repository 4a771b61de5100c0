with

movements as (
    select * from {{ ref('int_ledger__movements_sliced') }}
),

balances as (
    select
        -- ids
        family_id,
        item_id,

        -- amounts: what has moved by the end of the first day
        sum(amount) over dates_so_far as balance_amount,
        sum(paid_amount) over dates_so_far as paid_amount,
        sum(written_off_amount) over dates_so_far as written_off_amount,

        -- booleans
        is_sliced,

        -- dates: until the day before the next movement
        effective_date as valid_from,
        lead(effective_date, 1, {{ forever_date() }}) over dates_so_far as valid_to,

        -- versions
        recorded_from,
        recorded_to
    from movements
    where item_id is not null
    window
        dates_so_far as (
            partition by item_id, recorded_from
            order by effective_date
        )
)

select * from balances
