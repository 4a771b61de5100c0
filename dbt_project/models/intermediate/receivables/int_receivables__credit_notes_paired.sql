{{ documents_paired('credit_notes') }}
