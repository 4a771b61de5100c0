{#- a key occurs once; after a partial build only what it wrote is looked at: rows of the documents it touched -#}
{% test unique_in_build(model, column_name) %}

select
    {{ column_name }},
    count(*) as occurrences
from {{ model }}
where {{ in_this_build(model, 'origin_id') }}
group by {{ column_name }}
having count(*) > 1

{% endtest %}
