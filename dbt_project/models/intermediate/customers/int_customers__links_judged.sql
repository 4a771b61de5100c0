{{
    config(
        materialized='table',
        unlogged=true,
        indexes=[{'columns': ['customer_id']}],
        post_hook="{{ analyze(this) }}",
    )
}}

with

rules as (
    select * from {{ ref('stg_files__link_rules') }}
    where not is_deleted
),

linkable_customers as (
    {{ customers_to_link(are_masters=false) }}
),

master_customers as (
    {{ customers_to_link(are_masters=true) }}
),

linkable_stated as (
    {{ customer_keys('linkable_customers') }}
),

master_stated as (
    {{ customer_keys('master_customers') }}
),

references_kept as (
    {{ customer_references() }}
),

-- a reference that another system keeps of the customer is the code that the customer has in the books; one that the
-- books keep is the code that the customer has in the other system
{% for side, own_code, reference in [('linkable', 'kept in the books: ', ''), ('master', '', 'kept in the books: ')] %}
    {{ side }}_keys as (
        select * from {{ side }}_stated
        union all
        select
            customer_id,
            company_id,
            'reference' as rule,
            '{{ own_code }}' || key_value as key_value,
            tax_number,
            recorded_from,
            recorded_to
        from {{ side }}_stated
        where rule = 'code'
        union all
        select
            customers.customer_id,
            customers.company_id,
            'reference' as rule,
            '{{ reference }}' || references_kept.reference_code as key_value,
            customers.tax_number,
            {{ later_start('customers', 'references_kept') }} as recorded_from,
            {{ earlier_end('customers', 'references_kept') }} as recorded_to
        from {{ side }}_customers as customers
        inner join references_kept
            on
                customers.customer_id = references_kept.customer_id
                and {{ lives_overlap('customers', 'references_kept') }}
    ),
{% endfor %}

pairs_found as (
    select
        linkable_keys.customer_id,
        master_keys.customer_id as master_customer_id,
        linkable_keys.rule,
        case
            when linkable_keys.tax_number <> master_keys.tax_number then 1
            else 0
        end as is_contradicted,
        {{ later_start('linkable_keys', 'master_keys') }} as recorded_from,
        {{ earlier_end('linkable_keys', 'master_keys') }} as recorded_to
    from linkable_keys
    inner join master_keys
        on
            linkable_keys.company_id = master_keys.company_id
            and linkable_keys.rule = master_keys.rule
            and linkable_keys.key_value = master_keys.key_value
            and {{ lives_overlap('linkable_keys', 'master_keys') }}
),

pairs as (
    select
        pairs_found.customer_id,
        pairs_found.master_customer_id,
        pairs_found.rule,
        rules.position,
        pairs_found.is_contradicted,
        {{ later_start('pairs_found', 'rules') }} as recorded_from,
        {{ earlier_end('pairs_found', 'rules') }} as recorded_to
    from pairs_found
    inner join rules
        on
            pairs_found.rule = rules.rule
            and {{ lives_overlap('pairs_found', 'rules') }}

    union all

    -- what a person linked goes before all rules
    select
        customer_id,
        master_customer_id,
        'link' as rule,
        0 as position,
        0 as is_contradicted,
        recorded_from,
        recorded_to
    from rules
    where kind = 'link'
),

parted as (
    select
        customer_id,
        master_customer_id,
        recorded_from,
        recorded_to
    from rules
    where kind = 'never'
),

-- whoever is the master of another one stays for itself
named_masters as (
    select
        master_customer_id as customer_id,
        recorded_from,
        recorded_to
    from rules
    where kind = 'link'
),

spans as (
    {{ spans_of(['pairs', 'parted', 'named_masters'], ['customer_id']) }}
),

candidates as (
    select
        spans.customer_id,
        spans.recorded_from,
        pairs.master_customer_id,
        pairs.rule,
        pairs.is_contradicted,
        rank() over (
            partition by spans.customer_id, spans.recorded_from
            order by pairs.is_contradicted, pairs.position
        ) as place
    from spans
    inner join pairs
        on
            spans.customer_id = pairs.customer_id
            and {{ is_known('pairs', 'spans.recorded_from') }}
    left join parted
        on
            pairs.customer_id = parted.customer_id
            and pairs.master_customer_id = parted.master_customer_id
            and {{ is_known('parted', 'spans.recorded_from') }}
    left join named_masters
        on
            pairs.customer_id = named_masters.customer_id
            and {{ is_known('named_masters', 'spans.recorded_from') }}
    where
        parted.customer_id is null
        and named_masters.customer_id is null
),

-- one rule gives one customer, or nobody knows which one is meant
decided as (
    select
        customer_id,
        recorded_from,
        min(rule) as rule,
        min(master_customer_id) as first_candidate_id,
        max(master_customer_id) as last_candidate_id,
        count(distinct master_customer_id) as candidates,
        case
            when max(is_contradicted) = 1 then 'contradicted'
            when count(distinct master_customer_id) > 1 then 'ambiguous'
            else 'linked'
        end as status
    from candidates
    where place = 1
    group by
        customer_id,
        recorded_from
),

judged as (
    select
        spans.customer_id,
        decided.status,
        decided.rule,
        decided.first_candidate_id,
        decided.last_candidate_id,
        decided.candidates,
        spans.recorded_from
    from spans
    left join decided
        on
            spans.customer_id = decided.customer_id
            and spans.recorded_from = decided.recorded_from
    where spans.customer_id in (select pairs.customer_id from pairs)
),

stretches as (
    {{
        stretches_of(
            'judged',
            ['customer_id'],
            ['status', 'rule', 'first_candidate_id', 'last_candidate_id', 'candidates'],
        )
    }}
),

links as (
    select
        customer_id,
        case when status = 'linked' then first_candidate_id end as linked_customer_id,
        status,
        rule,
        first_candidate_id,
        last_candidate_id,
        candidates,
        max(case when status = 'linked' then 1 else 0 end) over (partition by customer_id) = 1 as is_ever_linked,
        recorded_from,
        recorded_to
    from stretches
)

select * from links
