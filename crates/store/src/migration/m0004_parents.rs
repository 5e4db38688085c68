//! Parents are found by what records call them, waiting rows are released, and old ones go.

use sea_orm::{DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::run;

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0004_parents"
    }
}

#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait declares it so, and async_trait must match"
)]
#[async_trait::async_trait]
impl MigrationTrait for Step {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let database = manager.get_connection();
        if manager.get_database_backend() == DbBackend::Postgres {
            // Where the owner is no superuser, the policies would hide the rows to be filled.
            run(database, "select core_api.enter_operator('on')").await?;
        }
        run(database, COLUMNS).await?;
        run(database, FILL).await?;
        run(database, INDEXES).await?;
        for (table, external_id) in PARENTS {
            let index =
                format!("create index {table}_parent_idx on {table} (workspace_pk, {external_id})");
            run(database, &index).await?;
        }
        Ok(())
    }
}

const COLUMNS: &str = "
alter table sync_ledger add column released bigint not null default 0;
alter table companies add column name_key text;
alter table companies add column email_key text;
alter table people add column name_key text;
alter table people add column email_key text;
alter table invoices add column number_key text;
alter table accounts add column holder_external_id text";

/// As near to what the binary writes as SQL comes; the next change of a record sets it right.
const FILL: &str = "
update companies set name_key = lower(trim(name)) where length(name) <= 250;
update companies set email_key = lower(trim(email)) where length(email) <= 250;
update people set name_key = lower(trim(full_name)) where length(full_name) <= 250;
update people set email_key = lower(trim(email)) where length(email) <= 250;
update invoices set number_key = trim(invoice_number) where length(invoice_number) <= 250";

const INDEXES: &str = "
create index companies_name_idx on companies (workspace_pk, name_key);
create index companies_email_idx on companies (workspace_pk, email_key);
create index people_name_idx on people (workspace_pk, name_key);
create index people_email_idx on people (workspace_pk, email_key);
create index invoices_number_idx on invoices (workspace_pk, number_key);
create index accounts_iban_idx on accounts (workspace_pk, iban);
create index pending_entities_age_idx on pending_entities (workspace_connector_pk, updated_at)";

/// Models that others refer to, and the key by which they do, whichever connector it is of.
const PARENTS: &[(&str, &str)] = &[
    ("companies", "company_external_id"),
    ("people", "people_external_id"),
    ("accounts", "account_external_id"),
    ("invoices", "invoice_external_id"),
    ("transactions", "transaction_external_id"),
    ("ledger_accounts", "ledger_account_external_id"),
    ("journals", "journal_external_id"),
];
