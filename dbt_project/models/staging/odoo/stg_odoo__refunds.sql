with

lines as (
    select *
    from {{ ref('base_odoo__lines') }}
    where {{ odoo_line_kind() }} = 'refund'
),

matched as (
    select
        lines.*,
        item,
        {{ odoo_match_kind() }} as match_kind
    from lines
    {{ json_items('lines.matched_credits', 'item') }}
),

-- money that was given back in another currency is no part of the payment any more: see its converted_amount
of_settlements as (
    select
        source || ':' || {{ json_text('item', 'id') }} as refund_id,
        case when match_kind = 'payment' then source || ':' || {{ json_text('item', 'credit_line_id') }} end
            as payment_id,
        case when match_kind = 'credit_note' then source || ':' || {{ json_text('item', 'credit_move_id') }} end
            as credit_note_id,
        cast({{ json_text('item', 'debit_amount_currency') }} as numeric(24, 6)) as refunded_amount,
        matched.is_deleted or matched.parent_state <> 'posted' as is_refund_deleted,
        matched.source,
        matched.cartera_company_id,
        matched.commercial_partner_id,
        matched.move_name,
        matched.name,
        matched.currency,
        matched.date,
        matched.recorded_from,
        matched.recorded_to
    from matched
    where match_kind in ('payment', 'credit_note')
),

on_their_own as (
    select
        source || ':rest:' || id as refund_id,
        cast(null as text) as payment_id,
        cast(null as text) as credit_note_id,
        amount_residual_currency as refunded_amount,
        is_deleted or parent_state <> 'posted' or amount_residual_currency <= 0 as is_refund_deleted,
        source,
        cartera_company_id,
        commercial_partner_id,
        move_name,
        name,
        currency,
        date,
        recorded_from,
        recorded_to
    from lines
),

unioned as (
    select * from of_settlements
    union all
    select * from on_their_own
),

renamed as (
    select
        -- ids
        refund_id,
        cartera_company_id as company_id,
        source || ':' || coalesce(commercial_partner_id, 'no_partner') as customer_id,
        payment_id,
        credit_note_id,
        source,

        -- attributes
        coalesce(commercial_partner_id, 'no partner') as customer_code,
        coalesce(move_name, refund_id) as document_number,
        currency as currency_code,
        name as reason,

        -- amounts
        refunded_amount,

        -- dates
        date as refund_date,

        -- versions
        is_refund_deleted as is_deleted,
        recorded_from,
        recorded_to
    from unioned
)

select * from renamed
