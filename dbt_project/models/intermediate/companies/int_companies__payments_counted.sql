{{ config(materialized='table', unlogged=true, post_hook="{{ analyze(this) }}") }}

with

sources as (
    select * from {{ ref('int_companies__payment_sources') }}
),

books as (
    select * from {{ ref('stg_files__payment_books') }}
),

sources_heard as (
    select
        company_id,
        recorded_from,
        {{ forever() }} as recorded_to
    from sources
),

spans as (
    {{ spans_of(['sources_heard', 'books'], ['company_id']) }}
),

books_held as (
    select
        spans.company_id,
        spans.recorded_from,
        books.counted_source
    from spans
    inner join books
        on
            spans.company_id = books.company_id
            and not books.is_deleted
            and {{ is_known('books', 'spans.recorded_from') }}
),

configured as (
    select distinct
        company_id,
        recorded_from
    from books_held
),

first_kind as (
    select
        spans.company_id,
        spans.recorded_from,
        min(sources.payments_rank) as payments_rank
    from spans
    inner join sources
        on
            spans.company_id = sources.company_id
            and spans.recorded_from >= sources.recorded_from
    group by
        spans.company_id,
        spans.recorded_from
),

judged as (
    select
        spans.company_id,
        sources.source,
        case
            when configured.company_id is not null then books_held.counted_source is not null
            else sources.payments_rank <= coalesce(first_kind.payments_rank, sources.payments_rank)
        end as is_counted,
        spans.recorded_from,
        spans.recorded_to
    from spans
    inner join sources on spans.company_id = sources.company_id
    left join configured
        on
            spans.company_id = configured.company_id
            and spans.recorded_from = configured.recorded_from
    left join books_held
        on
            spans.company_id = books_held.company_id
            and spans.recorded_from = books_held.recorded_from
            and sources.source = books_held.counted_source
    left join first_kind
        on
            spans.company_id = first_kind.company_id
            and spans.recorded_from = first_kind.recorded_from
),

-- a document begins a new life only where the answer changes
stretches as (
    {{ stretches_of('judged', ['company_id', 'source'], ['is_counted']) }}
),

stretches_compared as (
    select
        company_id,
        source,
        is_counted,
        recorded_from,
        recorded_to,
        min(case when is_counted then 1 else 0 end) over (partition by company_id, source) as always_counts
    from stretches
),

counted as (
    select
        company_id,
        source,
        is_counted,
        recorded_from,
        recorded_to
    from stretches_compared
    where always_counts = 0
)

select * from counted
