{#- What customers came to contest, and stopped contesting, in the window: the instalments of each invoice as issued,
    once per invoice. A dispute that only the invoice's own row states has no date and is not among them. -#}
{% macro kpi_deduction_documents(as_of, known_at, window_days, disputes, items) %}
    {%- set since = kpi_opening_date(as_of, window_days) %}
    with

    invoices_moved as (
        select
            dispute.invoice_id,
            max(
                case when dispute.opened_date > {{ since }} and dispute.opened_date <= {{ as_of }} then 1 else 0 end
            ) as is_opened,
            max(
                case when dispute.resolved_date > {{ since }} and dispute.resolved_date <= {{ as_of }} then 1 else 0 end
            ) as is_resolved
        from {{ disputes }} as dispute
        where {{ is_known('dispute', known_at) }}
        group by dispute.invoice_id
    )

    select
        item.company_id,
        item.currency_code,
        item.customer_id,
        item.item_amount,
        item.document_fx_rate,
        item.issue_date as document_date,
        invoices_moved.is_opened,
        invoices_moved.is_resolved
    from invoices_moved
    inner join {{ items }} as item
        on
            invoices_moved.invoice_id = item.invoice_id
            and {{ is_known('item', known_at) }}
    where
        item.item_type = 'instalment'
        and item.issue_date <= {{ as_of }}
        and invoices_moved.is_opened + invoices_moved.is_resolved > 0
{% endmacro %}

{% macro kpi_deductions(keys, deductions) %}
    select
        {{ keys | join(', ') }},
        {{ sum_known('item_amount * view_rate', 'is_opened = 1') }} as deducted_amount,
        {{ sum_known('item_amount * view_rate', 'is_resolved = 1') }} as resolved_amount,
        min(missing_rate) as missing_rate
    from {{ deductions }} as deductions
    group by {{ keys | join(', ') }}
{% endmacro %}
