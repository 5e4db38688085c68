//! One field that finds anything: an id of ours, or what a provider or a person calls a record.

use domain::TargetModel;
use domain::reference::{as_known, handle};
use uuid::Uuid;

use crate::error::Error;
use crate::records::{Lookup, table};
use crate::sql::{Bind, Sql};
use crate::{Store, Tenant, cell};

domain::words! {
    /// What an id is of.
    Kind, "kind of thing" {
        Diagnostic = "diagnostic",
        Run = "run",
        Connector = "connector",
        Mapping = "mapping",
        Record = "record",
    }
}

domain::words! {
    /// Where a record is that was found by its name.
    Whereabouts, "whereabouts" { Stored = "stored", Waiting = "waiting", Rejected = "rejected" }
}

/// A record that was found by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub whereabouts: Whereabouts,
    pub model: TargetModel,
    pub external_id: String,
    /// Of a stored one.
    pub record_id: Option<Uuid>,
}

/// Hits of each kind that are given.
const MOST: i64 = 20;

/// What in the workspace has this id; the model of a record. Two things never share one.
pub async fn by_id(
    store: &Store,
    tenant: &Tenant,
    id: Uuid,
) -> Result<Option<(Kind, Option<TargetModel>)>, Error> {
    let mut sql = store.sql();
    for (kind, table, column) in [
        (Kind::Diagnostic, "connector_sync_diagnostics", "diagnostic_id"),
        (Kind::Run, "workspace_connector_sync_logs", "sync_log_id"),
        (Kind::Connector, "workspace_connectors", "workspace_connector_id"),
        (Kind::Mapping, "connector_mappings", "connector_mapping_id"),
    ] {
        has(&mut sql, tenant, (kind, ""), (table, column), id);
        sql.push(" and deleted_at is null union all ");
    }
    for (at, model) in TargetModel::ALL.iter().enumerate() {
        sql.push(if at > 0 { " union all " } else { "" });
        let table = table::name(*model);
        has(&mut sql, tenant, (Kind::Record, model.as_str()), (table, "record_id"), id);
    }
    let Some((kind, model)) = store.fetch::<(String, String)>(sql).await?.into_iter().next() else {
        return Ok(None);
    };
    let model = (!model.is_empty()).then(|| cell::word(&model)).transpose()?;
    Ok(Some((cell::word(&kind)?, model)))
}

fn has(
    sql: &mut Sql,
    tenant: &Tenant,
    (kind, model): (Kind, &str),
    (table, column): (&str, &str),
    id: Uuid,
) {
    sql.push(&format!("select '{kind}', '{model}' from {table}"));
    cell::of_tenant(sql, tenant, "workspace_pk");
    sql.push(&format!(" and {column} = ")).bind(Bind::Id(id));
}

/// Records of any model with exactly this identifier, or that people call so: stored ones, and those
/// that wait or were rejected. Two statements.
pub async fn by_name(store: &Store, tenant: &Tenant, name: &str) -> Result<Vec<Hit>, Error> {
    let mut hits = Vec::new();
    type Row = (String, String, Option<String>, Option<Uuid>);
    for sql in [stored(store, tenant, name), missing(store, tenant, name)] {
        for (whereabouts, model, external_id, record_id) in store.fetch::<Row>(sql).await? {
            let hit = Hit {
                whereabouts: cell::word(&whereabouts)?,
                model: cell::word(&model)?,
                external_id: external_id.unwrap_or_else(|| name.to_owned()),
                record_id,
            };
            if !hits.contains(&hit) {
                hits.push(hit);
            }
        }
    }
    Ok(hits)
}

fn stored(store: &Store, tenant: &Tenant, name: &str) -> Sql {
    let mut sql = store.sql();
    for (at, model) in TargetModel::ALL.iter().enumerate() {
        sql.push(if at > 0 { " union all " } else { "" });
        records(&mut sql, tenant, *model, (model.external_id(), name));
        if let Some((by, known_as)) = known(*model, name) {
            sql.push(" union all ");
            records(&mut sql, tenant, *model, (table::lookup(*model, Lookup::By(by)), &known_as));
        }
    }
    sql.push(" limit ").number(MOST);
    sql
}

fn known(model: TargetModel, name: &str) -> Option<(domain::reference::NaturalKey, String)> {
    Some((handle(model)?.1, as_known(model, name)?))
}

fn records(sql: &mut Sql, tenant: &Tenant, model: TargetModel, (column, value): (&str, &str)) {
    let (table, external_id) = (table::name(model), model.external_id());
    sql.push(&format!("select 'stored', '{model}', \"{external_id}\", record_id from {table}"));
    cell::of_tenant(sql, tenant, "workspace_pk");
    if column == external_id && !table::is_shared(model) {
        // The key of a record has its connector before its identifier.
        own(sql, tenant, "source_workspace_connector_pk");
    }
    sql.push(&format!(" and \"{column}\" = ")).text_bind(value);
}

fn own(sql: &mut Sql, tenant: &Tenant, column: &str) {
    sql.push(&format!(
        " and {column} in (select pk from workspace_connectors where workspace_pk = "
    ));
    sql.number(tenant.workspace_pk).push(")");
}

fn missing(store: &Store, tenant: &Tenant, name: &str) -> Sql {
    let none = if store.is_postgres() { "cast(null as uuid)" } else { "null" };
    let mut sql = store.sql();
    let mut arms = 0;
    for (word, table) in [("waiting", "pending_entities"), ("rejected", "rejected_entities")] {
        for model in TargetModel::ALL {
            for (column, value) in [
                ("external_id", Some(name.to_owned())),
                ("known_as", known(*model, name).map(|it| it.1)),
            ] {
                let Some(value) = value else { continue };
                sql.push(if arms > 0 { " union all " } else { "" });
                arms += 1;
                sql.push(&format!("select '{word}', '{model}', external_id, {none} from {table}"));
                cell::of_tenant(&mut sql, tenant, "workspace_pk");
                if table == "pending_entities" && column == "external_id" {
                    own(&mut sql, tenant, "workspace_connector_pk");
                }
                sql.push(" and target_model = ").text_bind(model.as_str());
                sql.push(&format!(" and {column} = ")).text_bind(value);
            }
        }
    }
    sql.push(" limit ").number(MOST);
    sql
}
