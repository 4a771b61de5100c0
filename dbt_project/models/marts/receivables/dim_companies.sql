with

stated as (
    select * from {{ ref('int_companies__currencies_stated') }}
),

settings as (
    select * from {{ ref('int_companies__settings_resolved') }}
),

-- by company and the currency its documents name: few rows, whatever the number of documents
currencies_stated as (
    select
        company_id,
        case when is_stated then company_currency_code end as company_currency_code,
        min(recorded_from) as recorded_from
    from stated
    group by
        company_id,
        case when is_stated then company_currency_code end
),

-- of several currencies the one named first counts, for ever: what was known before a second came does not change
currencies_ranked as (
    select
        company_id,
        company_currency_code,
        recorded_from,
        row_number() over (partition by company_id order by recorded_from, company_currency_code) as currency_rank
    from currencies_stated
    where company_currency_code is not null
),

currencies as (
    select *
    from currencies_ranked
    where currency_rank = 1
),

moments as (
    select
        company_id,
        recorded_from
    from currencies_stated
    union distinct
    select
        company_id,
        recorded_from
    from settings
),

first_heard as (
    select
        company_id,
        recorded_from
    from currencies_stated
    union all
    select
        company_id,
        recorded_from
    from settings
    where is_set
),

firsts as (
    select
        company_id,
        min(recorded_from) as first_recorded_at
    from first_heard
    group by company_id
),

described as (
    select
        moments.company_id,
        firsts.first_recorded_at,
        coalesce(settings.name, moments.company_id) as name,
        coalesce(settings.company_currency_code, currencies.company_currency_code) as company_currency_code,
        settings.calendar_id,
        coalesce(settings.due_date_rule, 'as_stated') as due_date_rule,
        moments.recorded_from
    from moments
    inner join firsts
        on
            moments.company_id = firsts.company_id
            and moments.recorded_from >= firsts.first_recorded_at
    left join settings
        on
            moments.company_id = settings.company_id
            and {{ is_known('settings', 'moments.recorded_from') }}
    left join currencies
        on
            moments.company_id = currencies.company_id
            and moments.recorded_from >= currencies.recorded_from
),

companies as (
    select
        company_id,
        first_recorded_at,
        name,
        company_currency_code,
        calendar_id,
        due_date_rule,
        recorded_from,
        {{ until_next(['company_id']) }} as recorded_to
    from described
)

select * from companies
