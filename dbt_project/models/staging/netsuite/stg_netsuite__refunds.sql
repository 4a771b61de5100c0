with

transactions as (
    select * from {{ source('netsuite', 'transaction') }}
),

linked as (
    select
        transactions.source,
        transactions.id,
        transactions.type,
        transactions.cartera_company_id,
        transactions.entity,
        transactions.tranid,
        transactions.currency,
        transactions.trandate,
        {{ json_text('item', 'previousdoc') }} as other_id,
        {{ json_text('item', 'previoustype') }} as other_type,
        abs(cast({{ json_text('item', 'foreignamount') }} as numeric(24, 6))) as amount,
        transactions.is_deleted or transactions.voided = 'T' or transactions.posting = 'F' as is_deleted,
        transactions.recorded_from,
        transactions.recorded_to
    from transactions
    {{ json_items('transactions.applied', 'item') }}
),

-- a refund names the credit it paid back; a credit may also be used up by a journal entry
used as (
    select
        linked.*,
        case when type = 'CustRfnd' then other_id else id end as credit_id,
        case when type = 'CustRfnd' then other_type else type end as credit_type
    from linked
    where
        type = 'CustRfnd'
        or other_type <> 'CustInvc'
),

renamed as (
    select
        -- ids
        source || ':' || id || ':' || other_id as refund_id,
        cartera_company_id as company_id,
        source || ':' || entity as customer_id,
        case when credit_type <> 'CustCred' then source || ':' || credit_id end as payment_id,
        case when credit_type = 'CustCred' then source || ':' || credit_id end as credit_note_id,
        source,

        -- attributes
        entity as customer_code,
        coalesce(tranid, id) as document_number,
        currency as currency_code,
        other_type as reason,

        -- amounts
        amount as refunded_amount,

        -- dates
        trandate as refund_date,

        -- versions
        is_deleted,
        recorded_from,
        recorded_to
    from used
)

select * from renamed
