{#- How much of AR few customers owe: the part of the largest, and the sum of squared shares. balances:
    relation of company_id, currency_code, customer_id and ar_amount; only balances above zero count. -#}
{% macro kpi_concentration(balances, largest=10) %}
    with

    ranked as (
        select
            company_id,
            currency_code,
            ar_amount,
            row_number() over (
                partition by company_id, currency_code
                order by ar_amount desc, customer_id
            ) as position,
            sum(ar_amount) over (partition by company_id, currency_code) as total_amount
        from {{ balances }} as balances
        where ar_amount > 0
    )

    select
        company_id,
        currency_code,
        max(total_amount) as total_amount,
        sum(case when position <= {{ largest }} then ar_amount else 0 end) as largest_amount,
        sum(ar_amount * ar_amount / total_amount) as weighted_amount
    from ranked
    group by company_id, currency_code
{% endmacro %}
