{#- What customers came to contest, and stopped contesting, in the window: the instalments of each invoice, or the item
    that is contested alone, as issued, once each. A dispute that only the invoice's own row states has no date and is not
    among them. -#}
{% macro kpi_deduction_documents(as_of, known_at, window_days, disputes, items) %}
    {%- set since = kpi_opening_date(as_of, window_days) %}
    with

    disputes_moved as (
        select
            dispute.invoice_id,
            dispute.item_id,
            max(
                case when dispute.opened_date > {{ since }} and dispute.opened_date <= {{ as_of }} then 1 else 0 end
            ) as is_opened,
            max(
                case when dispute.resolved_date > {{ since }} and dispute.resolved_date <= {{ as_of }} then 1 else 0 end
            ) as is_resolved
        from {{ disputes }} as dispute
        where {{ is_known('dispute', known_at) }}
        group by
            dispute.invoice_id,
            dispute.item_id
    ),

    items_contested as (
        select
            item.item_id,
            item.company_id,
            item.currency_code,
            item.customer_id,
            item.item_amount,
            item.document_fx_rate,
            item.issue_date,
            moved.is_opened,
            moved.is_resolved
        from disputes_moved as moved
        inner join {{ items }} as item
            on
                moved.invoice_id = item.invoice_id
                and {{ is_known('item', known_at) }}
        where
            moved.item_id is null
            and moved.is_opened + moved.is_resolved > 0
            and item.item_type = 'instalment'

        union all

        select
            item.item_id,
            item.company_id,
            item.currency_code,
            item.customer_id,
            item.item_amount,
            item.document_fx_rate,
            item.issue_date,
            moved.is_opened,
            moved.is_resolved
        from disputes_moved as moved
        inner join {{ items }} as item
            on
                moved.item_id = item.item_id
                and {{ is_known('item', known_at) }}
        where
            moved.is_opened + moved.is_resolved > 0
            and item.item_type in ('instalment', 'chargeback')
    )

    select
        company_id,
        currency_code,
        customer_id,
        item_amount,
        document_fx_rate,
        issue_date as document_date,
        max(is_opened) as is_opened,
        max(is_resolved) as is_resolved
    from items_contested
    where issue_date <= {{ as_of }}
    group by
        item_id,
        company_id,
        currency_code,
        customer_id,
        item_amount,
        document_fx_rate,
        issue_date
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
