{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='family_id',
        on_schema_change='fail',
        indexes=[
            {'columns': ['lookup_class', 'lookup_date']},
            {'columns': ['family_id']},
            {'columns': ['customer_id']},
        ],
        pre_hook="{{ sort_large_groups() }}",
        post_hook=["{{ index_unless_there(this, 'settled_date', only=is_overpaid()) }}", "{{ analyze(this) }}"],
    )
}}

with

accumulated as (
    select * from {{ ref('int_ledger__balances_accumulated') }}
),

pools_spread as (
    select * from {{ ref('int_ledger__pools_spread') }}
),

items as (
    select * from {{ ref('dim_items') }}
),

families_spread as (
    select distinct family_id from pools_spread
),

balances_unioned as (
    select
        family_id,
        item_id,
        false as is_pool,
        is_sliced,
        cast(null as text) as invoice_id,
        cast(null as text) as company_id,
        cast(null as text) as customer_id,
        cast(null as text) as currency_code,
        balance_amount,
        paid_amount,
        written_off_amount,
        settled_date,
        valid_from,
        valid_to,
        recorded_from,
        recorded_to
    from accumulated
    where family_id not in (select families_spread.family_id from families_spread)

    union all

    select
        family_id,
        item_id,
        is_pool,
        is_sliced,
        invoice_id,
        company_id,
        customer_id,
        currency_code,
        balance_amount,
        paid_amount,
        written_off_amount,
        settled_date,
        valid_from,
        valid_to,
        recorded_from,
        recorded_to
    from pools_spread
),

balances_described as {{ read_in_place() }} (
    select
        balances.family_id,
        balances.item_id,
        balances.is_sliced,
        coalesce(items.item_type, 'pool') as item_type,
        coalesce(items.company_id, balances.company_id) as company_id,
        coalesce(items.customer_id, balances.customer_id) as customer_id,
        coalesce(items.invoice_id, balances.invoice_id) as invoice_id,
        coalesce(items.document_number, balances.invoice_id) as document_number,
        items.issue_date,
        items.due_date,
        coalesce(items.currency_code, balances.currency_code) as currency_code,
        items.company_currency_code,
        items.document_fx_rate,
        coalesce(items.item_amount, -balances.balance_amount) as item_amount,
        coalesce(items.is_disputed, false) as is_disputed,
        items.recorded_from as item_recorded_from,
        balances.balance_amount as open_amount,
        balances.paid_amount > 0 as is_paid,
        balances.written_off_amount > 0 as is_written_off,
        -- not before it was issued
        case
            when balances.settled_date is not null
                then greatest(balances.settled_date, coalesce(items.issue_date, balances.settled_date))
        end as settled_date,
        balances.valid_from,
        balances.valid_to,
        balances.recorded_from,
        balances.recorded_to
    from balances_unioned as balances
    left join items
        on
            balances.item_id = items.item_id
            and {{ is_known('items', 'balances.recorded_from') }}
    where
        (balances.is_pool or items.item_id is not null)
        -- only debts are followed after they are settled; a payment or credit note used up is done
        and (balances.balance_amount <> 0 or items.item_type in ('instalment', 'chargeback'))
),

-- what is known the same after something else was learned goes on
balances_compared as (
    select
        balances_described.*,
        lag(recorded_to) over moments_so_far as last_recorded_to,
        lag(valid_to) over moments_so_far as last_valid_to,
        lag(open_amount) over moments_so_far as last_open_amount,
        lag(is_paid) over moments_so_far as last_is_paid,
        lag(is_written_off) over moments_so_far as last_is_written_off,
        lag(settled_date) over moments_so_far as last_settled_date,
        lag(item_recorded_from) over moments_so_far as last_item_recorded_from,
        lag(company_id) over moments_so_far as last_company_id,
        lag(customer_id) over moments_so_far as last_customer_id,
        lag(currency_code) over moments_so_far as last_currency_code
    from balances_described
    where is_sliced
    window moments_so_far as (partition by item_id, valid_from order by recorded_from)
),

changes_marked as (
    select
        balances_compared.*,
        case
            when
                last_recorded_to = recorded_from
                and last_valid_to = valid_to
                and last_open_amount = open_amount
                and last_is_paid = is_paid
                and last_is_written_off = is_written_off
                and last_company_id = company_id
                and last_customer_id = customer_id
                and last_currency_code = currency_code
                and coalesce(last_settled_date, {{ forever_date() }}) = coalesce(settled_date, {{ forever_date() }})
                and coalesce(last_item_recorded_from, {{ forever() }}) = coalesce(item_recorded_from, {{ forever() }})
                then 0
            else 1
        end as is_change
    from balances_compared
),

lives_numbered as (
    select
        changes_marked.*,
        sum(is_change) over (
            partition by item_id, valid_from
            order by recorded_from
            rows between unbounded preceding and current row
        ) as life_number
    from changes_marked
),

lives_ended as (
    select
        lives_numbered.*,
        max(recorded_to) over (partition by item_id, valid_from, life_number) as life_recorded_to
    from lives_numbered
),

{% set columns = [
    'item_id', 'item_type', 'family_id', 'company_id', 'customer_id', 'invoice_id', 'document_number', 'currency_code',
    'company_currency_code', 'document_fx_rate', 'item_amount', 'open_amount', 'is_disputed', 'is_paid',
    'is_written_off', 'issue_date', 'due_date', 'settled_date', 'valid_from', 'valid_to', 'recorded_from',
] %}
lives_unioned as (
    select
        {{ columns | join(', ') }},
        life_recorded_to as recorded_to
    from lives_ended
    where is_change = 1

    union all

    select
        {{ columns | join(', ') }},
        recorded_to
    from balances_described
    where not is_sliced
),

item_balances as (
    select
        -- ids
        item_id,
        item_type,
        family_id,
        company_id,
        customer_id,
        invoice_id,

        -- attributes
        document_number,
        currency_code,
        company_currency_code,
        document_fx_rate,

        -- amounts
        cast(item_amount as numeric(24, 6)) as item_amount,
        cast(open_amount as numeric(24, 6)) as open_amount,

        -- booleans
        is_disputed,
        is_paid,
        is_written_off,

        -- dates
        issue_date,
        due_date,
        settled_date,
        valid_from,
        valid_to,

        -- versions
        recorded_from,
        recorded_to,

        -- how it is found (macros/balances.sql)
        {{ balance_lookup_class('recorded_to') }} as lookup_class,
        {{ balance_lookup_date('recorded_to') }} as lookup_date
    from lives_unioned
)

-- as they are looked for: what is open on a day lies together on the disk, not in every second page of it
select * from item_balances
order by lookup_class, lookup_date
