{% for field in ('invoice_id', 'custom_field') %}
    select
        -- ids
        source || ':' || transaction_id as payment_id,
        {{ field }} as reference_code,
        source,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from {{ source('paypal', 'transactions') }}
    where
        {{ field }} is not null
        and transaction_amount > 0
        and transaction_event_code like 'T00%'
    {{ "union all" if not loop.last }}
{% endfor %}
