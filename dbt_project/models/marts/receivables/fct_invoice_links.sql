with

links as (
    select * from {{ ref('int_receivables__invoice_links_judged') }}
),

-- as the build knew it
versions as (
    select
        invoice_id,
        kept_invoice_id,
        status,
        rule,
        problem,
        first_candidate_id,
        last_candidate_id,
        candidates,
        is_configured,
        recorded_from,
        {{ known_end() }} as recorded_to
    from links
    where
        status is not null
        and recorded_from <= {{ known_at() }}
)

select * from versions
