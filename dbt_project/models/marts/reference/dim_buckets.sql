with

buckets as (
    {{ bucket_rows() }}
)

select * from buckets
