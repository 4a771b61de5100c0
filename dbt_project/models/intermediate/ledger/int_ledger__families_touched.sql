{{ config(materialized='table', unlogged=true, post_hook="{{ analyze(this) }}") }}

with

touched as (
    select * from {{ ref('int_ledger__documents_touched') }}
),

entries as (
    select * from {{ ref('fct_ledger_entries') }}
),

-- a full build reads no list: touched is empty then
families as (
    select distinct entries.family_id
    from entries
    where entries.origin_id in (select touched.document_type || ':' || touched.document_id from touched)
)

select * from families
