{{ config(materialized='table', unlogged=true, post_hook="{{ analyze(this) }}") }}

with

sources as (
    select * from {{ ref('int_companies__payment_sources') }}
),

books as (
    select * from {{ ref('stg_files__payment_books') }}
),

changes as (
    select
        company_id,
        recorded_from,
        {{ forever() }} as recorded_to
    from sources
    union all
    select
        company_id,
        recorded_from,
        recorded_to
    from books
),

moments as (
    {{ moments_of('changes', ['company_id']) }}
),

spans as (
    select
        company_id,
        recorded_from,
        {{ until_next(['company_id']) }} as recorded_to
    from moments
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
        configured.company_id is not null as is_configured,
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

changes_marked as (
    select
        company_id,
        source,
        is_configured,
        is_counted,
        recorded_from,
        min(case when is_counted then 1 else 0 end) over (partition by company_id, source) as always_counts,
        lag(case when is_counted then 1 else 0 end) over (
            partition by company_id, source order by recorded_from
        ) as last_counted
    from judged
),

-- a document begins a new life only where the answer changes
counted as (
    select
        company_id,
        source,
        is_configured,
        is_counted,
        recorded_from,
        {{ until_next(['company_id', 'source']) }} as recorded_to
    from changes_marked
    where
        always_counts = 0
        and (last_counted is null or last_counted <> case when is_counted then 1 else 0 end)
)

select * from counted
