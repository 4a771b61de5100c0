{#- How much of AR few debtors owe: the part of the largest, and the sum of squared shares. balances: relation of
    company_id, currency_code, the column `debtor` and ar_amount; only balances above zero count. -#}
{% macro kpi_concentration(balances, debtor='customer_id', sizes=[5, 10, 20]) %}
    with

    ranked as (
        select
            company_id,
            currency_code,
            ar_amount,
            row_number() over (
                partition by company_id, currency_code
                order by ar_amount desc, {{ debtor }}
            ) as position,
            sum(ar_amount) over (partition by company_id, currency_code) as total_amount
        from {{ balances }} as balances
        where
            ar_amount > 0
            or ar_amount is null
    )

    select
        company_id,
        currency_code,
        {{ sum_known('ar_amount') }} as total_amount
        {%- for size in sizes %},
        {{ sum_known('ar_amount', 'position <= ' ~ size ~ ' or ar_amount is null') }} as largest_{{ size }}_amount
        {%- endfor %},
        {{ sum_known('ar_amount * ar_amount / total_amount') }} as weighted_amount
    from ranked
    group by company_id, currency_code
{% endmacro %}

{#- balances by customer as those of the groups they belong to: the parent that the list of customers names -#}
{% macro kpi_parent_balances(known_at, balances, customers) %}
    select
        balance.company_id,
        balance.currency_code,
        coalesce(customer.parent_id, balance.customer_id) as parent_id,
        {{ sum_known('balance.ar_amount') }} as ar_amount
    from {{ balances }} as balance
    left join {{ customers }} as customer
        on
            balance.customer_id = customer.customer_id
            and {{ is_known('customer', known_at) }}
    group by
        balance.company_id,
        balance.currency_code,
        coalesce(customer.parent_id, balance.customer_id)
{% endmacro %}
