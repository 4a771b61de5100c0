{#- The promises whose last day, promise_grace_days after the promised date, lies in the window, and how much of each
    was kept: money applied to the promised invoice, or to any of the customer's where none is named (with the company,
    where that is), from the day the promise was made to that last day. Of one instalment it is what was applied to it,
    or to its invoice without saying to which; of a chargeback, what was turned back of it, as no payment is applied to
    one. Two promises of the same debt are each judged by the same money. A promise is one to the company that its
    invoice is owed to, else to the one it names, else to the customer's own. -#}
{% macro kpi_promise_documents(as_of, known_at, window_days, promises, customers, items, entries) %}
    with

    promises_due as (
        select
            promise.promise_id,
            customer.company_id as own_company_id,
            promise.company_id as named_company_id,
            promise.customer_id,
            promise.invoice_id,
            promise.item_id,
            promise.currency_code,
            promise.promised_amount,
            promise.made_date,
            cast({{ dbt.dateadd('day', var('promise_grace_days'), 'promise.promised_date') }} as date) as last_date
        from {{ promises }} as promise
        inner join {{ customers }} as customer
            on
                promise.customer_id = customer.customer_id
                and {{ is_known('customer', known_at) }}
        where
            promise.promised_amount > 0
            and {{ is_known('promise', known_at) }}
            and promise.promised_date
            > cast({{ dbt.dateadd('day', -var('promise_grace_days'), kpi_opening_date(as_of, window_days)) }} as date)
            and promise.promised_date <= cast({{ dbt.dateadd('day', -var('promise_grace_days'), as_of) }} as date)
    ),

    companies_promised as (
        select
            promise.promise_id,
            min(item.company_id) as company_id
        from promises_due as promise
        inner join {{ items }} as item
            on
                promise.invoice_id = item.invoice_id
                and {{ is_known('item', known_at) }}
        where item.item_type = 'instalment'
        group by promise.promise_id
    ),

    promises_judged as (
        select
            promise.promise_id,
            coalesce(promised.company_id, promise.named_company_id, promise.own_company_id) as company_id,
            case when promise.invoice_id is null then promise.named_company_id end as paid_company_id,
            promise.customer_id,
            promise.invoice_id,
            promise.item_id,
            promise.currency_code,
            promise.promised_amount,
            promise.made_date,
            promise.last_date
        from promises_due as promise
        left join companies_promised as promised on promise.promise_id = promised.promise_id
    ),

    -- entries are found by their family: for an instalment that of its invoice, for a chargeback its own
    families_promised as (
        select
            promise_id,
            paid_company_id,
            customer_id,
            item_id,
            currency_code,
            made_date,
            last_date,
            'invoice:' || invoice_id as family_id
        from promises_judged
        where invoice_id is not null

        union all

        select
            promise_id,
            paid_company_id,
            customer_id,
            item_id,
            currency_code,
            made_date,
            last_date,
            item_id as family_id
        from promises_judged
        where item_id is not null

        union all

        select distinct
            promise.promise_id,
            promise.paid_company_id,
            promise.customer_id,
            promise.item_id,
            promise.currency_code,
            promise.made_date,
            promise.last_date,
            'invoice:' || item.invoice_id as family_id
        from promises_judged as promise
        inner join {{ items }} as item on promise.customer_id = item.customer_id
        where
            promise.invoice_id is null
            and promise.item_id is null
            and item.item_type = 'instalment'
    ),

    moneys as {{ computed_once() }} (
        select
            family.promise_id,
            sum(-entry.amount) as amount
        from families_promised as family
        inner join {{ entries }} as entry
            on
                family.family_id = entry.family_id
                and family.customer_id = entry.customer_id
                and family.currency_code = entry.currency_code
                and family.made_date <= entry.effective_date
                and family.last_date >= entry.effective_date
        where
            (
                (entry.entry_type = 'applied' and entry.item_type = 'instalment')
                or (entry.entry_type = 'chargeback_reversed' and entry.item_type = 'chargeback')
            )
            and (family.item_id is null or entry.item_id is null or entry.item_id = family.item_id)
            and (family.paid_company_id is null or entry.company_id = family.paid_company_id)
            and {{ is_known('entry', known_at) }}
        group by family.promise_id
    )

    select
        promise.company_id,
        promise.currency_code,
        promise.customer_id,
        promise.promised_amount,
        least(greatest(coalesce(moneys.amount, 0), 0), promise.promised_amount) as kept_amount,
        promise.made_date as document_date
    from promises_judged as promise
    left join moneys on promise.promise_id = moneys.promise_id
{% endmacro %}

{% macro kpi_promises(keys, promises) %}
    select
        {{ keys | join(', ') }},
        count(*) as promises,
        sum(case when kept_amount = promised_amount then 1 else 0 end) as kept_promises,
        sum(
            case when kept_amount * 100 >= promised_amount * {{ var('promise_partial_pct') }} then 1 else 0 end
        ) as partly_kept_promises,
        {{ sum_known('promised_amount * view_rate') }} as promised_amount,
        {{ sum_known('kept_amount * view_rate') }} as kept_amount,
        min(missing_rate) as missing_rate
    from {{ promises }} as promises
    group by {{ keys | join(', ') }}
{% endmacro %}
