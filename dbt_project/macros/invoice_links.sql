{#- An invoice that stands in two sources is owed once: one of them is kept, the other left out. What was done to the one
    that is left out is done to the one that is kept. -#}

{#- the entities that name invoices -#}
{% macro names_invoices() -%}
    {{ return(['invoices', 'allocations', 'credit_notes', 'write_offs', 'chargebacks', 'disputes', 'promises']) }}
{%- endmacro %}

{#- Documents of a staging model with the invoices on which they count: those of one that is left out with the one that is
    kept. The one that is left out is itself owed elsewhere. -#}
{% macro as_kept(relation, system, plural, columns) -%}
{%- set may_name_instalments = system == 'files' and 'instalment_id' in columns and plural != 'instalments' -%}
(
    select
    {%- for column in columns %}
        {{ 'document.invoice_id as stated_invoice_id' if column == 'stated_invoice_id' else 'document.' ~ column }}
        {{- "," if not loop.last }}
    {%- endfor %}
    from {{ relation }} as document
    where
        not exists (
            select 1
            from {{ ref('int_receivables__invoice_links_judged') }} as link
            where link.invoice_id = document.invoice_id and link.is_ever_left_out
        )
    {%- if may_name_instalments %}
        and not exists (
            select 1
            from {{ _instalments_left_out() }} as part
            where document.invoice_id is null and part.instalment_id = document.instalment_id
        )
    {%- endif %}

    union all

    {{ _moved(relation, plural, columns, 'document.invoice_id') }}
    inner join {{ ref('int_receivables__invoice_links_judged') }} as link
        on
            document.invoice_id = link.invoice_id
            and link.is_ever_left_out
            and {{ lives_overlap('document', 'link') }}
    {%- if may_name_instalments %}

    union all

    -- an allocation may name only the instalment
    {{ _moved(relation, plural, columns, 'part.invoice_id') }}
    inner join {{ _instalments_left_out() }} as part
        on
            document.invoice_id is null
            and document.instalment_id = part.instalment_id
    inner join {{ ref('int_receivables__invoice_links_judged') }} as link
        on
            part.invoice_id = link.invoice_id
            and link.is_ever_left_out
            and {{ lives_overlap('document', 'link') }}
    {%- endif %}
)
{%- endmacro %}

{% macro _moved(relation, plural, columns, invoice_id) -%}
    {#- money that does not count stays where it was, outside of the ledger -#}
    {%- set moves = 'link.kept_invoice_id is not null' -%}
    {%- if plural == 'allocations' -%}
        {%- set moves = moves ~ ' and (document.payment_id is null or link.payments_count)' -%}
    {%- endif -%}
    {%- set said = {
        'stated_invoice_id': invoice_id,
        'instalment_id': 'case when ' ~ moves ~ ' then null else document.instalment_id end',
        'item_id': 'case when ' ~ moves ~ ' then null else document.item_id end',
    } -%}
    {%- if plural == 'invoices' -%}
        {%- do said.update({
            'status': "case when link.kept_invoice_id is null then document.status else 'elsewhere' end",
        }) -%}
    {%- else -%}
        {%- do said.update({
            'invoice_id': 'case when ' ~ moves ~ ' then link.kept_invoice_id else document.invoice_id end',
        }) -%}
    {%- endif -%}
    {%- if plural == 'allocations' -%}
        {#- where the invoice and its credit note both stand elsewhere, so does what one settled of the other -#}
        {%- set is_elsewhere = moves ~ " and not starts_with(document.credit_note_id, document.source || ':')" -%}
        {%- do said.update({
            'is_deleted': 'document.is_deleted or (document.credit_note_id is not null and ' ~ is_elsewhere ~ ')',
        }) -%}
    {%- endif -%}
    {{ select_under('link', relation, columns, said) }}
{%- endmacro %}

{% macro _instalments_left_out() -%}
(
    select distinct
        instalment.instalment_id,
        instalment.invoice_id
    from {{ ref('stg_files__instalments') }} as instalment
    where
        instalment.invoice_id in (
            select link.invoice_id
            from {{ ref('int_receivables__invoice_links_judged') }} as link
            where link.is_ever_left_out
        )
)
{%- endmacro %}

{#- A credit note that stands in two sources counts once: what was settled with the one that is left out, or given back of
    it, is of the one that is kept. -#}
{% macro as_credited_once(relation, plural, columns) -%}
{%- set said = {
    'credit_notes': {'status': "case when link.kept_invoice_id is null then document.status else 'elsewhere' end"},
    'allocations': {'credit_note_id': 'coalesce(link.kept_invoice_id, document.credit_note_id)'},
    'refunds': {'credit_note_id': 'coalesce(link.kept_invoice_id, document.credit_note_id)'},
} -%}
(
    select {{ columns | join(', ') }}
    from {{ relation }} as document
    where
        document.credit_note_id is null
        or not exists (
            select 1
            from {{ ref('int_receivables__credit_note_links_judged') }} as link
            where link.invoice_id = document.credit_note_id and link.is_ever_left_out
        )

    union all

    {{ select_under('link', relation, columns, said[plural]) }}
    inner join {{ ref('int_receivables__credit_note_links_judged') }} as link
        on
            document.credit_note_id = link.invoice_id
            and link.is_ever_left_out
            and {{ lives_overlap('document', 'link') }}
)
{%- endmacro %}

{#- The invoices of all sources that are owed, or the credit notes that count, in each version, with the customer with
    which they count. -#}
{% macro documents_to_link(plural) -%}
    {%- set id = plural[:-1] ~ '_id' -%}
    {%- set columns = [
        id, 'company_id', 'customer_id', 'source', 'document_number', 'status', 'currency_code', 'total_amount',
        'is_deleted', 'recorded_from', 'recorded_to',
    ] -%}
    {%- set counts = "status not in ('void', 'deleted', 'draft')" -%}
    {%- if plural == 'invoices' -%}
        {%- do columns.append('document_type') -%}
        {%- set counts = "document_type not in ('credit_note', 'bill') and status in ('open', 'paid')" -%}
    {%- endif -%}
    {%- for system, plurals in var('systems').items() if var('payment_books') and plural in plurals %}
        {%- set relation = ref('stg_' ~ system ~ '__' ~ plural) | string -%}
        {%- if system in var('linked_systems') -%}
            {%- set relation = as_linked(relation, columns) -%}
        {%- endif %}
    select
        {{ id }} as invoice_id,
        company_id,
        customer_id,
        source,
        nullif(upper(trim(document_number)), '') as document_number,
        upper(substr({{ id }}, length(source) + 2)) as own_id,
        currency_code,
        total_amount,
        {{ payments_rank(system) }} as kind_rank,
        recorded_from,
        recorded_to
    from {{ relation }} as stated
    where
        not is_deleted
        and {{ counts }}
    union all
    {%- endfor %}
    {{ no_rows({
        'invoice_id': 'text', 'company_id': 'text', 'customer_id': 'text', 'source': 'text',
        'document_number': 'text', 'own_id': 'text', 'currency_code': 'text', 'total_amount': 'numeric(24, 6)',
        'kind_rank': 'integer', 'recorded_from': 'timestamp with time zone',
        'recorded_to': 'timestamp with time zone',
    }) }}
{%- endmacro %}

{#- Two invoices that may be the same one: the columns of the first, and of the second as its master. -#}
{% macro pair_of(one, master) -%}
    {{ one }}.invoice_id,
    {{ one }}.company_id,
    {{ one }}.source,
    {{ one }}.kind_rank,
    {{ master }}.invoice_id as master_invoice_id,
    {{ master }}.source as master_source,
    {{ master }}.kind_rank as master_kind_rank
{%- endmacro %}

{#- What sources keep as reference of an invoice, of those that stage it; of credit notes none does. -#}
{% macro document_references(plural) -%}
    {%- for system, plurals in var('systems').items() if var('payment_books') and 'invoice_references' in plurals and plural == 'invoices' %}
    select
        invoice_id,
        upper(trim(reference_code)) as reference_code,
        recorded_from,
        recorded_to
    from {{ ref('stg_' ~ system ~ '__invoice_references') }}
    where not is_deleted
    union all
    {%- endfor %}
    {{ no_rows({
        'invoice_id': 'text', 'reference_code': 'text', 'recorded_from': 'timestamp with time zone',
        'recorded_to': 'timestamp with time zone',
    }) }}
{%- endmacro %}
