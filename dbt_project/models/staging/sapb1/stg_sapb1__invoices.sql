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

outgoing_payments as (
    select * from {{ source('sapb1', 'outgoing_payments') }}
),

paid_back as (
    select
        source,
        record_key,
        recorded_from,
        sum(case side when 'other' then abs(local_amount) else -local_amount end) as local_amount
    from {{ ref('base_sapb1__payment_lines') }}
    where payment_type = '46'
    group by source, record_key, recorded_from
),

-- what an outgoing payment paid without saying for what: the customer owes it until it is reconciled
debts as (
    select
        outgoing_payments.*,
        case
            when outgoing_payments.currency = outgoing_payments.company_currency
                then outgoing_payments."MeansSum" - coalesce(paid_back.local_amount, 0)
            else round(
                (outgoing_payments."MeansSum" - coalesce(paid_back.local_amount, 0))
                / nullif(outgoing_payments."DocRate", 0),
                2
            )
        end as debt_amount
    from outgoing_payments
    left join paid_back
        on
            outgoing_payments.source = paid_back.source
            and outgoing_payments.record_key = paid_back.record_key
            and outgoing_payments.recorded_from = paid_back.recorded_from
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
        source.record_key,
        cast(null as text) as document_url,
        cast(null as text) as file_name,
        cast(null as bigint) as file_row,

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
),

journal_entries as (
    select * from {{ source('sapb1', 'journal_entries') }}
),

-- a debt that a journal entry made; what is open of it the Service Layer says nowhere
journal_debts as (
    select
        -- ids
        journal_entries.source || ':30:' || journal_entries.record_key
        || ':' || {{ json_text('item', 'Line_ID') }} as invoice_id,
        journal_entries.cartera_company_id as company_id,
        journal_entries.source || ':' || {{ json_text('item', 'ShortName') }} as customer_id,
        journal_entries.source,

        -- attributes
        {{ json_text('item', 'ShortName') }} as customer_code,
        cast(null as text) as customer_name,
        cast(null as text) as customer_email,
        coalesce(
            journal_entries."Reference", 'journal ' || coalesce(journal_entries."Number", journal_entries.record_key)
        ) as document_number,
        'invoice' as document_type,
        'open' as status,
        {{ json_text('item', 'currency') }} as currency_code,
        journal_entries.company_currency as company_currency_code,
        case
            when {{ json_text('item', 'currency') }} <> journal_entries.company_currency
                then round(
                    cast({{ json_text('item', 'LocalAmount') }} as numeric(24, 6))
                    / cast({{ json_text('item', 'Amount') }} as numeric(24, 6)),
                    12
                )
        end as document_fx_rate,
        journal_entries.record_key,
        cast(null as text) as document_url,
        cast(null as text) as file_name,
        cast(null as bigint) as file_row,

        -- amounts
        cast({{ json_text('item', 'Amount') }} as numeric(24, 6)) as total_amount,
        cast(null as numeric(24, 6)) as paid_amount,
        cast(null as numeric(24, 6)) as credited_amount,
        cast(null as numeric(24, 6)) as open_amount,

        -- booleans
        false as is_disputed,

        -- dates
        journal_entries."ReferenceDate" as issue_date,
        coalesce(cast({{ json_text('item', 'DueDate') }} as date), journal_entries."ReferenceDate") as due_date,
        cast(null as date) as paid_date,

        -- versions
        journal_entries.is_deleted,
        journal_entries.recorded_from,
        journal_entries.recorded_to
    from journal_entries
    {{ json_items('journal_entries."CustomerLines"', 'item') }}
    where cast({{ json_text('item', 'Amount') }} as numeric(24, 6)) > 0
),

unioned as (
    select * from renamed

    union all

    select * from journal_debts

    union all

    select
        -- ids
        source || ':46:' || "DocEntry" as invoice_id,
        cartera_company_id as company_id,
        source || ':' || "CardCode" as customer_id,
        source,

        -- attributes
        "CardCode" as customer_code,
        cast(null as text) as customer_name,
        cast(null as text) as customer_email,
        coalesce("DocNum", "DocEntry") as document_number,
        'invoice' as document_type,
        case when coalesce("Cancelled", 'tNO') = 'tYES' then 'void' else 'open' end as status,
        currency as currency_code,
        company_currency as company_currency_code,
        case when currency <> company_currency then nullif("DocRate", 0) end as document_fx_rate,
        record_key,
        cast(null as text) as document_url,
        cast(null as text) as file_name,
        cast(null as bigint) as file_row,

        -- amounts
        cast(greatest(debt_amount, 0) as numeric(24, 6)) as total_amount,
        cast(null as numeric(24, 6)) as paid_amount,
        cast(null as numeric(24, 6)) as credited_amount,
        cast(null as numeric(24, 6)) as open_amount,

        -- booleans
        false as is_disputed,

        -- dates
        "DocDate" as issue_date,
        "DocDate" as due_date,
        cast(null as date) as paid_date,

        -- versions
        is_deleted or debt_amount <= 0 as is_deleted,
        recorded_from,
        recorded_to
    from debts
)

select * from unioned
