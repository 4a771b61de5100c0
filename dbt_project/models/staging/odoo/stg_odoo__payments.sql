with

lines as (
    select * from {{ ref('base_odoo__lines') }}
),

payment_records as (
    select * from {{ source('odoo', 'account_payment') }}
),

payment_states as (
    {{ with_gaps('payment_records', ['state', 'memo', 'write_date']) }}
),

debits as (
    select
        lines.*,
        item
    from lines
    {{ json_items('lines.matched_credits', 'item') }}
    where {{ odoo_line_kind() }} in ('instalment', 'debt')
),

-- a payment is cancelled by its own record (whose entry may be deleted at once) or by its entry
of_lines as (
    select
        -- ids
        lines.source || ':' || lines.id as payment_id,
        lines.cartera_company_id as company_id,
        lines.source || ':' || coalesce(lines.commercial_partner_id, 'no_partner') as customer_id,
        lines.source,

        -- attributes
        coalesce(lines.commercial_partner_id, 'no partner') as customer_code,
        coalesce(payment_states.memo, lines.ref, lines.move_name, lines.id) as document_number,
        case
            when lines.parent_state <> 'posted' then 'cancelled'
            when payment_states.state in ('canceled', 'rejected') then 'cancelled'
            -- to 17 the state is that of the entry, and posting moves the date of the entry alone
            when
                payment_states.state in ('draft', 'cancel')
                and payment_states.write_date >= lines.write_date
                then 'cancelled'
            else 'received'
        end as status,
        lines.currency as currency_code,
        lines.company_currency as company_currency_code,
        cast(
            round(lines.balance / nullif(lines.amount_currency, 0), 12) as numeric(24, 12)
        ) as document_fx_rate,

        -- amounts
        -lines.amount_currency - coalesce(lines.converted_amount, 0) as payment_amount,

        -- dates
        lines.date as received_date,

        -- versions
        lines.is_deleted,
        {{ joined_from('lines', 'payment_states') }} as recorded_from,
        {{ joined_to('lines', 'payment_states') }} as recorded_to
    from lines
    left join payment_states
        on
            lines.source = payment_states.source
            and lines.payment_id = payment_states.record_key
            and {{ lives_overlap('lines', 'payment_states') }}
    where {{ odoo_line_kind('lines.') }} = 'payment'
),

-- money in one currency that settled a debt in another counts in that of the debt
converted as (
    select
        -- ids
        source || ':converted:' || {{ json_text('item', 'id') }} as payment_id,
        cartera_company_id as company_id,
        source || ':' || coalesce(commercial_partner_id, 'no_partner') as customer_id,
        source,

        -- attributes
        coalesce(commercial_partner_id, 'no partner') as customer_code,
        move_name as document_number,
        case when parent_state = 'posted' then 'received' else 'cancelled' end as status,
        currency as currency_code,
        company_currency as company_currency_code,
        cast(null as numeric(24, 12)) as document_fx_rate,

        -- amounts
        cast({{ json_text('item', 'debit_amount_currency') }} as numeric(24, 6)) as payment_amount,

        -- dates
        cast({{ json_text('item', 'max_date') }} as date) as received_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from debits
    where {{ odoo_match_kind() }} = 'converted'
),

unioned as (
    select * from of_lines
    union all
    select * from converted
)

select * from unioned
