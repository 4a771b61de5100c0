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


{#- Which of them are the same as one of another source that is kept in their place, by which rule, or why that can't be
    said. -#}
{% macro links_judged(plural) -%}
with

rules as (
    select * from {{ ref('stg_files__invoice_link_rules') }}
    where not is_deleted
),

books as (
    select * from {{ ref('stg_files__invoice_books') }}
    where not is_deleted
),

payments_counted as (
    select * from {{ ref('int_companies__payments_counted') }}
),

pairs as (
    select * from {{ ref('int_receivables__' ~ plural ~ '_paired') }}
),

parted as (
    select
        invoice_id,
        master_invoice_id,
        recorded_from,
        recorded_to
    from rules
    where kind = 'never'
    union all
    select
        master_invoice_id as invoice_id,
        invoice_id as master_invoice_id,
        recorded_from,
        recorded_to
    from rules
    where kind = 'never'
),

-- whoever is the master of another one is kept
named_masters as (
    select
        master_invoice_id as invoice_id,
        recorded_from,
        recorded_to
    from rules
    where kind = 'link'
),

-- two invoices of one source may both look like one of another: nobody knows which of them it is
rivals as (
    select
        pairs.invoice_id,
        pairs.master_invoice_id,
        pairs.position,
        others.invoice_id as rival_invoice_id,
        {{ later_start('pairs', 'others') }} as recorded_from,
        {{ earlier_end('pairs', 'others') }} as recorded_to
    from pairs
    inner join pairs as others
        on
            pairs.master_invoice_id = others.master_invoice_id
            and pairs.source = others.source
            and pairs.invoice_id <> others.invoice_id
            and pairs.position >= others.position
            and {{ lives_overlap('pairs', 'others') }}
    where others.problem is null
),

-- what parts a rival from the master makes way for this one
rivals_parted as (
    select
        rivals.invoice_id,
        parted.recorded_from,
        parted.recorded_to
    from rivals
    inner join parted on rivals.rival_invoice_id = parted.invoice_id
),

invoices_of_companies as (
    select distinct
        invoice_id,
        company_id
    from pairs
),

books_of_invoices as (
    select
        invoices_of_companies.invoice_id,
        books.recorded_from,
        books.recorded_to
    from invoices_of_companies
    inner join books on invoices_of_companies.company_id = books.company_id
),

spans as (
    {{
        spans_of(
            ['pairs', 'parted', 'named_masters', 'rivals', 'rivals_parted', 'books_of_invoices'],
            ['invoice_id'],
        )
    }}
),

rivals_known as (
    select distinct
        spans.invoice_id,
        spans.recorded_from,
        rivals.master_invoice_id,
        rivals.position
    from spans
    inner join rivals
        on
            spans.invoice_id = rivals.invoice_id
            and {{ is_known('rivals', 'spans.recorded_from') }}
    left join parted
        on
            rivals.rival_invoice_id = parted.invoice_id
            and rivals.master_invoice_id = parted.master_invoice_id
            and {{ is_known('parted', 'spans.recorded_from') }}
    where parted.invoice_id is null
),

-- who stands earlier in the company's order is kept; without one books go before documents and gateways
ranked as (
    select
        spans.invoice_id,
        spans.recorded_from,
        pairs.company_id,
        pairs.source,
        pairs.master_invoice_id,
        pairs.rule,
        pairs.position,
        pairs.problem,
        rivals_known.invoice_id is not null as is_rivalled,
        pairs.rule = 'link'
        or own_books.company_id is not null
        or master_books.company_id is not null as is_configured,
        case
            when pairs.rule = 'link' then 1
            else coalesce(own_books.position, 1000 + pairs.kind_rank)
        end as own_rank,
        case
            when pairs.rule = 'link' then 0
            else coalesce(master_books.position, 1000 + pairs.master_kind_rank)
        end as master_rank
    from spans
    inner join pairs
        on
            spans.invoice_id = pairs.invoice_id
            and {{ is_known('pairs', 'spans.recorded_from') }}
    left join books as own_books
        on
            pairs.company_id = own_books.company_id
            and pairs.source = own_books.kept_source
            and {{ is_known('own_books', 'spans.recorded_from') }}
    left join books as master_books
        on
            pairs.company_id = master_books.company_id
            and pairs.master_source = master_books.kept_source
            and {{ is_known('master_books', 'spans.recorded_from') }}
    left join parted
        on
            pairs.invoice_id = parted.invoice_id
            and pairs.master_invoice_id = parted.master_invoice_id
            and {{ is_known('parted', 'spans.recorded_from') }}
    left join named_masters
        on
            pairs.invoice_id = named_masters.invoice_id
            and {{ is_known('named_masters', 'spans.recorded_from') }}
    left join rivals_known
        on
            spans.invoice_id = rivals_known.invoice_id
            and spans.recorded_from = rivals_known.recorded_from
            and pairs.master_invoice_id = rivals_known.master_invoice_id
            and pairs.position = rivals_known.position
    where
        parted.invoice_id is null
        and named_masters.invoice_id is null
),

candidates as (
    select
        ranked.*,
        rank() over (
            partition by invoice_id, recorded_from
            order by case when problem is null then 0 else 1 end, position, master_rank
        ) as place
    from ranked
    where master_rank <= own_rank
),

decided as (
    select
        invoice_id,
        recorded_from,
        min(company_id) as company_id,
        min(source) as source,
        min(rule) as rule,
        min(master_invoice_id) as first_candidate_id,
        max(master_invoice_id) as last_candidate_id,
        count(distinct master_invoice_id) as candidates,
        min(problem) as problem,
        case
            when min(problem) is not null then 'contradicted'
            when count(distinct master_invoice_id) > 1 or max(case when is_rivalled then 1 else 0 end) = 1
                then 'ambiguous'
            when max(master_rank) = max(own_rank) then 'undecided'
            else 'left_out'
        end as status,
        max(case when is_configured then 1 else 0 end) = 1 as is_configured
    from candidates
    where place = 1
    group by
        invoice_id,
        recorded_from
),

judged as (
    select
        spans.invoice_id,
        decided.company_id,
        decided.source,
        case when decided.status = 'left_out' then decided.first_candidate_id end as kept_invoice_id,
        decided.status,
        decided.rule,
        decided.problem,
        decided.is_configured,
        decided.first_candidate_id,
        decided.last_candidate_id,
        decided.candidates,
        spans.recorded_from,
        spans.recorded_to
    from spans
    left join decided
        on
            spans.invoice_id = decided.invoice_id
            and spans.recorded_from = decided.recorded_from
    where spans.invoice_id in (select pairs.invoice_id from pairs)
),

-- the one that is kept may itself be left out for a third one, and that for a fourth
{% for earlier, later in [('judged', 'followed'), ('followed', 'followed_on')] %}
    {{ later }} as (
        select
            earlier.invoice_id,
            earlier.company_id,
            earlier.source,
            coalesce(next_one.kept_invoice_id, earlier.kept_invoice_id) as kept_invoice_id,
            earlier.status,
            earlier.rule,
            earlier.problem,
            earlier.is_configured,
            earlier.first_candidate_id,
            earlier.last_candidate_id,
            earlier.candidates,
            {{ joined_from('earlier', 'next_one') }} as recorded_from,
            {{ joined_to('earlier', 'next_one') }} as recorded_to
        from {{ earlier }} as earlier
        left join judged as next_one
            on
                earlier.kept_invoice_id = next_one.invoice_id
                and {{ lives_overlap('earlier', 'next_one') }}
    ),
{% endfor %}

-- whether its own source's payments count: only then they are the kept one's
counted as (
    select
        followed_on.invoice_id,
        followed_on.kept_invoice_id,
        followed_on.status,
        followed_on.rule,
        followed_on.problem,
        followed_on.is_configured,
        followed_on.first_candidate_id,
        followed_on.last_candidate_id,
        followed_on.candidates,
        coalesce(payments_counted.is_counted, true) as payments_count,
        {{ joined_from('followed_on', 'payments_counted') }} as recorded_from
    from followed_on
    left join payments_counted
        on
            followed_on.company_id = payments_counted.company_id
            and followed_on.source = payments_counted.source
            and {{ lives_overlap('followed_on', 'payments_counted') }}
),

stretches as (
    {{
        stretches_of(
            'counted',
            ['invoice_id'],
            [
                'kept_invoice_id', 'status', 'rule', 'problem', 'is_configured', 'payments_count',
                'first_candidate_id', 'last_candidate_id', 'candidates',
            ],
        )
    }}
),

links as (
    select
        invoice_id,
        kept_invoice_id,
        status,
        rule,
        problem,
        is_configured,
        payments_count,
        first_candidate_id,
        last_candidate_id,
        candidates,
        max(case when kept_invoice_id is null then 0 else 1 end) over (partition by invoice_id) = 1 as is_ever_left_out,
        recorded_from,
        recorded_to
    from stretches
)

select * from links
{%- endmacro %}
