{#- At any moment at most one version of a key is known: else a figure known at that moment counts it twice.
    After a partial build only the keys that it touched are looked at: those of `recorded_in`, where the lives of the
    versions are as recorded and not shortened to what the build knew. -#}
{% test lives_do_not_overlap(model, key, recorded_in=none) %}

with

lives as (
    select
        {{ key }},
        recorded_from,
        recorded_to,
        lead(recorded_from) over (partition by {{ key }} order by recorded_from) as next_recorded_from
    from {{ model }}
    where {{ in_this_build(recorded_in or model, key) }}
)

select *
from lives
where
    {{ key }} is null
    or recorded_from >= recorded_to
    or recorded_to > next_recorded_from

{% endtest %}
