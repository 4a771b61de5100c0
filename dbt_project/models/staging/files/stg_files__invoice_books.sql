select
    company_id,
    kept_source,
    position,
    source,
    is_deleted,
    recorded_from,
    recorded_to
from {{ source('files', 'invoice_books') }}
