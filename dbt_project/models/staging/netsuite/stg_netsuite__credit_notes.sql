select
    -- ids
    source || ':' || id as credit_note_id,
    cartera_company_id as company_id,
    source || ':' || entity as customer_id,
    cast(null as text) as invoice_id,
    source,

    -- attributes
    entity as customer_code,
    coalesce(tranid, id) as document_number,
    case
        when voided = 'T' then 'void'
        when posting = 'F' then 'draft'
        else 'open'
    end as status,
    currency as currency_code,
    basecurrency as company_currency_code,
    case when currency <> basecurrency then nullif(exchangerate, 0) end as document_fx_rate,

    -- amounts
    abs(foreigntotal) as total_amount,

    -- dates
    trandate as issue_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('netsuite', 'transaction') }}
where type = 'CustCred'
