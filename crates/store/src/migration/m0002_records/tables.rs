//! The record tables as they were when their migration was written, and their provenance.

/// A model's table.
pub(super) struct Records {
    pub(super) table: &'static str,
    pub(super) external_id: &'static str,
    /// Name and type of each, separated by commas.
    pub(super) columns: &'static str,
}

/// Written out: a migration must not change with the schemas. A test holds both equal for as long
/// as no later migration adds a column.
pub(super) const RECORDS: &[Records] = &[
    Records {
        table: "companies",
        external_id: "company_external_id",
        columns: "company_external_id text, name text, description text, domain text, \
             registered_name text, trade_name text, registered_value text, \
             registry_country text, tax_id_value text, tax_id_type text, email text, \
             phone text, website text, street text, city text, region text, postal_code text, \
             country text",
    },
    Records {
        table: "people",
        external_id: "people_external_id",
        columns: "people_external_id text, full_name text, first_name text, last_name text, \
             job_title text, email text, phone text, company_external_id text, \
             company_name text",
    },
    Records {
        table: "invoices",
        external_id: "invoice_external_id",
        columns: "invoice_external_id text, invoice_number text, reference_number text, \
             status text, issue_date {date}, due_date {date}, document_type_code text, \
             local_currency text, items_total {decimal}, tax_total {decimal}, \
             grand_total {decimal}, balance_due {decimal}, paid_amount {decimal}, terms text, \
             description text, issuer_external_id text, issuer_name text, \
             receiver_external_id text, receiver_name text, items {json}",
    },
    Records {
        table: "transactions",
        external_id: "transaction_external_id",
        columns: "transaction_external_id text, account_external_id text, \
             instructed_amount {decimal}, instructed_amount_currency text, \
             booking_date {date}, value_date {date}, executed_at {time}, status text, \
             scheme text, remittance {json}, counterparty_name text",
    },
    Records {
        table: "accounts",
        external_id: "account_external_id",
        columns: "account_external_id text, account_name text, type text, subtype text, \
             account_number text, iban text, bic text, routing_number text, sort_code text, \
             currency text, balance {decimal}, bank_name text, holder_name text",
    },
    Records {
        table: "ledger_accounts",
        external_id: "ledger_account_external_id",
        columns: "ledger_account_external_id text, account_number text, name text, \
             description text, account_type text, account_class bigint, is_active boolean, \
             parent_external_id text",
    },
    Records {
        table: "journals",
        external_id: "journal_external_id",
        columns: "journal_external_id text, code text, name text, journal_type text, \
             is_active boolean, default_debit_account_external_id text, \
             default_credit_account_external_id text",
    },
    Records {
        table: "journal_entries",
        external_id: "journal_entry_external_id",
        columns: "journal_entry_external_id text, journal_external_id text, journal_code text, \
             entry_number text, entry_date {date}, label text, status text, currency text, \
             lines {json}",
    },
    Records {
        table: "emails",
        external_id: "email",
        columns: "email text, display_name text, label text, is_primary boolean, \
             people_external_id text, company_external_id text",
    },
    Records {
        table: "payment_means",
        external_id: "payment_means_external_id",
        columns: "payment_means_external_id text, name text, type text, iban text, bic text, \
             account_number text, routing_number text, sort_code text, bank_name text, \
             holder_name text, card_brand text, card_last4 text, card_exp_month bigint, \
             card_exp_year bigint, currency text, holder_external_id text, \
             account_external_id text",
    },
    Records {
        table: "invoice_transactions",
        external_id: "invoice_transaction_external_id",
        columns: "invoice_transaction_external_id text, invoice_external_id text, \
             invoice_number text, transaction_external_id text, amount {decimal}, \
             currency text, allocated_on {date}",
    },
    Records {
        table: "documents",
        external_id: "document_external_id",
        columns: "document_external_id text, filename text, path text, type text, size bigint, \
             url text, uploaded_at {time}, company_external_id text",
    },
];

pub(in crate::migration) const MODELS: &str = "'company', 'people', 'invoice', 'transaction', 'account', 'ledger_account', 'journal', \
    'journal_entry', 'email', 'payment_means', 'invoice_transaction', 'document'";

pub(super) const REASONS: &str = "'no_suitable_tool', 'tool_not_found', 'auth_scope_insufficient', 'tool_execution_failed', \
    'empty_result', 'jsonata_generation_failed', 'schema_drift_detected', 'jury_run', \
    'jury_partial', 'jury_disagreement', 'jury_quorum_lost', 'blueprint_persistence_failed', \
    'mapped_entities_dropped', 'mapped_entities_partial_drop', 'fk_parent_missing', \
    'entity_persist_failed', 'sync_fk_dag_cycle', 'regression_reverted', 'target_skipped', \
    'structured_pipeline_degraded', 'structured_pipeline_fell_back_to_legacy', \
    'mapping_generation_hard_fail', 'tool_selection_pinned'";
