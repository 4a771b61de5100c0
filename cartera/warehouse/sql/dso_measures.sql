-- What DSO is made of as of one date: per customer and currency the debt, the net sales of the window, the terms
-- sold at and what fell due in the window.
with

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

{in_view}

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
