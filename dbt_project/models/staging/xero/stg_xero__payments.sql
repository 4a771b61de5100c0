{% for table, key, amount, received, only in [
    ('payments', 'PaymentID', 'Amount', "'AUTHORISED'", 'where "PaymentType" = \'ACCRECPAYMENT\''),
    ('overpayments', 'OverpaymentID', 'Total', "'AUTHORISED', 'PAID'", ''),
    ('prepayments', 'PrepaymentID', 'Total', "'AUTHORISED', 'PAID'", ''),
] %}
    {{ 'union all' if not loop.first }}

    select
        -- ids
        source || ':' || "{{ key }}" as payment_id,
        cartera_company_id as company_id,
        source || ':' || "ContactID" as customer_id,
        source,

        -- attributes
        "ContactID" as customer_code,
        coalesce("Reference", "{{ key }}") as document_number,
        case when "Status" in ({{ received }}) then 'received' else 'cancelled' end as status,
        "CurrencyCode" as currency_code,
        "BaseCurrency" as company_currency_code,
        {{ rate_turned_round('"CurrencyRate"') }} as document_fx_rate,

        -- amounts
        "{{ amount }}" as payment_amount,

        -- dates
        "Date" as received_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from {{ source('xero', table) }}
    {{ only }}
{% endfor %}
