-- the instalments are part of the invoice: a row lives as long as the version that has it
select
    -- ids
    invoices.source || ':13:' || invoices."DocEntry"
    || ':' || {{ json_text('item', 'InstallmentId') }} as instalment_id,
    invoices.source || ':13:' || invoices."DocEntry" as invoice_id,
    invoices.source,

    -- amounts
    cast(
        case
            when invoices.currency = invoices.company_currency then {{ json_text('item', 'Total') }}
            else {{ json_text('item', 'TotalFC') }}
        end as numeric(24, 6)
    ) as instalment_amount,

    -- dates
    cast({{ json_text('item', 'DueDate') }} as date) as due_date,

    -- versions
    invoices.is_deleted,
    invoices.recorded_from,
    invoices.recorded_to
from {{ source('sapb1', 'invoices') }} as invoices
{{ json_items('invoices."DocumentInstallments"', 'item') }}
