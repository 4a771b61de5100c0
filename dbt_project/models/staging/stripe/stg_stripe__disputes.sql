-- a payment may have paid several invoices
select
    -- ids
    disputes.source || ':' || disputes.id || ':' || settlements.settlement_id as dispute_id,
    settlements.invoice_id,
    cast(null as text) as item_id,
    disputes.source,

    -- attributes
    disputes.reason,

    -- dates
    {{ utc_date('disputes.created') }} as opened_date,
    case
        when disputes.status in ('won', 'lost', 'warning_closed', 'prevented')
            then {{ utc_date('coalesce(disputes.reinstated_at, disputes.recorded_from)') }}
    end as resolved_date,

    -- versions
    disputes.is_deleted or settlements.is_deleted as is_deleted,
    {{ later_start('disputes', 'settlements') }} as recorded_from,
    {{ earlier_end('disputes', 'settlements') }} as recorded_to
from {{ source('stripe', 'dispute') }} as disputes
inner join {{ ref('stg_stripe__invoice_settlements') }} as settlements
    on
        disputes.source = settlements.source
        and settlements.paid_with = coalesce(disputes.payment_intent, disputes.charge)
        and {{ lives_overlap('disputes', 'settlements') }}
