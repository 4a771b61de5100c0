with

payments as (
    select
        *,
        coalesce(payer_id, payer_email, payer_identification, 'unknown') as customer_code
    from {{ source('mercadopago', 'payments') }}
    where coalesce(operation_type, '') not in ('account_fund', 'investment')
),

refunded as (
    select
        payments.*,
        item
    from payments
    {{ json_items('payments.refunds', 'item') }}
),

listed as (
    select
        -- ids
        source || ':' || {{ json_text('item', 'id') }} as refund_id,
        cartera_company_id as company_id,
        source || ':' || customer_code as customer_id,
        source || ':' || id as payment_id,
        cast(null as text) as credit_note_id,
        source,

        -- attributes
        customer_code,
        {{ json_text('item', 'id') }} as document_number,
        currency_id as currency_code,
        {{ json_text('item', 'reason') }} as reason,

        -- amounts
        cast({{ json_text('item', 'amount') }} as numeric(24, 6)) as refunded_amount,

        -- dates
        cast({{ json_text('item', 'created_date') }} as date) as refund_date,

        -- versions
        is_deleted or coalesce({{ json_text('item', 'status') }}, 'approved') <> 'approved' as is_deleted,
        recorded_from,
        recorded_to
    from refunded
),

unlisted as (
    select
        -- ids
        source || ':' || id || ':unlisted' as refund_id,
        cartera_company_id as company_id,
        source || ':' || customer_code as customer_id,
        source || ':' || id as payment_id,
        cast(null as text) as credit_note_id,
        source,

        -- attributes
        customer_code,
        id as document_number,
        currency_id as currency_code,
        cast(null as text) as reason,

        -- amounts
        unlisted_refund_amount as refunded_amount,

        -- dates
        updated_date as refund_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from payments
    where unlisted_refund_amount > 0
),

unioned as (
    select * from listed
    union all
    select * from unlisted
)

select * from unioned
