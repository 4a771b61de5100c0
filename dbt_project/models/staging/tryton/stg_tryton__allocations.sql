with

invoices as (
    select * from {{ source('tryton', 'account_invoice') }}
),

lines as (
    select * from {{ source('tryton', 'account_move_line') }}
),

pairs as (
    select * from {{ ref('stg_tryton__lines_paired') }}
),

-- whether a line lowers the debt by money, and under which id it is staged
settling as (
    select
        *,
        invoice is null and not is_cancellation as is_money,
        case when is_credit_note then source || ':' || invoice else source || ':line:' || id end as credit_id
    from lines
    where coalesce(move_journal_type, '') <> 'write-off'
),

of_reconciliations as (
    select
        -- ids
        pairs.source || ':' || pairs.id || ':' || pairs.line as allocation_id,
        case
            when settling.is_money and pairs.is_mixed then pairs.source || ':' || pairs.id || ':' || pairs.currency
            when settling.is_money then pairs.source || ':' || pairs.id
        end as payment_id,
        case when not settling.is_money then settling.credit_id end as credit_note_id,
        pairs.source || ':' || coalesce(pairs.invoice, 'line:' || pairs.line) as invoice_id,
        case when pairs.invoice is not null then pairs.source || ':' || pairs.line end as instalment_id,
        pairs.source,

        -- amounts
        pairs.settled_amount as allocated_amount,

        -- dates
        pairs.settled_date as allocated_date,

        -- versions
        pairs.is_deleted or settling.move_state = 'draft' as is_deleted,
        pairs.recorded_from,
        pairs.recorded_to
    from pairs
    inner join settling
        on
            pairs.source = settling.source
            and pairs.id = settling.id
            and pairs.recorded_from = settling.recorded_from
),

linked as (
    select
        invoices.source,
        invoices.id as invoice,
        invoices.total_amount,
        invoices.invoice_date,
        invoices.is_deleted,
        invoices.recorded_from,
        invoices.recorded_to,
        {{ json_text('item', 'line') }} as line
    from invoices
    {{ json_items('invoices.payment_lines', 'item') }}
),

-- a part payment: kept for the invoice as a whole, until its line is reconciled
of_links as (
    select
        -- ids
        linked.source || ':' || linked.line || ':invoice:' || linked.invoice as allocation_id,
        case when linked.total_amount >= 0 and settling.is_money then settling.source || ':' || settling.id end
            as payment_id,
        case
            when linked.total_amount < 0 then linked.source || ':' || linked.invoice
            when not settling.is_money then settling.credit_id
        end as credit_note_id,
        case
            when linked.total_amount < 0 then settling.source || ':line:' || settling.id
            else linked.source || ':' || linked.invoice
        end as invoice_id,
        cast(null as text) as instalment_id,
        linked.source,

        -- amounts
        abs(settling.amount) as allocated_amount,

        -- dates
        greatest(settling.move_date, linked.invoice_date) as allocated_date,

        -- versions
        linked.is_deleted or settling.is_deleted or settling.move_state = 'draft' as is_deleted,
        {{ later_start('linked', 'settling') }} as recorded_from,
        {{ earlier_end('linked', 'settling') }} as recorded_to
    from linked
    inner join settling
        on
            linked.source = settling.source
            and linked.line = settling.id
            and {{ lives_overlap('linked', 'settling') }}
    where
        settling.reconciliation is null
        -- a credit note is given back by a line that raises the debt
        and (settling.amount < 0) = (linked.total_amount >= 0)
),

-- the other side of a plan that was taken back, for instance: it lowers the debt of its own invoice as it stands
of_further_moves as (
    select
        -- ids
        source || ':' || id || ':own' as allocation_id,
        cast(null as text) as payment_id,
        credit_id as credit_note_id,
        source || ':' || invoice as invoice_id,
        cast(null as text) as instalment_id,
        source,

        -- amounts
        -amount as allocated_amount,

        -- dates
        move_date as allocated_date,

        -- versions
        is_deleted or move_state = 'draft' as is_deleted,
        recorded_from,
        recorded_to
    from settling
    where
        amount < 0
        and invoice is not null
        and not is_credit_note
        and reconciliation is null
),

unioned as (
    select * from of_reconciliations
    union all
    select * from of_links
    union all
    select * from of_further_moves
)

select * from unioned
