-- Further CTEs: the rows of `amounts` (company_id, currency_code, document_date, document_fx_rate, amount) as `valued`
-- in a currency view: view_currency_code, and the `rate` that values the amount; null names the `missing_rate`.
currencies as (
    select company_id, company_currency_code
    from serve.dim_companies
    where recorded_from <= %(known_at)s and recorded_to > %(known_at)s
),

dated as (
    select
        amounts.*,
        currencies.company_currency_code,
        case when %(view)s = 'as-of-rate' then %(rates_of)s else document_date end as rate_date,
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
        dated.*,
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
