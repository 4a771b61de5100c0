{#- The KPIs that are factor x numerator / denominator of one company and currency's measures. Each is named
    as in metrics/catalogue.yaml; 'windowed' adds the window's days to the name. -#}
{% macro kpi_ratio_definitions(window_days, has_concentration) %}
    {%- set net_sales = '(invoiced_amount - credit_noted_amount)' -%}
    {%- set current_ar = '(ar_amount - past_due_amount)' -%}
    {%- set average_ar = '(opening_ar_amount + ar_amount) / 2' -%}
    {%- set monthly_base = 'opening_ar_amount + ' ~ net_sales ~ ' * 30 / ' ~ window_days -%}
    {%- set whole_base = 'opening_ar_amount + ' ~ net_sales -%}
    {%- set no_sales = 'no credit sales above zero in the window' -%}
    {%- set no_ar = 'nothing is open' -%}
    {%- set no_promise = 'no promise had its last day in the window' -%}
    {%- set no_contact = 'no contact that went out in the window is recorded' -%}
    {%- set none_paid = 'no instalment was paid in full in the window' -%}
    {%- set definitions = [
        ('dso_simple', true, window_days, 'ar_amount', net_sales, no_sales),
        ('dso_simple_gross_sales', true, window_days, 'ar_amount', 'invoiced_amount', no_sales),
        ('dso_average', true, window_days, average_ar, net_sales, no_sales),
        ('best_possible_dso', true, window_days, current_ar, net_sales, no_sales),
        ('average_days_delinquent', true, window_days, 'past_due_amount', net_sales, no_sales),
        ('cei_monthly_average', true, 100, monthly_base ~ ' - ar_amount', monthly_base ~ ' - ' ~ current_ar,
            'nothing was due for collection in the window'),
        ('cei_whole_period', true, 100, whole_base ~ ' - ar_amount', whole_base ~ ' - ' ~ current_ar,
            'nothing was due for collection in the window'),
        ('ar_turnover', true, 1, net_sales, average_ar, 'no AR at either end of the window'),
        ('past_due_pct', false, 100, 'past_due_amount', 'ar_amount', no_ar),
        ('disputed_pct', false, 100, 'disputed_amount', 'ar_amount', no_ar),
        ('unapplied_credit_pct', false, 100, 'unapplied_amount', 'ar_amount', no_ar),
        ('unapplied_to_receipts_pct', true, 100, 'unapplied_amount', 'received_amount',
            'nothing was received in the window'),
        ('weighted_days_to_pay', true, 1, 'amount_days_to_pay', 'paid_amount', none_paid),
        ('average_days_to_pay', true, 1, 'days_to_pay', 'paid_items', none_paid),
        ('weighted_days_late', true, 1, 'amount_days_late', 'paid_amount', none_paid),
        ('write_off_pct', true, 100, 'written_off_amount', net_sales, no_sales),
        ('write_off_net_pct', true, 100, '(written_off_amount - write_off_reversed_amount)', net_sales, no_sales),
        ('write_off_to_ar_pct', true, 100, 'written_off_amount', average_ar, 'no AR at either end of the window'),
        ('true_dso', false, 1, 'amount_days_since_issue', 'ar_amount', no_ar),
        ('delinquent_dso_gross_sales', true, window_days, 'past_due_amount', 'invoiced_amount', no_sales),
        ('delinquent_dso_weighted', false, 1, 'amount_days_past_due', 'past_due_amount', 'nothing is past due'),
        ('disputed_items_pct', false, 100, 'disputed_items', 'open_items', no_ar),
        ('dispute_rate_of_sales_pct', true, 100, 'deducted_amount', 'invoiced_amount', no_sales),
        ('days_deductions_outstanding', true, window_days, 'disputed_amount', 'deducted_amount',
            'no dispute was opened in the window'),
        ('deductions_to_resolved', true, 1, 'disputed_amount', 'resolved_amount',
            'no dispute was resolved in the window'),
        ('promise_kept_pct', true, 100, 'kept_promises', 'promises', no_promise),
        ('promise_kept_partly_pct', true, 100, 'partly_kept_promises', 'promises', no_promise),
        ('promise_kept_amount_pct', true, 100, 'kept_amount', 'promised_amount', no_promise),
        ('contact_rate_pct', true, 100, 'accounts_reached', 'accounts_attempted', no_contact),
        ('right_party_contact_pct', true, 100, 'right_party_contacts', 'persons_reached',
            'no contact of the window has a record of who answered'),
        ('cost_to_collect', true, 1, 'contact_cost_amount', 'received_amount', 'nothing was received in the window'),
        ('cost_per_payment', true, 1, 'contact_cost_amount', 'received_payments', 'nothing was received in the window'),
    ] -%}
    {%- if has_concentration -%}
        {%- do definitions.extend([
            ('top_5_share_pct', false, 100, 'largest_5_amount', 'total_amount', no_ar),
            ('top_10_share_pct', false, 100, 'largest_10_amount', 'total_amount', no_ar),
            ('top_20_share_pct', false, 100, 'largest_20_amount', 'total_amount', no_ar),
            ('top_10_share_by_parent_pct', false, 100, 'parent_largest_10_amount', 'parent_total_amount', no_ar),
            ('hhi', false, 10000, 'weighted_amount', 'total_amount', no_ar),
            ('hhi_by_parent', false, 10000, 'parent_weighted_amount', 'parent_total_amount', no_ar),
        ]) -%}
    {%- endif -%}
    {{ return(definitions) }}
{% endmacro %}

{#- One select of a KPI for every row of the measures. A denominator of zero, below zero or missing gives
    null and says why: never zero. -#}
{% macro kpi_ratio(grain, measures, definition, window_days) %}
    {%- set name, is_windowed, factor, numerator, denominator, reason = definition %}
    select
        {{ grain | join(', ') }},
        '{{ name }}'{% if is_windowed %} || '_' || cast({{ window_days }} as {{ dbt.type_string() }}) || 'd'{% endif %} as kpi,
        case
            when {{ denominator }} > 0
                then cast({{ factor }} as numeric) * ({{ numerator }}) / ({{ denominator }})
        end as value,
        {{ numerator }} as numerator,
        {{ denominator }} as denominator,
        case
            {%- if numerator == 'contact_cost_amount' %}
            when contact_cost_amount is null then missing_cost
            {%- endif %}
            when ({{ numerator }}) is null or ({{ denominator }}) is null then missing_rate
            when {{ denominator }} > 0 then null
            else '{{ reason }}'
        end as reason
    from {{ measures }} as measures
{% endmacro %}
