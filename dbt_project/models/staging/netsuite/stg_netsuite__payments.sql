-- a deposit is a receivable's business from the day on which it is applied
select
    -- ids
    source || ':' || id as payment_id,
    cartera_company_id as company_id,
    source || ':' || entity as customer_id,
    source,

    -- attributes
    entity as customer_code,
    coalesce(tranid, id) as document_number,
    case when voided = 'T' or posting = 'F' then 'cancelled' else 'received' end as status,
    currency as currency_code,
    basecurrency as company_currency_code,
    case when currency <> basecurrency then nullif(exchangerate, 0) end as document_fx_rate,

    -- amounts
    abs(foreigntotal) as payment_amount,

    -- dates
    trandate as received_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('netsuite', 'transaction') }}
where type in ('CustPymt', 'DepAppl')
