"""What `serve_fixture` serves of segments and risk: few and simple, with the names and columns of the real ones.

Who has anything past due by more than 30 days is `slow`, everybody else `prompt`; the second scheme has one segment.
Every rate is 25 percent; the young cohort is that of the as-of date's month. Placed debts are what is past due.
"""

FUNCTIONS = """
create table marts_a.dim_segment_rules as
    select * from (values
        ('payer_behaviour', 'How it pays.', 1, 1, 'slow'), ('payer_behaviour', 'How it pays.', 1, 2, 'prompt'),
        ('sector', 'What it does.', 2, 1, 'unclassified')
    ) as rules (scheme, description, scheme_position, position, segment)
    cross join (select 1 as conditions, 'late'::text as measure, null::numeric as at_least_amount,
        null::numeric as below_amount, null::text as value, timestamptz '2020-01-01 00:00:00+00' as recorded_from,
        timestamptz '9999-12-31 00:00:00+00' as recorded_to) as always;
create view serve.dim_segment_rules as select * from marts_a.dim_segment_rules;

create or replace function serve.customer_segments(p_as_of date, p_known_at timestamptz) returns table (
    company_id text, customer_id text, scheme text, segment text
) language sql stable as $$
    select company_id, customer_id, 'payer_behaviour',
        case when bool_or(days_past_due > 30) then 'slow' else 'prompt' end
    from serve.open_items(p_as_of, p_known_at) group by 1, 2
    union all
    select distinct company_id, customer_id, 'sector', 'unclassified' from serve.open_items(p_as_of, p_known_at)
$$;

create or replace function serve.fixture_late(p_as_of date, p_known_at timestamptz) returns table (
    company_id text, currency_code text, owed numeric, late numeric, items bigint
) language sql stable as $$
    select company_id, currency_code, sum(open_amount),
        coalesce(sum(open_amount) filter (where days_past_due > 0), 0), count(*)
    from serve.open_items(p_as_of, p_known_at) where item_type = 'instalment' group by 1, 2
$$;

create or replace function serve.debt_moves(
    p_as_of date, p_known_at timestamptz, p_period_days integer, p_periods integer
) returns table (
    company_id text, currency_code text, owed numeric, late numeric, items bigint
) language sql stable as $$
    select * from serve.fixture_late(p_as_of, p_known_at)
$$;

create or replace function serve.roll_rates_of(p_rows jsonb) returns table (
    company_id text, currency_code text, method text, basis text, bucket text, next_bucket text, numerator numeric,
    denominator numeric, roll_rate_pct numeric, flow_through_pct numeric, reason text
) language sql stable as $$
    select company_id, currency_code, method, basis, bucket, next_bucket, late / 4, late,
        case when late > 0 then 25 end, null::numeric,
        case when late = 0 then 'nothing was in this bucket at the beginning of a period' end
    from jsonb_to_recordset(p_rows) as rows (company_id text, currency_code text, late numeric),
        unnest(array['tracked', 'net_flow']) as method,
        unnest(array['amount', 'count']) as basis,
        (values ('not_due', '1-30'), ('1-30', '31-60'), ('120+', 'written_off')) as steps (bucket, next_bucket)
$$;

create or replace function serve.transitions_of(p_rows jsonb) returns table (
    company_id text, currency_code text, from_state text, to_state text, items bigint, amount numeric,
    items_pct numeric, amount_pct numeric
) language sql stable as $$
    select company_id, currency_code, from_state, to_state, items, owed * part / 100, part, part
    from jsonb_to_recordset(p_rows) as rows (company_id text, currency_code text, owed numeric, items bigint),
        (values ('not_due', '1-30', 25), ('not_due', 'paid', 75), ('1-30', '31-60', 25), ('1-30', 'paid', 75))
        as moves (from_state, to_state, part)
$$;

create or replace function serve.cure_rates(
    p_as_of date, p_known_at timestamptz, p_horizon_days integer, p_cure_days integer, p_min_days_past_due integer
) returns table (
    company_id text, currency_code text, basis text, delinquent numeric, cured numeric, redefaulted numeric,
    written_off numeric, cure_rate_pct numeric, redefault_rate_pct numeric, reason text
) language sql stable as $$
    select company_id, currency_code, basis, 4, 1, 0, 0, 25, 0, null
    from serve.fixture_late(p_as_of, p_known_at), unnest(array['count', 'amount']) as basis
$$;

create or replace function serve.placement_changes(
    p_as_of date, p_known_at timestamptz, p_days_past_due integer, p_step_days integer, p_months integer
) returns table (
    company_id text, currency_code text, owed numeric, items bigint, cohort_month date
) language sql stable as $$
    select company_id, currency_code, owed, items, date_trunc('month', p_as_of)::date
    from serve.fixture_late(p_as_of, p_known_at)
$$;

create or replace function serve.vintages_of(
    p_rows jsonb, p_as_of date, p_step_days integer, p_steps integer
) returns table (
    company_id text, currency_code text, cohort_month date, step integer, days_since_placement integer,
    is_complete boolean, placed_items bigint, placed_amount numeric, collected_amount numeric,
    credited_amount numeric, written_off_amount numeric, open_amount numeric, collected_pct numeric, reason text
) language sql stable as $$
    select company_id, currency_code, case when is_cohort then cohort_month end, step, step * p_step_days, is_complete,
        items, owed, owed / 4, 0, 0, owed * 3 / 4, 25, null
    from jsonb_to_recordset(p_rows)
        as rows (company_id text, currency_code text, owed numeric, items bigint, cohort_month date),
        (values (true, 0, true), (true, 1, false), (false, 0, true)) as cohorts (is_cohort, step, is_complete)
$$;

create or replace function serve.liquidation_rates_of(p_rows jsonb) returns table (
    company_id text, currency_code text, cohort_month date, placed_items bigint, placed_amount numeric,
    collected_amount numeric, credited_amount numeric, written_off_amount numeric, open_amount numeric,
    liquidation_rate_pct numeric
) language sql stable as $$
    select company_id, currency_code, case when is_cohort then cohort_month end, items, owed, owed / 4, 0, owed / 4,
        owed / 2, 25
    from jsonb_to_recordset(p_rows)
        as rows (company_id text, currency_code text, owed numeric, items bigint, cohort_month date),
        (values (true), (false)) as cohorts (is_cohort)
$$;

create or replace function serve.expected_losses(
    p_as_of date, p_known_at timestamptz, p_factor numeric, p_history_days integer, p_loss_days integer
) returns table (
    company_id text, currency_code text, segment text, bucket text, entered_items bigint, entered_amount numeric,
    unpaid_amount numeric, roll_rate numeric, loss_rate numeric, factor numeric, applied_rate numeric,
    balance_amount numeric, ecl_amount numeric, ecl_pct numeric, reason text
) language sql stable as $$
    select company_id, currency_code, 'all', 'not_due', 10::bigint, 400::numeric, 4::numeric, 0.01, 0.01, p_factor,
        least(1, 0.01 * p_factor), owed, owed * least(1, 0.01 * p_factor), 100 * least(1, 0.01 * p_factor), null
    from serve.fixture_late(p_as_of, p_known_at)
    union all
    select company_id, currency_code, 'all', 'total', null, null, null, null, null, p_factor, null, owed,
        owed * least(1, 0.01 * p_factor), 100 * least(1, 0.01 * p_factor), null
    from serve.fixture_late(p_as_of, p_known_at)
$$;
"""

PREBUILT = """
create table marts_a.fct_customer_segments as select * from serve.customer_segments(%(as_of)s, %(known_at)s);
create view serve.fct_customer_segments as select * from marts_a.fct_customer_segments;
create table marts_a.fct_segment_memberships as
    with ends as (
        select (date_trunc('month', %(as_of)s::date) - interval '1 month' - interval '1 day')::date as earlier,
            (date_trunc('month', %(as_of)s::date) - interval '1 day')::date as later
    )
    select members.*, ends.earlier as valid_from, ends.later as valid_to
    from ends, serve.customer_segments(ends.earlier, %(known_at)s) as members
    union all
    select members.*, ends.later, date '9999-12-31'
    from ends, serve.customer_segments(ends.later, %(known_at)s) as members;
create view serve.fct_segment_memberships as select * from marts_a.fct_segment_memberships;
"""
