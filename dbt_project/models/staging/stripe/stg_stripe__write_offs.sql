-- what is paid after all is not written off any more
select
    -- ids
    source || ':' || id || ':uncollectible' as write_off_id,
    source || ':' || id as invoice_id,
    cast(null as text) as instalment_id,
    source,

    -- attributes
    'uncollectible' as reason,

    -- amounts
    amount_remaining as written_off_amount,

    -- dates
    {{ utc_date('marked_uncollectible_at') }} as write_off_date,
    cast(null as date) as reversed_date,

    -- versions
    is_deleted or status <> 'uncollectible' as is_deleted,
    recorded_from,
    recorded_to
from {{ source('stripe', 'invoice') }}
where marked_uncollectible_at is not null
