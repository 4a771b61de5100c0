{#- Which documents (invoices, credit notes) look like one of another source, by which rule, or what speaks against it.
    Whatever they are, their ids are called invoice_id here. -#}
{% macro documents_paired(plural) -%}
with

rules as (
    select * from {{ ref('stg_files__invoice_link_rules') }}
    where not is_deleted
),

invoices as (
    {{ documents_to_link(plural) }}
),

invoice_references as (
    {{ document_references(plural) }}
),

references_held as (
    select
        invoices.invoice_id,
        invoices.company_id,
        invoices.customer_id,
        invoices.source,
        invoices.kind_rank,
        invoices.currency_code,
        invoices.total_amount,
        invoice_references.reference_code,
        {{ later_start('invoices', 'invoice_references') }} as recorded_from,
        {{ earlier_end('invoices', 'invoice_references') }} as recorded_to
    from invoices
    inner join invoice_references
        on
            invoices.invoice_id = invoice_references.invoice_id
            and {{ lives_overlap('invoices', 'invoice_references') }}
),

-- the same number means something only with the same customer
numbers_shared as (
    select
        {{ pair_of('invoices', 'others') }},
        'number' as rule,
        case
            when invoices.currency_code <> others.currency_code then 'currency'
            when invoices.total_amount <> others.total_amount then 'amount'
        end as problem,
        {{ later_start('invoices', 'others') }} as recorded_from,
        {{ earlier_end('invoices', 'others') }} as recorded_to
    from invoices
    inner join invoices as others
        on
            invoices.company_id = others.company_id
            and invoices.document_number = others.document_number
            and invoices.customer_id = others.customer_id
            and invoices.source <> others.source
            and {{ lives_overlap('invoices', 'others') }}
),

-- one of them keeps the number of the other, or its id; what else has that number by chance is of another customer and
-- amount, or (an id may be a small number) not the same in all
references_met as (
    select
        {{ pair_of('references_held', 'named') }},
        'reference' as rule,
        case
            when references_held.customer_id <> named.customer_id then 'customer'
            when references_held.currency_code <> named.currency_code then 'currency'
            when references_held.total_amount <> named.total_amount then 'amount'
        end as problem,
        {{ later_start('references_held', 'named') }} as recorded_from,
        {{ earlier_end('references_held', 'named') }} as recorded_to
    from references_held
    inner join invoices as named
        on
            references_held.company_id = named.company_id
            and references_held.reference_code = named.document_number
            and references_held.source <> named.source
            and {{ lives_overlap('references_held', 'named') }}
    where
        references_held.customer_id = named.customer_id
        or (
            references_held.currency_code = named.currency_code
            and references_held.total_amount = named.total_amount
        )

    union distinct

    select
        {{ pair_of('references_held', 'named') }},
        'reference' as rule,
        cast(null as text) as problem,
        {{ later_start('references_held', 'named') }} as recorded_from,
        {{ earlier_end('references_held', 'named') }} as recorded_to
    from references_held
    inner join invoices as named
        on
            references_held.company_id = named.company_id
            and references_held.reference_code = named.own_id
            and references_held.customer_id = named.customer_id
            and references_held.currency_code = named.currency_code
            and references_held.total_amount = named.total_amount
            and references_held.source <> named.source
            and {{ lives_overlap('references_held', 'named') }}
),

-- whichever of the two keeps the reference, each looks like the other
found as (
    select * from numbers_shared
    union all
    select * from references_met
    union all
    select
        master_invoice_id as invoice_id,
        company_id,
        master_source as source,
        master_kind_rank as kind_rank,
        invoice_id as master_invoice_id,
        source as master_source,
        kind_rank as master_kind_rank,
        rule,
        problem,
        recorded_from,
        recorded_to
    from references_met
),

pairs as (
    select
        found.invoice_id,
        found.company_id,
        found.source,
        found.kind_rank,
        found.master_invoice_id,
        found.master_source,
        found.master_kind_rank,
        found.rule,
        rules.position,
        found.problem,
        {{ later_start('found', 'rules') }} as recorded_from,
        {{ earlier_end('found', 'rules') }} as recorded_to
    from found
    inner join rules
        on
            found.rule = rules.rule
            and rules.kind = 'rule'
            and {{ lives_overlap('found', 'rules') }}

    union all

    -- what a person linked goes before all rules, while both are owed
    select
        {{ pair_of('invoices', 'masters') }},
        'link' as rule,
        0 as position,
        cast(null as text) as problem,
        greatest(invoices.recorded_from, masters.recorded_from, rules.recorded_from) as recorded_from,
        least(invoices.recorded_to, masters.recorded_to, rules.recorded_to) as recorded_to
    from rules
    inner join invoices
        on
            rules.invoice_id = invoices.invoice_id
            and {{ lives_overlap('rules', 'invoices') }}
    inner join invoices as masters
        on
            rules.master_invoice_id = masters.invoice_id
            and {{ lives_overlap('rules', 'masters') }}
            and {{ lives_overlap('invoices', 'masters') }}
    where
        rules.kind = 'link'
    {%- if plural == 'credit_notes' %}
        -- what is linked is named by its id, which may also be that of an invoice
        and invoices.customer_id = masters.customer_id
        and invoices.currency_code = masters.currency_code
    {%- endif %}
)

select * from pairs
{%- endmacro %}
