{#- Roll rates per bucket and the flow-through to loss, by two methods and two bases, in percent.

    tracked: of what was in a bucket at the beginning of a period, what is in a later bucket at its end, or was
    written off. net_flow: what is in the next bucket at the end over what was in the bucket at the beginning,
    whichever debts they are. Several periods are added up before dividing. Flow-through is the product of the rates
    from the bucket on until the last bucket, whose entry counts as loss.

    Sources: shared/facts/contact_rules_and_kpis.md B.1; kpi_examples.yaml roll_rate_trap, flow_through_to_loss. -#}
{% macro roll_rates(grain, moves) %}
    {%- set keys = grain | join(', ') %}
    {%- set names = bucket_names() %}
    {%- set last = names | length - 1 %}
    with

    moves as (
        select * from {{ moves }} as moves
    ),

    ends as (
        {%- for side in ['from', 'to'] %}
        select
            {{ keys }},
            {{ side }}_number as bucket_number,
            {%- for kind in ['from', 'to'] %}
            {{ 'items' if kind == side else 0 }} as {{ kind }}_items,
            {{ kind ~ '_amount' if kind == side else 0 }} as {{ kind }}_amount,
            {%- endfor %}
            {%- if side == 'from' %}
            case
                when to_number > from_number or (to_number is null and is_written_off) then items
                else 0
            end as rolled_items,
            case when to_number > from_number then carried_amount else 0 end + written_off_amount as rolled_amount
            {%- else %}
            0 as rolled_items,
            0 as rolled_amount
            {%- endif %}
        from moves
        where {{ side }}_number is not null
        {%- if not loop.last %}

        union all
        {% endif %}
        {%- endfor %}
    ),

    buckets as (
        select
            {{ keys }},
            series.bucket_number,
            coalesce(sum(from_items), 0) as from_items,
            coalesce(sum(from_amount), 0) as from_amount,
            coalesce(sum(to_items), 0) as to_items,
            coalesce(sum(to_amount), 0) as to_amount,
            coalesce(sum(rolled_items), 0) as rolled_items,
            coalesce(sum(rolled_amount), 0) as rolled_amount
        from (select distinct {{ keys }} from ends) as present
        cross join generate_series(0, {{ last }}) as series (bucket_number)
        left join ends using ({{ keys }}, bucket_number)
        group by {{ keys }}, series.bucket_number
    ),

    measured as (
        {%- for basis in ['items', 'amount'] %}
        select
            {{ keys }},
            'tracked' as method,
            '{{ 'count' if basis == 'items' else 'amount' }}' as basis,
            bucket_number,
            rolled_{{ basis }} as numerator,
            from_{{ basis }} as denominator
        from buckets

        union all

        select
            {{ keys }},
            'net_flow' as method,
            '{{ 'count' if basis == 'items' else 'amount' }}' as basis,
            bucket_number,
            lead(to_{{ basis }}) over (partition by {{ keys }} order by bucket_number) as numerator,
            from_{{ basis }} as denominator
        from buckets
        {%- if not loop.last %}

        union all
        {% endif %}
        {%- endfor %}
    ),

    rated as (
        select
            *,
            case when denominator > 0 then numerator / denominator end as rate
        from measured
        where numerator is not null
    ),

    chained as (
        select
            {{ keys }},
            method,
            basis
            {%- for number in range(last) %},
            max(case when bucket_number = {{ number }} then rate end) as rate_{{ number }}
            {%- endfor %}
        from rated
        group by {{ keys }}, method, basis
    ),

    flowed as (
        select
            rated.*,
            case bucket_number
                {%- for number in range(last) %}
                when {{ number }} then
                    {%- for later in range(number, last) %} rate_{{ later }}{{ ' *' if not loop.last }}{% endfor %}
                {%- endfor %}
                else 1
            end as flow_through
        from rated
        inner join chained using ({{ keys }}, method, basis)
    )

    select
        {{ keys }},
        method,
        basis,
        {{ bucket_name('bucket_number') }} as bucket,
        case
            when bucket_number < {{ last }} then {{ bucket_name('bucket_number + 1') }}
            else 'written_off'
        end as next_bucket,
        numerator,
        denominator,
        100 * rate as roll_rate_pct,
        100 * flow_through as flow_through_pct,
        case
            when rate is null then 'nothing was in this bucket at the beginning of a period'
            when flow_through is null then 'nothing was in a later bucket at the beginning of a period'
        end as reason
    from flowed
{% endmacro %}
