select
    company_id,
    counted_source,
    source,
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('files', 'payment_books') }}
