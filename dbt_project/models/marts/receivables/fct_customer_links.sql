with

links as (
    select * from {{ ref('int_customers__links_judged') }}
),

-- as the build knew it
versions as (
    select
        customer_id,
        linked_customer_id,
        status,
        rule,
        first_candidate_id,
        last_candidate_id,
        candidates,
        recorded_from,
        {{ known_end() }} as recorded_to
    from links
    where
        status is not null
        and recorded_from <= {{ known_at() }}
)

select * from versions
