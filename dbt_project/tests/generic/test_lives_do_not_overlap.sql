{#- At any moment at most one version of a key is known: else a figure known at that moment counts it twice.
    After a partial build only the keys that it touched are looked at: those of `recorded_in`, where the lives of the
    versions are as recorded and not shortened to what the build knew. Nothing waits for these: they run beside the
    balances, which keep one core busy for long, and not before everything else. -#}
{% test lives_do_not_overlap(model, key, recorded_in=none) %}
{%- if recorded_in %}
-- depends_on: {{ ref('int_ledger__pools_spread') }}
{%- endif %}

with

versions as (
    select
        {{ key }},
        recorded_from,
        recorded_to
    from {{ model }}
    where {{ in_this_build(recorded_in or model, key) }}
),

-- most keys have one version: only the others need sorting
several as (
    select {{ key }}
    from versions
    group by {{ key }}
    having count(*) > 1
),

lives as (
    select
        {{ key }},
        recorded_from,
        recorded_to,
        lead(recorded_from) over (partition by {{ key }} order by recorded_from) as next_recorded_from
    from versions
    where {{ key }} in (select several.{{ key }} from several)
)

select
    {{ key }},
    recorded_from,
    recorded_to,
    next_recorded_from
from lives
where recorded_to > next_recorded_from

union all

select
    {{ key }},
    recorded_from,
    recorded_to,
    cast(null as timestamp with time zone) as next_recorded_from
from versions
where
    {{ key }} is null
    or recorded_from >= recorded_to

{% endtest %}
