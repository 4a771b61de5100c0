select
    -- ids
    source || ':' || id as invoice_id,
    cartera_company_id as company_id,
    source || ':' || entity as customer_id,
    source,

    -- attributes
    entity as customer_code,
    cast(null as text) as customer_name,
    cast(null as text) as customer_email,
    coalesce(tranid, id) as document_number,
    'invoice' as document_type,
    case
        when voided = 'T' then 'void'
        when posting = 'F' then 'draft'
        else 'open'
    end as status,
    currency as currency_code,
    basecurrency as company_currency_code,
    case when currency <> basecurrency then nullif(exchangerate, 0) end as document_fx_rate,
    record_key,
    cast(null as text) as document_url,
    cast(null as text) as file_name,
    cast(null as bigint) as file_row,

    -- amounts
    foreigntotal as total_amount,
    cast(null as numeric(24, 6)) as paid_amount,
    cast(null as numeric(24, 6)) as credited_amount,
    foreignamountunpaid as open_amount,

    -- booleans
    false as is_disputed,

    -- dates
    trandate as issue_date,
    duedate as due_date,
    cast(null as date) as paid_date,

    -- versions
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('netsuite', 'transaction') }}
where type = 'CustInvc'
