{#- What Odoo's receivable lines are in our words; the condition is written once. -#}

{#- instalment of an invoice, credit_note, exchange (no claim, no money), payment, refund, or a debt that no invoice
    made -#}
{% macro odoo_line_kind(table='') -%}
    case
        when {{ table }}move_type in ('out_invoice', 'out_receipt') then 'instalment'
        when {{ table }}move_type = 'out_refund' then 'credit_note'
        when coalesce({{ table }}is_exchange_difference, false) then 'exchange'
        when {{ table }}amount_currency < 0 then 'payment'
        when {{ table }}payment_id is not null or {{ table }}journal_type in ('bank', 'cash', 'credit') then 'refund'
        else 'debt'
    end
{%- endmacro %}

{#- what a debit line (`currency` its own) is matched with, as `item` -#}
{% macro odoo_match_kind() -%}
    case
        when {{ json_text('item', 'is_exchange_difference') }} = 'true' then 'exchange'
        when {{ json_text('item', 'credit_move_type') }} = 'out_refund' and {{ json_text('item', 'currency') }} = currency
            then 'credit_note'
        when {{ json_text('item', 'credit_move_type') }} = 'out_refund' then 'credit_note_converted'
        when {{ json_text('item', 'currency') }} = currency then 'payment'
        else 'converted'
    end
{%- endmacro %}

{#- when the invoice or credit note of a line was first seen without it; null while it has it. Only what was recorded
    with the line or after it says so. -#}
{% macro odoo_lost_at(lines) -%}
    (
        select min(moves.recorded_from)
        from {{ source('odoo', 'account_move') }} as moves
        where
            {{ lines }}.move_type <> 'entry'
            and moves.source = {{ lines }}.source
            and moves.record_key = {{ lines }}.move_id
            and moves.recorded_from >= {{ lines }}.recorded_from
            and moves.recorded_from < {{ lines }}.recorded_to
            and not moves.is_deleted
            and position(',' || {{ lines }}.id || ',' in moves.receivable_line_ids) = 0
    )
{%- endmacro %}

{#- when the contact that a customer's address for invoices is of was first seen to be no such contact of it any more;
    null while it is -#}
{% macro odoo_contact_left_at(partners) -%}
    (
        select min(contacts.recorded_from)
        from {{ source('odoo', 'res_partner') }} as contacts
        where
            contacts.source = {{ partners }}.source
            and contacts.record_key = {{ partners }}.invoice_contact_id
            and contacts.recorded_from >= {{ partners }}.recorded_from
            and contacts.recorded_from < {{ partners }}.recorded_to
            and (
                contacts.is_deleted
                or not contacts.active
                or contacts.type <> 'invoice'
                or contacts.commercial_partner_id <> {{ partners }}.id
            )
    )
{%- endmacro %}
