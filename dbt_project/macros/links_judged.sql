{#- Which documents of documents_paired are the same as one of another source that is kept in their place, by which rule,
    or why that can't be said. -#}
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
