{% for field in ('reference', 'end_to_end_id') %}
    select
        -- ids
        source || ':' || entry as payment_id,
        {{ field }} as reference_code,
        source,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from {{ source('bank', 'entries') }}
    where
        {{ field }} is not null
        and customer is not null
    {{ "union all" if not loop.last }}
{% endfor %}
