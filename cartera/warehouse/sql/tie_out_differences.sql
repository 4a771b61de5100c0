-- The documents behind a difference of tie_out.sql, largest of each company and currency first. One row per
-- equation that fails and what it fails for: an invoice, a payment or credit note, or (buckets) a customer.
-- In: as tie_out.sql, and the parameters keys (the company_id and currency_code of each line that does not tie) and
-- limit (rows); the mart items.
with

ledger_items as (

    select
        company_id,
        currency_code,
        coalesce(item_id, 'invoice:' || invoice_id) as item_id,
        case when item_type = 'instalment' then invoice_id else item_id end as document_id,
        min(customer_id) as customer_id,
        sum(amount) as ledger_amount
    from {entries} as entries
    where
        effective_date <= %(as_of)s
        and recorded_from <= %(known_at)s
        and recorded_to > %(known_at)s
        and (company_id, currency_code) in %(keys)s
    group by 1, 2, 3, 4

),

-- what an invoice got as a whole is spread over its instalments among the open items, so documents are compared
documents as (

    select item_id, min(document_id) as document_id
    from ledger_items
    group by item_id

),

sides as (

    select company_id, currency_code, item_id, customer_id, ledger_amount, 0 as open_amount
    from ledger_items
    union all
    select company_id, currency_code, item_id, customer_id, 0, open_amount
    from {open_items} as open_items
    where (company_id, currency_code) in %(keys)s

),

ledger_differences as (

    select
        'open items = ledger' as equation,
        sides.company_id,
        sides.currency_code,
        min(sides.customer_id) as customer_id,
        coalesce(documents.document_id, sides.item_id) as document_id,
        sum(sides.open_amount) as left_amount,
        sum(sides.ledger_amount) as right_amount
    from sides
    left join documents on sides.item_id = documents.item_id
    group by sides.company_id, sides.currency_code, coalesce(documents.document_id, sides.item_id)

),

control_differences as (

    select
        'source control = ledger' as equation,
        company_id,
        currency_code,
        customer_id,
        invoice_id as document_id,
        reported_amount as left_amount,
        held_amount as right_amount
    from ({controlled}) as controlled
    where (company_id, currency_code) in %(keys)s

),

bucket_sides as (

    select company_id, currency_code, customer_id, open_amount as bucket_amount, 0 as open_amount
    from {aging} as aging
    union all
    select company_id, currency_code, customer_id, 0, open_amount
    from {open_items} as open_items
    where item_type = 'instalment'

),

bucket_differences as (

    select
        'buckets = open items' as equation,
        company_id,
        currency_code,
        customer_id,
        cast(null as text) as document_id,
        sum(bucket_amount) as left_amount,
        sum(open_amount) as right_amount
    from bucket_sides
    where (company_id, currency_code) in %(keys)s
    group by company_id, currency_code, customer_id

),

differences as (

    select * from ledger_differences
    union all
    select * from control_differences
    union all
    select * from bucket_differences

),

-- amounts are ranked within their own currency
ranked as (

    select
        differences.*,
        left_amount - right_amount as difference_amount,
        row_number() over (
            partition by company_id, currency_code
            order by abs(left_amount - right_amount) desc, equation, document_id, customer_id
        ) as ordinal
    from differences
    where left_amount <> right_amount

),

largest as (

    select *
    from ranked
    order by ordinal, company_id, currency_code
    limit %(limit)s

)

select
    company_id,
    currency_code,
    equation,
    document_id,
    (
        select max(items.document_number)
        from {items} as items
        where
            (items.invoice_id = largest.document_id or items.item_id = largest.document_id)
            and items.recorded_from <= %(known_at)s
            and items.recorded_to > %(known_at)s
    ) as document_number,
    customer_id,
    left_amount,
    right_amount,
    difference_amount
from largest
order by company_id, currency_code, ordinal
