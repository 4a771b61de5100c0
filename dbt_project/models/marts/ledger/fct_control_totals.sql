with

controls as (
    select * from {{ ref('stg_files__controls') }}
),

books as (
    select * from {{ ref('int_companies__payments_counted') }}
),

-- books in which payments stand that do not count here state another total than the ledger
totals as (
    select
        controls.source,
        controls.company_id,
        controls.currency_code,
        case when coalesce(books.is_counted, true) then controls.control_amount end as control_amount,
        controls.tolerance_amount,
        {{ joined_from('controls', 'books') }} as recorded_from,
        {{ joined_to('controls', 'books') }} as recorded_to
    from controls
    left join books
        on
            controls.company_id = books.company_id
            and controls.source = books.source
            and {{ lives_overlap('controls', 'books') }}
    where not controls.is_deleted
)

select * from totals
