{#- Customers that a system knows only as the payers of its payments: what was said of each last, column by column,
    holds until something else is said. The CTE has source, customer_id, company_id, record_key, changed_at,
    recorded_from and the columns; one row comes out for each version of a payer. -#}
{% macro payers(mentions, columns) -%}
    {%- set carried -%}
    (
        select
            customer_id,
            company_id,
            source,
            {%- for column in columns %}
            max({{ column }}) over (partition by customer_id, said_{{ column }}) as {{ column }},
            {%- endfor %}
            recorded_from
        from (
            select
                ranked.*
                {%- for column in columns %},
                count({{ column }}) over (
                    partition by customer_id order by recorded_from
                ) as said_{{ column }}
                {%- endfor %}
            from (
                select
                    {{ mentions }}.*,
                    row_number() over (
                        partition by customer_id, recorded_from order by changed_at desc, record_key
                    ) as mention_rank
                from {{ mentions }}
            ) as ranked
            where mention_rank = 1
        ) as counted
    )
    {%- endset -%}
    {{ stretches_of(carried, ['customer_id'], ['company_id'] + columns, carried=['source']) }}
{%- endmacro %}

{#- The same as rows of customers: what these systems do not say of a payer is null. -#}
{% macro payers_as_customers(mentions, columns) -%}
    {%- set texts = ['tax_id', 'country_code', 'email'] %}
    select
        -- ids
        customer_id,
        company_id,
        cast(null as text) as parent_id,
        source,

        -- attributes
        customer_code,
        coalesce(customer_name, email, customer_code) as customer_name,
        {%- for column in texts %}
        {{ column if column in columns else 'cast(null as text) as ' ~ column }},
        {%- endfor %}
        cast(null as text) as language_code,
        cast(null as text) as timezone,
        cast(null as text) as phone,
        cast(null as text) as collector,
        cast(null as text) as sector,
        cast(null as text) as customer_type,
        cast(null as text) as risk_class,
        cast(null as bigint) as payment_terms_days,
        cast(null as text) as credit_limit_currency_code,

        -- amounts
        cast(null as numeric(24, 6)) as credit_limit_amount,

        -- booleans
        true as is_active,

        -- versions
        false as is_deleted,
        recorded_from,
        recorded_to
    from ({{ payers(mentions, columns) }}) as payers
{%- endmacro %}
