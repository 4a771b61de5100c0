{#- at any moment at most one version of a key is known: else a figure known at that moment counts it twice.
    After a partial build only the keys that it touched are looked at. -#}
{% test lives_do_not_overlap(model, key) %}

with

lives as (
    select
        {{ key }},
        recorded_from,
        recorded_to,
        lead(recorded_from) over (partition by {{ key }} order by recorded_from) as next_recorded_from
    from {{ model }}
    where {{ in_this_build(model, key) }}
)

select *
from lives
where
    {{ key }} is null
    or recorded_from >= recorded_to
    or recorded_to > next_recorded_from

{% endtest %}
