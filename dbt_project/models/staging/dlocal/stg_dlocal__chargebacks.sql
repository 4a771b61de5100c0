with

transactions as (
    select * from {{ ref('stg_dlocal__transactions') }}
),

-- the first one, should a payment have several
reversals_ranked as (
    select
        source,
        payment_reference as record_key,
        creation_date as reversed_date,
        recorded_from,
        recorded_to,
        dense_rank() over (partition by source, payment_reference order by reference) as reversal_rank
    from transactions
    where type = 'Chargeback Reversal' and payment_reference is not null and not is_deleted
),

reversals_first as (
    select * from reversals_ranked
    where reversal_rank = 1
),

reversals as (
    {{ with_gaps('reversals_first', ['reversed_date']) }}
),

renamed as (
    select
        -- ids
        transactions.source || ':' || transactions.reference as chargeback_id,
        transactions.cartera_company_id as company_id,
        transactions.source || ':' || transactions.customer_code as customer_id,
        transactions.source || ':' || transactions.payment_reference as payment_id,
        cast(null as text) as invoice_id,
        cast(null as text) as instalment_id,
        transactions.source,

        -- attributes
        transactions.customer_code,
        transactions.reference as document_number,
        transactions.currency_code,
        cast(null as text) as reason,

        -- amounts
        transactions.amount as charged_back_amount,

        -- dates
        transactions.creation_date as chargeback_date,
        coalesce(
            reversals.reversed_date,
            case when transactions.status = 'reimbursed' then transactions.settlement_date end,
            case when transactions.status = 'reimbursed' then transactions.creation_date end
        ) as reversed_date,

        -- versions
        transactions.is_deleted
        or transactions.status
        in ('pending', 'in process', 'waiting details', 'cancelled', 'rejected', 'expired', 'authorized')
            as is_deleted,
        {{ joined_from('transactions', 'reversals') }} as recorded_from,
        {{ joined_to('transactions', 'reversals') }} as recorded_to
    from transactions
    left join reversals
        on
            transactions.source = reversals.source
            and transactions.payment_reference = reversals.record_key
            and {{ lives_overlap('transactions', 'reversals') }}
    where transactions.type = 'Chargeback'
)

select * from renamed
