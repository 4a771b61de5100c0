{#- In which segment of each scheme every customer is: by the rules known at the moment, the first segment all of
    whose conditions hold; else the scheme's last rule, which has none and takes everybody. One row per company,
    customer and scheme. measured: customers with a column per measure (customers_measured_as_of). -#}
{% macro customer_segments_as_of(measured, known_at, rules) %}
    with

    measures as (
        {{ customer_measures(measured) }}
    ),

    rules_known as (
        select *
        from {{ rules }} as rule
        where {{ is_known('rule', known_at) }}
    ),

    conditions_met as (
        select
            measures.company_id,
            measures.customer_id,
            rules_known.scheme,
            rules_known.position,
            rules_known.conditions,
            coalesce(rules_known.segment, measures.text_value) as segment
        from measures
        inner join rules_known
            on
                measures.measure = rules_known.measure
                and (rules_known.at_least_amount is null or measures.value >= rules_known.at_least_amount)
                and (rules_known.below_amount is null or measures.value < rules_known.below_amount)
                and (rules_known.value is null or lower(measures.text_value) = lower(rules_known.value))
        where
            measures.value is not null
            or measures.text_value is not null
    ),

    segments_ranked as (
        select
            company_id,
            customer_id,
            scheme,
            segment,
            row_number() over (partition by company_id, customer_id, scheme order by position) as segment_rank
        from conditions_met
        group by
            company_id,
            customer_id,
            scheme,
            position,
            conditions,
            segment
        having count(*) = conditions
    ),

    -- the last rule of a scheme has no condition
    last_rules as (
        select
            scheme,
            segment
        from rules_known
        where conditions = 0
    )

    select
        customers.company_id,
        customers.customer_id,
        last_rules.scheme,
        coalesce(segments_ranked.segment, last_rules.segment) as segment
    from {{ measured }} as customers
    cross join last_rules
    left join segments_ranked
        on
            customers.company_id = segments_ranked.company_id
            and customers.customer_id = segments_ranked.customer_id
            and last_rules.scheme = segments_ranked.scheme
            and segments_ranked.segment_rank = 1
{% endmacro %}

{#- customer_segments(as of, known at) beside the tables it reads -#}
{% macro create_customer_segments_function() %}
    {{ return(adapter.dispatch('create_customer_segments_function', 'cartera')()) }}
{% endmacro %}

{% macro default__create_customer_segments_function() %}
    drop function if exists {{ this.schema }}.customer_segments(date, timestamptz);
    create function {{ this.schema }}.customer_segments(p_as_of date, p_known_at timestamptz)
    returns table (
        company_id text,
        customer_id text,
        scheme text,
        segment text
    )
    language sql
    stable parallel safe
    as $customer_segments$
        with

        measured as (
            {{ customers_measured_as_of('p_as_of', 'p_known_at', **segment_relations()) }}
        ),

        segments as (
            {{ customer_segments_as_of('measured', 'p_known_at', ref('dim_segment_rules')) }}
        )

        select * from segments
    $customer_segments$;
{% endmacro %}
