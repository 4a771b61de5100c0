{#- Expected credit losses by the simplified approach of IFRS 9: a provision matrix from our own history.

    History: the debts due in the `history_days` up to `loss_days` before the date, old enough that their fate is
    known. What entered a bucket is the balance at the end of the day before its first day (not due: at the end of the
    day of issue); finally unpaid is what of it was written off, or is still open `loss_days` after it was due. Loss
    rate = finally unpaid / entered; it is the product of the roll rates from the bucket on. Expected loss = balance
    as of the date x loss rate x forward-looking factor, at most the balance. Nothing is rounded on the way.

    `segments`: null, or a relation of company_id, customer_id, segment. A bucket with a balance and no history has no
    rate, and its group no total: the reason says so.

    Source: shared/facts/contact_rules_and_kpis.md B.1; kpi_examples.yaml ifrs9_provision_matrix. -#}
{% macro expected_losses(as_of, known_at, factor, history_days, loss_days, balances, settled, segments=none) %}
    {%- set names = bucket_names() %}
    {%- set last = names | length - 1 %}
    {%- set segment = "coalesce(segments.segment, 'unassigned')" if segments else "'all'" %}
    {%- set entry_dates = ['debts.issue_date'] %}
    {%- for edge in var('bucket_edges') %}
    {%- do entry_dates.append('debts.due_date + ' ~ edge) %}
    {%- endfor %}
    with

    history as (
        select
            debts.item_id,
            debts.company_id,
            debts.customer_id,
            debts.currency_code,
            debts.issue_date,
            debts.due_date
            {%- for date in entry_dates %},
            sum(
                case
                    when
                        debts.valid_from <= {{ date }}
                        and debts.valid_to > {{ date }}
                        {%- if loop.first %}
                        and debts.issue_date <= debts.due_date
                        {%- endif %}
                        then debts.debt_amount
                    else 0
                end
            ) as entered_{{ loop.index0 }}
            {%- endfor %},
            sum(
                case
                    when debts.valid_from <= debts.due_date + {{ loss_days }} and debts.valid_to > debts.due_date + {{ loss_days }}
                        then debts.debt_amount
                    else 0
                end
            ) as open_amount
        from ({{ debts_known(known_at, balances) }}) as debts
        where
            debts.due_date > {{ as_of }} - {{ loss_days }} - {{ history_days }}
            and debts.due_date <= {{ as_of }} - {{ loss_days }}
        group by
            debts.item_id,
            debts.company_id,
            debts.customer_id,
            debts.currency_code,
            debts.issue_date,
            debts.due_date
    ),

    write_offs as (
        select
            debts.item_id
            {%- for date in entry_dates %},
            sum(case when settled.effective_date > {{ date }} then settled.written_off_amount else 0 end)
                as written_off_{{ loop.index0 }}
            {%- endfor %}
        from history as debts
        inner join {{ settled }} as settled on debts.item_id = settled.item_id
        where
            settled.written_off_amount <> 0
            and settled.effective_date <= debts.due_date + {{ loss_days }}
        group by debts.item_id
    ),

    fates as (
        select
            history.*
            {%- for number in range(last + 1) %},
            least(
                entered_{{ number }}, open_amount + greatest(coalesce(written_off_{{ number }}, 0), 0)
            ) as unpaid_{{ number }}
            {%- endfor %}
        from history
        left join write_offs on history.item_id = write_offs.item_id
    ),

    -- one row per group, the buckets side by side: a row per debt and bucket would be many
    history_summed as (
        select
            fates.company_id,
            fates.currency_code,
            {{ segment }} as segment
            {%- for number in range(last + 1) %},
            count(nullif(entered_{{ number }}, 0)) as items_{{ number }},
            sum(entered_{{ number }}) as entered_{{ number }},
            sum(unpaid_{{ number }}) as unpaid_{{ number }}
            {%- endfor %}
        from fates
        {%- if segments %}
        left join {{ segments }} as segments
            on
                fates.company_id = segments.company_id
                and fates.customer_id = segments.customer_id
        {%- endif %}
        group by 1, 2, 3
    ),

    entered as (
        select
            company_id,
            currency_code,
            segment,
            bucket.number as bucket_number,
            bucket.entered_items,
            bucket.entered_amount,
            bucket.unpaid_amount
        from history_summed
        cross join lateral (
            values
            {%- for number in range(last + 1) %}
            ({{ number }}, items_{{ number }}, entered_{{ number }}, unpaid_{{ number }}){{ ',' if not loop.last }}
            {%- endfor %}
        ) as bucket (number, entered_items, entered_amount, unpaid_amount)
    ),

    balances as (
        select
            debts.company_id,
            debts.currency_code,
            {{ segment }} as segment,
            {{ bucket_number(days_between('debts.due_date', as_of)) }} as bucket_number,
            sum(debts.open_amount) as balance_amount
        from ({{ balances_as_of(as_of, known_at, balances) }}) as debts
        {%- if segments %}
        left join {{ segments }} as segments
            on
                debts.company_id = segments.company_id
                and debts.customer_id = segments.customer_id
        {%- endif %}
        where
            debts.item_type in ('instalment', 'chargeback')
            and debts.open_amount > 0
        group by 1, 2, 3, 4
    ),

    matrix as (
        select
            company_id,
            currency_code,
            segment,
            series.bucket_number,
            coalesce(entered_items, 0) as entered_items,
            coalesce(entered_amount, 0) as entered_amount,
            coalesce(unpaid_amount, 0) as unpaid_amount,
            coalesce(balance_amount, 0) as balance_amount
        from (
            select company_id, currency_code, segment from balances
            union
            select company_id, currency_code, segment from history_summed
        ) as present
        cross join generate_series(0, {{ last }}) as series (bucket_number)
        left join entered using (company_id, currency_code, segment, bucket_number)
        left join balances using (company_id, currency_code, segment, bucket_number)
    ),

    rated as (
        select
            *,
            coalesce(
                lead(entered_amount) over (partition by company_id, currency_code, segment order by bucket_number),
                unpaid_amount
            ) / nullif(entered_amount, 0) as roll_rate,
            unpaid_amount / nullif(entered_amount, 0) as loss_rate,
            -- least() passes over a null: without a history it would give 1, as if all were lost
            case when entered_amount <> 0 then least(unpaid_amount * {{ factor }} / entered_amount, 1) end as applied_rate,
            case
                when balance_amount = 0 then 0
                when unpaid_amount * {{ factor }} >= entered_amount and entered_amount > 0 then balance_amount
                else balance_amount * unpaid_amount * {{ factor }} / nullif(entered_amount, 0)
            end as ecl_amount
        from matrix
    )

    select
        company_id,
        currency_code,
        segment,
        {{ bucket_name('bucket_number') }} as bucket,
        cast(entered_items as bigint) as entered_items,
        entered_amount,
        unpaid_amount,
        roll_rate,
        loss_rate,
        cast({{ factor }} as numeric) as factor,
        applied_rate,
        balance_amount,
        ecl_amount,
        100 * ecl_amount / nullif(balance_amount, 0) as ecl_pct,
        case when loss_rate is null then 'nothing entered this bucket in the history' end as reason
    from rated

    union all

    select
        company_id,
        currency_code,
        segment,
        'total' as bucket,
        null as entered_items,
        null as entered_amount,
        null as unpaid_amount,
        null as roll_rate,
        null as loss_rate,
        cast({{ factor }} as numeric) as factor,
        null as applied_rate,
        sum(balance_amount) as balance_amount,
        case when count(ecl_amount) = count(*) then sum(ecl_amount) end as ecl_amount,
        case when count(ecl_amount) = count(*) then 100 * sum(ecl_amount) / nullif(sum(balance_amount), 0) end as ecl_pct,
        case
            when count(ecl_amount) < count(*) then 'a bucket with a balance has no history'
            when sum(balance_amount) = 0 then 'nothing is open'
        end as reason
    from rated
    group by company_id, currency_code, segment
{% endmacro %}
