{{ documents_paired('invoices') }}
