with

movements as (
    select * from {{ ref('int_ledger__movements_known') }}
),

-- what moved on a day, in the order in which it is summed up
days as (
    select
        item_id,
        recorded_from,
        is_sliced,
        effective_date,
        family_id,
        max(recorded_to) as recorded_to,
        sum(amount) as amount,
        sum(paid_amount) as paid_amount,
        sum(written_off_amount) as written_off_amount
    from movements
    where item_id is not null
    group by
        item_id,
        recorded_from,
        is_sliced,
        effective_date,
        family_id
    -- money used up on the day it came leaves no balance behind; a debt settled on its first day is still followed
    having
        sum(amount) <> 0
        or max(item_type) in ('instalment', 'chargeback')
),

stretches as (
    select
        family_id,
        item_id,
        is_sliced,
        recorded_from,
        recorded_to,
        -- what has moved by the end of the first day
        sum(amount) over dates_so_far as balance_amount,
        sum(paid_amount) over dates_so_far as paid_amount,
        sum(written_off_amount) over dates_so_far as written_off_amount,
        -- the first day counts as one on which something was owed
        row_number() over dates_so_far = 1 or sum(amount) over dates_so_far > amount as was_debt,
        -- until the day before the next movement
        effective_date as valid_from,
        lead(effective_date, 1, {{ forever_date() }}) over dates_so_far as valid_to
    from days
    window
        dates_so_far as (
            partition by item_id, recorded_from, is_sliced
            order by effective_date
        )
),

balances as (
    {{ settled_dates('stretches', was_debt='was_debt') }}
),

accumulated as (
    select
        -- ids
        family_id,
        item_id,

        -- amounts
        balance_amount,
        paid_amount,
        written_off_amount,

        -- booleans
        is_sliced,

        -- dates
        settled_date,
        valid_from,
        valid_to,

        -- versions
        recorded_from,
        recorded_to
    from balances
)

select * from accumulated
