{#- Views are replaced by four threads, and each drop takes the views above it along: two threads may then wait
    for each other's. So a build first drops last time's views of what it builds, one after the other. Nobody reads
    them: they are of the slot that is built, not of the one that serves. -#}
{% macro drop_views_of_last_build() -%}
    {%- if execute and flags.WHICH == 'build' -%}
        {%- for node in graph.nodes.values()
            if node.unique_id in selected_resources and node.config.materialized == 'view' -%}
            {%- set relation = adapter.get_relation(node.database, node.schema, node.alias) -%}
            {%- if relation is not none and relation.is_view -%}
                {%- do adapter.drop_relation(relation) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
