with

source as (
    select * from {{ source('sapb1', 'invoices') }}
),

invoice_balances as (
    select * from {{ source('sapb1', 'invoice_balances') }}
),

balances as (
    {{ with_gaps('invoice_balances', ['"PaidToDate"', '"PaidToDateFC"']) }}
),

-- a cancelled invoice and the document that cancels it are both void
renamed as (
    select
        -- ids
        source.source || ':13:' || source."DocEntry" as invoice_id,
        source.cartera_company_id as company_id,
        source.source || ':' || source."CardCode" as customer_id,
        source.source,

        -- attributes
        source."CardCode" as customer_code,
        source."CardName" as customer_name,
        cast(null as text) as customer_email,
        coalesce(source."DocNum", source."DocEntry") as document_number,
        'invoice' as document_type,
        case when coalesce(source."CancelStatus", 'csNo') = 'csNo' then 'open' else 'void' end as status,
        source.currency as currency_code,
        source.company_currency as company_currency_code,
        case when source.currency <> source.company_currency then nullif(source."DocRate", 0) end as document_fx_rate,

        -- amounts
        case
            when source.currency = source.company_currency then source."DocTotal"
            else source."DocTotalFc"
        end as total_amount,
        cast(null as numeric(24, 6)) as paid_amount,
        cast(null as numeric(24, 6)) as credited_amount,
        case
            when source.currency = source.company_currency then source."DocTotal" - balances."PaidToDate"
            else source."DocTotalFc" - balances."PaidToDateFC"
        end as open_amount,

        -- booleans
        false as is_disputed,

        -- dates
        source."DocDate" as issue_date,
        source."DocDueDate" as due_date,
        cast(null as date) as paid_date,

        -- versions
        source.is_deleted,
        {{ joined_from('source', 'balances') }} as recorded_from,
        {{ joined_to('source', 'balances') }} as recorded_to
    from source
    left join balances
        on
            source.source = balances.source
            and source.record_key = balances.record_key
            and {{ lives_overlap('source', 'balances') }}
)

select * from renamed
