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
        source || ':' || {{ json_text('item', 'id') }} as allocation_id,
        case match_kind
            when 'payment' then source || ':' || {{ json_text('item', 'credit_line_id') }}
            when 'converted' then source || ':converted:' || {{ json_text('item', 'id') }}
        end as payment_id,
        case when match_kind = 'credit_note' then source || ':' || {{ json_text('item', 'credit_move_id') }} end
            as credit_note_id,
        case line_kind when 'debt' then source || ':line:' || id else source || ':' || move_id end as invoice_id,
        case line_kind when 'instalment' then source || ':' || id end as instalment_id,
        source,

        -- amounts
        cast({{ json_text('item', 'debit_amount_currency') }} as numeric(24, 6)) as allocated_amount,

        -- dates
        cast({{ json_text('item', 'max_date') }} as date) as allocated_date,

        -- versions
        is_deleted or parent_state <> 'posted' as is_deleted,
        recorded_from,
        recorded_to
    from debits
    where
        line_kind in ('instalment', 'debt')
        and match_kind in ('payment', 'credit_note', 'converted')
)

select * from renamed
