{#- Cure and re-default rates, in customers and in money, per company and currency.

    A customer is delinquent when something is past due by at least `min_days_past_due`. Of those delinquent at the
    start (as_of - horizon - cure window) the ones cured owe nothing past due at the end of the horizon (as_of - cure
    window), nor on any day of the cure window after it; those that do again have re-defaulted. A customer of whom
    something was written off on the way is not cured. The money is what was past due at the start.

    Source: shared/facts/contact_rules_and_kpis.md B.1; kpi_examples.yaml cure_rate_constructed (Open Risk Manual). -#}
{% macro cure_rates(as_of, known_at, horizon_days, cure_days, min_days_past_due, balances, entries, flows) %}
    {%- set start = '(' ~ as_of ~ ' - ' ~ cure_days ~ ' - ' ~ horizon_days ~ ')' %}
    {%- set reaching = balances_since(start, as_of, known_at, balances) %}
    with

    debts as (
        select
            debts.company_id,
            debts.currency_code,
            debts.customer_id,
            debts.debt_amount,
            greatest(debts.valid_from, debts.due_date + {{ min_days_past_due }}) as delinquent_from,
            debts.valid_to,
            {{ start }} as start_date,
            {{ as_of }} - {{ cure_days }} as end_date
        from ({{ debts_known(known_at, '(' ~ reaching ~ ')') }}) as debts
        where
            debts.valid_to > {{ start }}
            and greatest(debts.valid_from, debts.due_date + {{ min_days_past_due }}) <= {{ as_of }}
            and greatest(debts.valid_from, debts.due_date + {{ min_days_past_due }}) < debts.valid_to
    ),

    customers as (
        select
            company_id,
            currency_code,
            customer_id,
            sum(case when delinquent_from <= start_date then debt_amount else 0 end) as delinquent_amount,
            max(case when delinquent_from <= end_date and valid_to > end_date then 1 else 0 end) as is_late_at_end,
            max(case when valid_to > end_date + 1 then 1 else 0 end) as is_late_after
        from debts
        group by company_id, currency_code, customer_id
        having sum(case when delinquent_from <= start_date then debt_amount else 0 end) > 0
    ),

    write_offs as (
        select
            entry.company_id,
            entry.currency_code,
            entry.customer_id
        from {{ entries }} as entry
        where
            entry.entry_type in ('written_off', 'write_off_reversed')
            and entry.effective_date > {{ start }}
            and entry.effective_date <= {{ as_of }}
            and {{ is_known('entry', known_at) }}
        group by
            entry.company_id,
            entry.currency_code,
            entry.customer_id
        having sum(entry.amount) < 0
    ),

    judged as (
        select
            company_id,
            currency_code,
            customer_id,
            delinquent_amount,
            case
                when write_offs.customer_id is not null then 'written_off'
                when is_late_at_end = 1 then 'delinquent'
                when is_late_after = 1 then 'redefaulted'
                else 'cured'
            end as outcome
        from customers
        left join write_offs using (company_id, currency_code, customer_id)
    ),

    measured as (
        {%- for basis, measure in [('count', '1'), ('amount', 'delinquent_amount')] %}
        select
            company_id,
            currency_code,
            '{{ basis }}' as basis,
            sum({{ measure }}) as delinquent
            {%- for outcome in ['cured', 'redefaulted', 'written_off'] %},
            sum(case when outcome = '{{ outcome }}' then {{ measure }} else 0 end) as {{ outcome }}
            {%- endfor %}
        from judged
        group by company_id, currency_code
        {%- if not loop.last %}

        union all
        {% endif %}
        {%- endfor %}
    )

    select
        company_id,
        currency_code,
        bases.basis,
        coalesce(delinquent, 0) as delinquent,
        coalesce(cured, 0) as cured,
        coalesce(redefaulted, 0) as redefaulted,
        coalesce(written_off, 0) as written_off,
        100 * cured / delinquent as cure_rate_pct,
        100 * redefaulted / nullif(cured + redefaulted, 0) as redefault_rate_pct,
        case
            when delinquent is null then 'nobody was delinquent at the start'
            when cured + redefaulted = 0 then 'nobody was current again at the end of the horizon'
        end as reason
    from (
        select
            flow.company_id,
            flow.currency_code
        from {{ flows }} as flow
        where
            flow.entry_type in ('invoiced', 'charged_back')
            and flow.effective_date <= {{ as_of }}
            and flow.recorded_at <= {{ known_at }}
        group by flow.company_id, flow.currency_code
        having sum(flow.entries) > 0
    ) as present
    cross join (values ('count'), ('amount')) as bases (basis)
    left join measured using (company_id, currency_code, basis)
{% endmacro %}
