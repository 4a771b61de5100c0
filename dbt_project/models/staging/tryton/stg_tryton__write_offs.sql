with

lines as (
    select * from {{ source('tryton', 'account_move_line') }}
),

pairs as (
    select * from {{ ref('stg_tryton__lines_paired') }}
),

written_off as (
    select
        -- ids
        pairs.source || ':' || pairs.id || ':' || pairs.line as write_off_id,
        pairs.source || ':' || coalesce(pairs.invoice, 'line:' || pairs.line) as invoice_id,
        case when pairs.invoice is not null then pairs.source || ':' || pairs.line end as instalment_id,
        pairs.source,

        -- attributes
        coalesce(lines.description, lines.move_description) as reason,

        -- amounts
        pairs.settled_amount as written_off_amount,

        -- dates
        pairs.settled_date as write_off_date,
        cast(null as date) as reversed_date,

        -- versions
        pairs.is_deleted or lines.move_state = 'draft' as is_deleted,
        pairs.recorded_from,
        pairs.recorded_to
    from pairs
    inner join lines
        on
            pairs.source = lines.source
            and pairs.id = lines.id
            and pairs.recorded_from = lines.recorded_from
    where
        lines.move_journal_type = 'write-off'
        and lines.invoice is null
        and not lines.is_cancellation
)

select * from written_off
