with

lines as (
    select * from {{ source('tryton', 'account_move_line') }}
),

-- Tryton reconciles a set of lines that balances and does not say which settles which: the first due with the first
-- that came. Both kinds are laid end to end; where two lie beside each other, one settles the other.
members as (
    select
        lines.source,
        lines.id,
        lines.is_mixed,
        lines.is_deleted,
        lines.recorded_from,
        lines.recorded_to,
        {{ json_text('item', 'line') }} as line,
        {{ json_text('item', 'invoice') }} as invoice,
        {{ json_text('item', 'currency') }} as currency,
        cast({{ json_text('item', 'amount') }} as numeric(24, 6)) as amount,
        cast({{ json_text('item', 'own_amount') }} as numeric(24, 6)) as own_amount,
        cast({{ json_text('item', 'move_date') }} as date) as move_date,
        cast({{ json_text('item', 'due_date') }} as date) as due_date
    from lines
    {{ json_items('lines.reconciled', 'item') }}
),

laid as (
    select
        *,
        sum(abs(amount)) over (
            partition by source, id, recorded_from, amount > 0
            order by due_date, line
            rows between unbounded preceding and current row
        ) as ends_at
    from members
    where amount <> 0
),

beside as (
    select
        settling.source,
        settling.id,
        settling.is_mixed,
        settled.line,
        settled.invoice,
        settled.currency,
        settled.amount,
        settled.own_amount,
        greatest(settling.move_date, settled.move_date) as settled_date,
        -- measured from where the settled line begins
        greatest(settling.ends_at + settling.amount, settled.ends_at - settled.amount)
        - (settled.ends_at - settled.amount) as part_from,
        least(settling.ends_at, settled.ends_at) - (settled.ends_at - settled.amount) as part_to,
        settling.is_deleted,
        settling.recorded_from,
        settling.recorded_to
    from laid as settling
    inner join laid as settled
        on
            settling.source = settled.source
            and settling.id = settled.id
            and settling.recorded_from = settled.recorded_from
            and settled.amount > 0
            and settling.ends_at > settled.ends_at - settled.amount
            and settled.ends_at > settling.ends_at + settling.amount
    where settling.line = settling.id
),

-- what balances in the company's currency only settles a line in the line's own currency
paired as (
    select
        -- ids
        source,
        id,
        line,
        invoice,

        -- attributes
        currency,

        -- amounts
        case
            when amount = own_amount then part_to - part_from
            else round(part_to * own_amount / amount, 6) - round(part_from * own_amount / amount, 6)
        end as settled_amount,

        -- booleans
        is_mixed,

        -- dates
        settled_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from beside
)

select * from paired
