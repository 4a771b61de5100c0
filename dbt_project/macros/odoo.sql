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
