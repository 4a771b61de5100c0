with

lines as (
    select * from {{ ref('base_odoo__lines') }}
),

debits as (
    select
        lines.*,
        item,
        {{ odoo_line_kind() }} as line_kind,
        {{ odoo_match_kind() }} as match_kind
    from lines
    {{ json_items('lines.matched_credits', 'item') }}
),

renamed as (
    select
        -- ids
        source || ':' || {{ json_text('item', 'id') }} as write_off_id,
        case line_kind when 'debt' then source || ':line:' || id else source || ':' || move_id end as invoice_id,
        case line_kind when 'instalment' then source || ':' || id end as instalment_id,
        source,

        -- attributes
        case match_kind
            when 'exchange' then 'exchange difference'
            else 'credit note in ' || {{ json_text('item', 'currency') }}
        end as reason,

        -- amounts
        cast({{ json_text('item', 'debit_amount_currency') }} as numeric(24, 6)) as written_off_amount,

        -- dates
        cast({{ json_text('item', 'max_date') }} as date) as write_off_date,
        cast(null as date) as reversed_date,

        -- versions
        is_deleted or parent_state <> 'posted' as is_deleted,
        recorded_from,
        recorded_to
    from debits
    where
        line_kind in ('instalment', 'debt')
        and match_kind in ('exchange', 'credit_note_converted')
        -- in the company's currency alone nothing of a debt in another is lost
        and cast({{ json_text('item', 'debit_amount_currency') }} as numeric(24, 6)) > 0
)

select * from renamed
