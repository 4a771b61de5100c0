with

payment_entries as (
    select * from {{ source('erpnext', 'payment_entry') }}
),

journal_entries as (
    select * from {{ source('erpnext', 'journal_entry') }}
),

of_payments as (
    select
        'payment' as entry_type,
        payment_entries.source,
        payment_entries.name as entry_name,
        payment_entries.name || '/' || {{ json_text('item', 'row') }} as entry_row,
        payment_entries.cartera_company_id as company_id,
        payment_entries.party,
        payment_entries.payment_type as voucher_type,
        case
            when payment_entries.payment_type = 'Pay' then payment_entries.paid_to_account_currency
            else payment_entries.paid_from_account_currency
        end as currency_code,
        payment_entries.posting_date,
        coalesce(payment_entries.reference_no, payment_entries.name) as document_number,
        item,
        payment_entries.is_deleted or payment_entries.docstatus <> 1 as is_deleted,
        payment_entries.recorded_from,
        payment_entries.recorded_to
    from payment_entries
    {{ json_items('payment_entries.settlements', 'item') }}
    where payment_entries.party_type = 'Customer'
),

of_journals as (
    select
        'journal' as entry_type,
        journal_entries.source,
        journal_entries.name as entry_name,
        journal_entries.name || '/' || {{ json_text('item', 'row') }} as entry_row,
        journal_entries.cartera_company_id as company_id,
        {{ json_text('item', 'party') }} as party,
        journal_entries.voucher_type,
        {{ json_text('item', 'currency') }} as currency_code,
        journal_entries.posting_date,
        coalesce(journal_entries.cheque_no, journal_entries.name) as document_number,
        item,
        journal_entries.is_deleted or journal_entries.docstatus <> 1 as is_deleted,
        journal_entries.recorded_from,
        journal_entries.recorded_to
    from journal_entries
    {{ json_items('journal_entries.settlements', 'item') }}
),

unioned as (
    select * from of_payments
    union all
    select * from of_journals
),

-- a debt that a journal entry made is found by entry, customer and currency
resolved as (
    select
        entry_type,
        source,
        entry_name,
        entry_row,
        company_id,
        party,
        currency_code,
        posting_date,
        document_number,
        case
            when
                voucher_type = 'Write Off Entry'
                and {{ json_text('item', 'kind') }} = 'money'
                then 'write_off'
            else {{ json_text('item', 'kind') }}
        end as kind,
        case
            when {{ json_text('item', 'invoice_type') }} = 'Journal Entry'
                then
                    source || ':' || {{ json_text('item', 'invoice') }} || '/' || party || ':' || currency_code
                    || ':debt'
            else source || ':' || {{ json_text('item', 'invoice') }}
        end as invoice_id,
        case
            when {{ json_text('item', 'note_type') }} = 'Sales Invoice'
                then source || ':' || {{ json_text('item', 'note') }}
        end as credit_note_id,
        case
            when {{ json_text('item', 'note_type') }} = 'Payment Entry'
                then source || ':' || {{ json_text('item', 'note') }}
        end as used_payment_id,
        cast({{ json_text('item', 'amount') }} as numeric(24, 6)) as amount,
        is_deleted,
        recorded_from,
        recorded_to
    from unioned
)

select * from resolved
