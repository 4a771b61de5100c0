{#- Views and tables are made under their own names. dbt makes each under another, moves the old one out of the way,
    renames and drops, so that readers always find one: here nobody reads the slot that is built, and a build that
    fails begins again. A build of little data spends most of its time on such statements. -#}
{% materialization view, adapter='postgres' %}
    {{ return(made_in_place('view', sql)) }}
{% endmaterialization %}

{% materialization table, adapter='postgres' %}
    {{ return(made_in_place('table', sql)) }}
{% endmaterialization %}

{% macro made_in_place(type, sql) %}
    {%- set target_relation = this.incorporate(type=type) -%}

    {#- in the transaction that makes the new one; the views above it are gone already -#}
    {{ drop_relation_if_exists(load_cached_relation(this)) }}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        {%- if type == 'view' %}
        {{ get_create_view_as_sql(target_relation, sql) }}
        {%- else %}
        {{ get_create_table_as_sql(False, target_relation, sql) }}
        {%- endif %}
    {%- endcall %}
    {%- if type == 'table' %}
        {%- do create_indexes(target_relation) %}
    {%- endif %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}
{% endmacro %}
