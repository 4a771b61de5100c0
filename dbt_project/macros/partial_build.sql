{#- A partial build rebuilds only the documents touched since the variable changed_since. It needs
    marts to add to; without one of them, or with --full-refresh, everything is built. -#}
{% macro is_partial_build() -%}
    {%- if not execute or of_this_run('changed_since') is none or flags.FULL_REFRESH -%}
        {{ return(false) }}
    {%- endif -%}
    {%- for name in [
        'dim_items', 'fct_ledger_entries', 'fct_item_balances', 'fct_daily_flows',
        'int_ledger__allocations_astray', 'int_receivables__instalments_questioned',
    ] -%}
        {%- set layer = 'intermediate' if name.startswith('int_') else 'marts' -%}
        {%- set schema = generate_schema_name(layer, none) | trim -%}
        {%- if adapter.get_relation(target.database, schema, name) is none -%}
            {{ return(false) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(true) }}
{%- endmacro %}

{#- was this version recorded, or its life ended, since the last build? -#}
{% macro is_touched(version) -%}
    {%- set since = moment(of_this_run('changed_since') or '9999-12-31 00:00:00+00') -%}
    (
        {{ version }}.recorded_from > {{ since }}
        or ({{ version }}.recorded_to > {{ since }} and {{ version }}.recorded_to < {{ forever() }})
    )
{%- endmacro %}

{#- limits a model to the documents being rebuilt; in a full build to nothing. The model has an import
    CTE named touched. -#}
{% macro only_touched(document_type, document_id) -%}
    {%- if is_partial_build() -%}
    {{ document_id }} in (
        select touched.document_id
        from touched
        where touched.document_type = '{{ document_type }}'
    )
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}

{#- In a partial build, before what was found wrong about the touched documents is written anew: forget what was. -#}
{% macro forget_touched(document_type, document_id) -%}
    {%- if is_partial_build() -%}
    delete from {{ this }}
    where
        {{ document_id }} in (
            select touched.document_id
            from {{ ref('int_ledger__documents_touched') }} as touched
            where touched.document_type = '{{ document_type }}'
        )
    {%- endif -%}
{%- endmacro %}

{#- limits a test to what a partial build may have changed: the keys that have a version recorded or ended since -#}
{% macro in_this_build(model, key) -%}
    {%- if is_partial_build() -%}
    {{ key }} in (select version.{{ key }} from {{ model }} as version where {{ is_touched('version') }})
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}

{#- whether an incremental model has rows already, to which a partial build adds -#}
{% macro adds_to_rows() -%}
    {%- if not is_incremental() or not is_partial_build() -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set counted = run_query('select count(*) as rows_there from ' ~ this) -%}
    {{ return(counted.columns[0].values()[0] > 0) }}
{%- endmacro %}
