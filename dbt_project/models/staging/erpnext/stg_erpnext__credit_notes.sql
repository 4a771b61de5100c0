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

-- the totals of a return are negative
renamed as (
    select
        -- ids
        owed.source || ':' || owed.name as credit_note_id,
        owed.cartera_company_id as company_id,
        owed.source || ':' || owed.customer as customer_id,
        owed.source || ':' || owed.return_against as invoice_id,
        owed.source,

        -- attributes
        owed.customer as customer_code,
        owed.name as document_number,
        case owed.docstatus when 0 then 'draft' when 2 then 'void' else 'open' end as status,
        owed.owed_currency_code as currency_code,
        company_currencies.default_currency as company_currency_code,
        case when owed.owed_currency_code = owed.currency then nullif(owed.conversion_rate, 0) end as document_fx_rate,

        -- amounts
        -owed.owed_amount as total_amount,

        -- dates
        owed.posting_date as issue_date,

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
    where coalesce(owed.is_return, false)
)

select * from renamed
