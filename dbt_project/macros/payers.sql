{#- Customers that a system knows only as the payers of its payments: what was said of each last, column by column,
    holds until something else is said. The CTE has source, customer_id, company_id, record_key, changed_at,
    recorded_from and the columns; one row comes out for each version of a payer. -#}
{% macro payers(mentions, columns) -%}
    select
        customer_id,
        company_id,
        source,
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        recorded_from,
        lead(recorded_from, 1, {{ forever() }}) over (
            partition by customer_id order by recorded_from
        ) as recorded_to
    from (
        select
            carried.*,
            row_number() over (partition by customer_id order by recorded_from) as version_number,
            lag(company_id) over (partition by customer_id order by recorded_from) as last_company_id
            {%- for column in columns %},
            lag({{ column }}) over (partition by customer_id order by recorded_from) as last_{{ column }}
            {%- endfor %}
        from (
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
        ) as carried
    ) as compared
    where
        version_number = 1
        or company_id is distinct from last_company_id
        {%- for column in columns %}
        or {{ column }} is distinct from last_{{ column }}
        {%- endfor %}
{%- endmacro %}
