with

instalments as (
    select * from {{ ref('int_receivables__instalments_unioned') }}
),

moved as (
    select * from {{ ref('int_companies__due_dates_moved') }}
),

due as (
    select
        instalments.instalment_id,
        instalments.invoice_id,
        instalments.company_id,
        instalments.customer_id,
        instalments.source,
        instalments.document_number,
        instalments.currency_code,
        instalments.company_currency_code,
        instalments.document_fx_rate,
        instalments.instalment_amount,
        instalments.is_itemised,
        instalments.is_disputed,
        instalments.issue_date,
        coalesce(moved.due_date, instalments.due_date) as due_date,
        instalments.due_date as stated_due_date,
        {{ joined_from('instalments', 'moved') }} as recorded_from,
        {{ joined_to('instalments', 'moved') }} as recorded_to
    from instalments
    left join moved
        on
            instalments.company_id = moved.company_id
            and instalments.due_date = moved.stated_due_date
            and {{ lives_overlap('instalments', 'moved') }}
)

select * from due
