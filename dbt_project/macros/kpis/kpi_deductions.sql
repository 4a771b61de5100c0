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

    -- one of two joins each, since of a join by one key or the other the planner makes neither hashes nor an index
    items_contested as (
        {%- for key, meant in [
            ('invoice_id', "moved.item_id is null and item.item_type = 'instalment'"),
            ('item_id', "item.item_type in ('instalment', 'chargeback')"),
        ] %}
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
                moved.{{ key }} = item.{{ key }}
                and {{ is_known('item', known_at) }}
        where
            moved.is_opened + moved.is_resolved > 0
            and {{ meant }}
        {%- if not loop.last %}

        union all
        {% endif %}
        {%- endfor %}
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
