with

source as (
    select * from {{ source('erpnext', 'sales_invoice') }}
),

companies as (
    select * from {{ source('erpnext', 'company') }}
),

company_currencies as (
    {{ with_gaps('companies', ['default_currency']) }}
),

-- a receivable account in another currency than the document keeps the debt in the company's
owed as (
    select
        source.*,
        coalesce(source.party_account_currency, source.currency) as owed_currency_code,
        case
            when coalesce(source.party_account_currency, source.currency) = source.currency
                then coalesce(nullif(source.rounded_total, 0), source.grand_total)
            else coalesce(nullif(source.base_rounded_total, 0), source.base_grand_total)
        end as owed_amount
    from source
),

renamed as (
    select
        -- ids
        owed.source || ':' || owed.name as invoice_id,
        owed.cartera_company_id as company_id,
        owed.source || ':' || owed.customer as customer_id,
        owed.source,

        -- attributes
        owed.customer as customer_code,
        owed.customer_name,
        owed.contact_email as customer_email,
        owed.name as document_number,
        'invoice' as document_type,
        case owed.docstatus when 0 then 'draft' when 2 then 'void' else 'open' end as status,
        owed.owed_currency_code as currency_code,
        company_currencies.default_currency as company_currency_code,
        case when owed.owed_currency_code = owed.currency then nullif(owed.conversion_rate, 0) end as document_fx_rate,
        owed.record_key,
        cast(null as text) as document_url,
        cast(null as text) as file_name,
        cast(null as bigint) as file_row,

        -- amounts
        owed.owed_amount as total_amount,
        cast(null as numeric(24, 6)) as paid_amount,
        cast(null as numeric(24, 6)) as credited_amount,
        owed.outstanding_amount as open_amount,

        -- booleans
        false as is_disputed,

        -- dates
        owed.posting_date as issue_date,
        owed.due_date,
        cast(null as date) as paid_date,

        -- versions
        owed.is_deleted,
        {{ joined_from('owed', 'company_currencies') }} as recorded_from,
        {{ joined_to('owed', 'company_currencies') }} as recorded_to
    from owed
    left join company_currencies
        on
            owed.source = company_currencies.source
            and owed.company = company_currencies.record_key
            and {{ lives_overlap('owed', 'company_currencies') }}
    where not coalesce(owed.is_return, false)
),

settlements as (
    select * from {{ ref('base_erpnext__settlements') }}
),

-- a debt that no invoice made: an opening balance, a correction
of_journals as (
    select
        -- ids
        source || ':' || entry_row as invoice_id,
        company_id,
        source || ':' || party as customer_id,
        source,

        -- attributes
        party as customer_code,
        cast(null as text) as customer_name,
        cast(null as text) as customer_email,
        document_number,
        'invoice' as document_type,
        'open' as status,
        currency_code,
        cast(null as text) as company_currency_code,
        cast(null as numeric(24, 12)) as document_fx_rate,
        entry_name as record_key,
        cast(null as text) as document_url,
        cast(null as text) as file_name,
        cast(null as bigint) as file_row,

        -- amounts
        amount as total_amount,
        cast(null as numeric(24, 6)) as paid_amount,
        cast(null as numeric(24, 6)) as credited_amount,
        cast(null as numeric(24, 6)) as open_amount,

        -- booleans
        false as is_disputed,

        -- dates
        posting_date as issue_date,
        posting_date as due_date,
        cast(null as date) as paid_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from settlements
    where kind = 'debt'
),

unioned as (
    select * from renamed
    union all
    select * from of_journals
)

select * from unioned
