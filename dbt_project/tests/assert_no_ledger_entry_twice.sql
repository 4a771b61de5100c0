-- one entry per record, kind of movement, item and version: what stood twice would count twice.
-- dim_buckets is named so that no model waits for this test (dbt holds back what descends from all that a test names),
-- the flows so that it runs after them, beside the balances, which keep one core busy for long.
-- depends_on: {{ ref('dim_buckets') }}, {{ ref('fct_daily_flows') }}
with

entries as (
    select * from {{ ref('fct_ledger_entries') }}
),

touched as (
    select document_type || ':' || document_id as origin_id
    from {{ ref('int_ledger__documents_touched') }}
)

select
    ledger_entry_id,
    count(*) as occurrences
from entries
{% if is_partial_build() %}
    where origin_id in (select touched.origin_id from touched)
{% endif %}
group by ledger_entry_id
having count(*) > 1
