-- One row per source, company and currency whose own books state a total of receivables, known at a moment: what they
-- state (null: not to be compared this time), by how much it may differ, what our ledger makes of that source's entries,
-- and how many of its records wait in quarantine. Both speak of the moment of reading, so all entries known count,
-- whatever their date.
-- Its books hold too what is left out of the ledger because another source's invoice or credit note is kept.
-- In: the parameter known_at; the marts entries, invoices, credit_notes and totals; quarantined, the records that wait by source.
with

stated as (

    select source, company_id, currency_code, control_amount, tolerance_amount
    from {totals} as totals
    where recorded_from <= %(known_at)s and recorded_to > %(known_at)s

),

held as (

    select source, company_id, currency_code, sum(amount) as ledger_amount
    from {entries} as entries
    where
        recorded_from <= %(known_at)s
        and recorded_to > %(known_at)s
        and source in (select stated.source from stated where stated.control_amount is not null)
    group by source, company_id, currency_code

),

left_out as (

    select source, company_id, currency_code, sum(amount) as left_out_amount
    from (
        select source, company_id, currency_code, total_amount as amount, status, recorded_from, recorded_to
        from {invoices} as invoices
        union all
        select source, company_id, currency_code, -total_amount, status, recorded_from, recorded_to
        from {credit_notes} as credit_notes
    ) as documents
    where
        recorded_from <= %(known_at)s
        and recorded_to > %(known_at)s
        and status = 'elsewhere'
        and source in (select stated.source from stated where stated.control_amount is not null)
    group by source, company_id, currency_code

)

select
    stated.source,
    stated.company_id,
    stated.currency_code,
    stated.control_amount,
    stated.tolerance_amount,
    coalesce(held.ledger_amount, 0) + coalesce(left_out.left_out_amount, 0) as ledger_amount,
    coalesce(quarantined.records, 0) as quarantined_records
from stated
left join held
    on
        stated.source = held.source
        and stated.company_id = held.company_id
        and stated.currency_code = held.currency_code
left join left_out
    on
        stated.source = left_out.source
        and stated.company_id = left_out.company_id
        and stated.currency_code = left_out.currency_code
left join {quarantined} as quarantined on stated.source = quarantined.source
order by 1, 2, 3
