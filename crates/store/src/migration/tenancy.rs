//! Tenancy inside PostgreSQL: the schema, the role that serves, and the policies of a table.
//!
//! The policies compare in a way that no index can serve, on purpose: a statement names its
//! workspace itself, and the policy only agrees or hides. What a statement may see is set by the
//! statement (`enter`), for its own transaction; where nothing was set, nothing is shown.

use crate::postgres::{ROLE, SCHEMA};

/// Idempotent: what must be there before the first table.
pub(crate) fn before() -> String {
    format!(
        "create schema if not exists {SCHEMA};
         do $$ begin
           if not exists (select from pg_roles where rolname = '{ROLE}') then
             create role {ROLE} nologin;
           end if;
         exception when duplicate_object or unique_violation then null;
         end $$;
         do $$ begin
           if not pg_has_role(current_user, '{ROLE}', 'member') then
             execute format('grant {ROLE} to %I', current_user);
           end if;
         end $$;
         grant usage on schema {SCHEMA} to {ROLE};
         create or replace function {SCHEMA}.enter(given text) returns boolean
           language sql volatile as
           $$ select set_config('wireline.tenants', given, true) is not null $$;
         create or replace function {SCHEMA}.tenants() returns bigint[]
           language sql stable as
           $$ select string_to_array(
                nullif(current_setting('wireline.tenants', true), ''), ',')::bigint[] $$;
         create or replace function {SCHEMA}.enter_operator(given text) returns boolean
           language sql volatile as
           $$ select set_config('wireline.operator', given, true) is not null $$;
         create or replace function {SCHEMA}.is_operator() returns boolean
           language sql stable as
           $$ select coalesce(current_setting('wireline.operator', true), '') = 'on' $$;
         create or replace function {SCHEMA}.enter_key(given text) returns boolean
           language sql volatile as
           $$ select set_config('wireline.key_hash', given, true) is not null $$;
         create or replace function {SCHEMA}.key_hash() returns bytea
           language sql stable as
           $$ select decode(nullif(current_setting('wireline.key_hash', true), ''), 'hex') $$;"
    )
}

/// Idempotent: what the service may do to the tables that are there now.
pub(crate) fn grants() -> String {
    format!(
        "grant select, insert, update, delete on all tables in schema {SCHEMA} to {ROLE};
         grant usage, select on all sequences in schema {SCHEMA} to {ROLE};
         grant execute on all functions in schema {SCHEMA} to {ROLE};
         revoke insert, update, delete on {SCHEMA}.seaql_migrations from {ROLE};
         grant usage on schema apalis to {ROLE};
         grant select, insert, update, delete on all tables in schema apalis to {ROLE};"
    )
}

/// The policies of a table whose rows each belong to one workspace.
pub(crate) fn policies(table: &str) -> String {
    policies_on(table, "workspace_pk")
}

/// The same where another column names the workspace.
pub(crate) fn policies_on(table: &str, column: &str) -> String {
    let own = own(column);
    format!(
        "alter table {table} enable row level security;
         alter table {table} force row level security;
         create policy {table}_tenant on {table} using ({own}) with check ({own});
         create policy {table}_operator on {table}
           using ((select {SCHEMA}.is_operator())) with check ((select {SCHEMA}.is_operator()));"
    )
}

/// For a catalogue: rows without a workspace are everyone's to read and the operator's to write.
pub(crate) fn catalogue_policies(table: &str) -> String {
    format!(
        "{}
         create policy {table}_global on {table} for select using (workspace_pk is null);",
        policies(table)
    )
}

/// A row of one of the tenants that the statement entered.
fn own(column: &str) -> String {
    format!("array_position((select {SCHEMA}.tenants()), {column}) is not null")
}
