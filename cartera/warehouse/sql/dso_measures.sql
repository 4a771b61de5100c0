-- What DSO is made of as of one date: per customer and currency the debt, the net sales of the window, the terms
-- sold at and what fell due in the window. `rate` values an amount in the view; null names the missing one.
with

currencies as (
    select company_id, company_currency_code
    from serve.dim_companies
    where recorded_from <= %(known_at)s and recorded_to > %(known_at)s
),

items as materialized (
    select item_id, company_id, customer_id, currency_code, issue_date, due_date, item_amount
    from serve.dim_items
    where
        item_type = 'instalment'
        and recorded_from <= %(known_at)s and recorded_to > %(known_at)s
        and issue_date <= %(as_of)s
        and greatest(issue_date, due_date) >= %(as_of)s - %(window_days)s::integer
),

terms as (
    select
        company_id,
        customer_id,
        currency_code,
        coalesce(
            sum(item_amount * (greatest(due_date - issue_date, 0) + 1))
            filter (where issue_date > %(as_of)s - %(window_days)s::integer),
            0
        ) as term_amount_days,
        coalesce(sum(item_amount) filter (where issue_date > %(as_of)s - %(window_days)s::integer), 0) as billed_amount,
        coalesce(
            sum(item_amount)
            filter (where due_date < %(as_of)s and due_date >= %(as_of)s - %(window_days)s::integer),
            0
        ) as matured_amount
    from items
    group by company_id, customer_id, currency_code
),

amounts as (
    select
        case when days_past_due > 0 then 'past_due' else 'not_due' end as measure,
        company_id, customer_id, currency_code, document_fx_rate,
        issue_date as document_date,
        open_amount as amount
    from serve.open_items(%(as_of)s, %(known_at)s)
    where item_type = 'instalment'
    union all
    select
        'sales', company_id, customer_id, currency_code, document_fx_rate, document_date, amount
    from serve.fct_ledger_entries
    where
        entry_type in ('invoiced', 'credit_noted')
        and effective_date > %(as_of)s - %(window_days)s::integer and effective_date <= %(as_of)s
        and recorded_from <= %(known_at)s and recorded_to > %(known_at)s
),

dated as (
    select
        amounts.*,
        currencies.company_currency_code,
        case when %(view)s = 'as-of-rate' then %(as_of)s else document_date end as rate_date,
        case
            when %(view)s = 'transaction' or currency_code = company_currency_code then 1
            when %(view)s = 'company' then document_fx_rate
        end as own_rate
    from amounts
    left join currencies using (company_id)
),

points as (
    select distinct company_id, currency_code, company_currency_code, rate_date
    from dated
    where own_rate is null
),

-- the latest rate of the pair that is not too old, the company's own before a general one
rates as (
    select
        points.*,
        found.rate
    from points
    left join lateral (
        select fx.rate
        from serve.fct_fx_rates as fx
        where
            fx.currency_code = points.currency_code
            and fx.company_currency_code = points.company_currency_code
            and (fx.company_id is null or fx.company_id = points.company_id)
            and fx.rate_date <= points.rate_date
            and fx.rate_date >= points.rate_date - %(max_age_days)s::integer
            and fx.recorded_from <= %(known_at)s and fx.recorded_to > %(known_at)s
        order by fx.company_id is null, fx.rate_date desc, fx.recorded_from desc, fx.fx_rate_id
        limit 1
    ) as found on true
),

valued as (
    select
        dated.measure,
        dated.company_id,
        dated.customer_id,
        dated.currency_code,
        dated.amount,
        case
            when %(view)s = 'transaction' then dated.currency_code
            else coalesce(dated.company_currency_code, dated.currency_code)
        end as view_currency_code,
        coalesce(dated.own_rate, rates.rate) as rate,
        case
            when coalesce(dated.own_rate, rates.rate) is not null then null
            when dated.company_currency_code is null
                then 'the currency of company ' || dated.company_id || ' is not known'
            else
                'no rate ' || dated.currency_code || ' to ' || dated.company_currency_code
                || ' on ' || to_char(dated.rate_date, 'YYYY-MM-DD')
        end as missing_rate
    from dated
    left join rates
        on
            dated.own_rate is null
            and dated.company_id = rates.company_id
            and dated.currency_code = rates.currency_code
            and dated.rate_date = rates.rate_date
)

select
    valued.company_id,
    valued.view_currency_code,
    valued.customer_id,
    valued.currency_code,
    coalesce(sum(amount) filter (where measure = 'not_due'), 0) as not_due_amount,
    coalesce(sum(amount) filter (where measure = 'past_due'), 0) as past_due_amount,
    coalesce(sum(amount) filter (where measure = 'sales'), 0) as sales_amount,
    coalesce(sum(amount * rate) filter (where measure = 'not_due'), 0) as not_due_valued,
    coalesce(sum(amount * rate) filter (where measure = 'past_due'), 0) as past_due_valued,
    coalesce(sum(amount * rate) filter (where measure = 'sales'), 0) as sales_valued,
    coalesce(max(terms.term_amount_days), 0) as term_amount_days,
    coalesce(max(terms.billed_amount), 0) as billed_amount,
    coalesce(max(terms.matured_amount), 0) as matured_amount,
    min(missing_rate) as missing_rate
from valued
left join terms using (company_id, customer_id, currency_code)
group by valued.company_id, valued.view_currency_code, valued.customer_id, valued.currency_code
