//! Reading records: one, a page of a model, and which are there.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use domain::TargetModel;
use domain::id::{SyncLogId, WorkspaceConnectorId};
use domain::schema::Kind;
use uuid::Uuid;

use super::{Record, document, table};
use crate::error::Error;
use crate::query::{Condition, Field, FieldKind, Mark, Op, Query, Slice, SortKey, Value};
use crate::sql::{Bind, Sql};
use crate::{Store, Tenant, cell, diagnostics};

pub static SORTS: &[&str] = &["created_at", "updated_at", "external_id"];

/// pk, id, external id, attributes, connector, tool, first and last run, created, updated.
type Row =
    (i64, Uuid, String, String, Option<Uuid>, String, Uuid, Uuid, DateTime<Utc>, DateTime<Utc>);

static FIELDS: LazyLock<BTreeMap<TargetModel, Vec<Field>>> =
    LazyLock::new(|| TargetModel::ALL.iter().map(|model| (*model, fields_of(*model))).collect());

/// What records of a model can be filtered on: their common members and their plain attributes.
pub fn fields(model: TargetModel) -> &'static [Field] {
    FIELDS.get(&model).map_or(&[], Vec::as_slice)
}

fn fields_of(model: TargetModel) -> Vec<Field> {
    let common = [
        Field { name: "external_id", kind: FieldKind::Text },
        Field { name: "workspace_connector", kind: FieldKind::Id },
        Field { name: "tool_name", kind: FieldKind::Text },
        Field { name: "first_seen_run", kind: FieldKind::Id },
        Field { name: "last_seen_run", kind: FieldKind::Id },
        Field { name: "created_at", kind: FieldKind::Time },
        Field { name: "updated_at", kind: FieldKind::Time },
    ];
    let own = model.schema().attributes.iter().filter_map(|it| {
        let kind = match it.kind {
            Kind::Text | Kind::Email | Kind::Uri => FieldKind::Text,
            Kind::Decimal | Kind::Integer | Kind::Money => FieldKind::Number,
            Kind::Boolean => FieldKind::Bool,
            Kind::Date | Kind::DateTime => FieldKind::Time,
            Kind::List | Kind::Object => return None,
        };
        Some(Field { name: it.name.as_str(), kind })
    });
    common.into_iter().chain(own).collect()
}

/// One record by its public id.
pub async fn find(
    store: &Store,
    tenant: &Tenant,
    model: TargetModel,
    record_id: Uuid,
) -> Result<Record, Error> {
    let mut sql = select(store, tenant, model);
    sql.push(" and t.record_id = ").bind(Bind::Id(record_id));
    let rows = store.fetch::<Row>(sql).await?;
    rows.into_iter().next().ok_or(Error::NotFound("record")).and_then(|it| record(model, it))
}

/// The records that providers know by an external id: one for each connector that has it.
pub async fn find_all(
    store: &Store,
    tenant: &Tenant,
    model: TargetModel,
    external_id: &str,
) -> Result<Vec<Record>, Error> {
    let mut sql = select(store, tenant, model);
    sql.push(&format!(" and t.\"{}\" = ", model.external_id())).text_bind(external_id);
    sql.push(" order by t.pk limit 100");
    let rows = store.fetch::<Row>(sql).await?;
    rows.into_iter().map(|it| record(model, it)).collect()
}

/// A page of a model's records, newest first unless asked otherwise.
pub async fn list(
    store: &Store,
    tenant: &Tenant,
    model: TargetModel,
    query: &Query,
) -> Result<Slice<Record>, Error> {
    let (sort, descending) = query.sort_or("created_at");
    let column = match sort {
        "updated_at" => "t.updated_at".to_owned(),
        "external_id" => format!("t.\"{}\"", model.external_id()),
        _ => "t.created_at".to_owned(),
    };
    let mut sql = select(store, tenant, model);
    asked(store, tenant, model, &mut sql, query).await?;
    sql.page(&column, "t.pk", descending, &query.page);
    let marked = store.fetch::<Row>(sql).await?.into_iter().map(|row| {
        let pk = row.0;
        let record = record(model, row)?;
        let key = match sort {
            "updated_at" => SortKey::Time(record.updated_at),
            "external_id" => SortKey::Text(record.external_id.clone()),
            _ => SortKey::Time(record.created_at),
        };
        Ok((record, Mark { key, pk }))
    });
    let mut slice = Slice::of(marked.collect::<Result<_, Error>>()?, &query.page);
    if query.page.total {
        let mut sql = store.sql();
        from(sql.push("select count(*)"), tenant, model);
        asked(store, tenant, model, &mut sql, query).await?;
        let counted = store.fetch::<(i64,)>(sql).await?;
        slice.total = Some(counted.first().map_or(0, |it| it.0.unsigned_abs()));
    }
    Ok(slice)
}

pub(super) async fn count(
    store: &Store,
    tenant: &Tenant,
    model: TargetModel,
    source: Option<(WorkspaceConnectorId, &str)>,
) -> Result<u64, Error> {
    let mut sql = store.sql();
    from(sql.push("select count(*)"), tenant, model);
    if let Some((connector, tool)) = source {
        let connector_pk = diagnostics::connector_pk(store, tenant, connector).await?;
        let Some(connector_pk) = connector_pk else { return Ok(0) };
        sql.push(" and t.source_workspace_connector_pk = ").number(connector_pk);
        sql.push(" and t.source_tool = ").text_bind(tool);
    }
    let counted = store.fetch::<(i64,)>(sql).await?;
    Ok(counted.first().map_or(0, |it| it.0.unsigned_abs()))
}

fn select(store: &Store, tenant: &Tenant, model: TargetModel) -> Sql {
    let mut sql = store.sql();
    sql.push(&format!(
        "select t.pk, t.record_id, t.\"{}\", {},
            {},
            t.source_tool, t.first_seen_run, t.last_seen_run, t.created_at, t.updated_at",
        model.external_id(),
        document::select(model, store.is_postgres()),
        cell::CONNECTOR_ID.replace("t.workspace_connector_pk", "t.source_workspace_connector_pk"),
    ));
    from(&mut sql, tenant, model);
    sql
}

fn from(sql: &mut Sql, tenant: &Tenant, model: TargetModel) {
    sql.push(" from ").push(table::name(model)).push(" t where ");
    sql.gate(tenant).push("t.workspace_pk = ").number(tenant.workspace_pk);
}

async fn asked(
    store: &Store,
    tenant: &Tenant,
    model: TargetModel,
    sql: &mut Sql,
    query: &Query,
) -> Result<(), Error> {
    for condition in &query.conditions {
        sql.push(" and ");
        if condition.field.name == "workspace_connector" {
            let mut pks = Vec::new();
            for value in &condition.values {
                if let Value::Id(id) = value {
                    let id = WorkspaceConnectorId(*id);
                    pks.extend(diagnostics::connector_pk(store, tenant, id).await?);
                }
            }
            sql.any("t.source_workspace_connector_pk", Bind::Numbers(pks));
        } else {
            plain(store, model, sql, condition);
        }
    }
    if let Some(text) = query.search.as_deref().filter(|it| !it.is_empty()) {
        sql.push(" and (");
        let texts = table::columns(model).into_iter().filter(|it| it.store == table::Store::Text);
        for (index, column) in texts.enumerate() {
            sql.push(if index == 0 { "" } else { " or " });
            sql.like(&format!("t.\"{}\"", column.name), Op::Contains, text);
        }
        sql.push(")");
    }
    Ok(())
}

/// A column as something that its field's operands compare with.
fn plain(store: &Store, model: TargetModel, sql: &mut Sql, condition: &Condition) {
    let name = match condition.field.name {
        "external_id" => model.external_id(),
        "tool_name" => "source_tool",
        name => name,
    };
    let stored = table::columns(model).into_iter().find(|it| it.name == name).map(|it| it.store);
    let column = match (stored, store.is_postgres()) {
        (Some(table::Store::Decimal), false) => format!("cast(t.\"{name}\" as real)"),
        (Some(table::Store::Boolean), true) => format!("t.\"{name}\"::int"),
        (Some(table::Store::Date), true) => {
            format!("(t.\"{name}\"::timestamp at time zone 'UTC')")
        }
        (Some(table::Store::Date), false) => format!("(t.\"{name}\" || 'T00:00:00+00:00')"),
        (
            Some(
                table::Store::Text
                | table::Store::Decimal
                | table::Store::Integer
                | table::Store::Boolean
                | table::Store::Time
                | table::Store::Json,
            )
            | None,
            _,
        ) => format!("t.\"{name}\""),
    };
    sql.condition(&column, condition.op, &condition.values);
}

fn record(model: TargetModel, row: Row) -> Result<Record, Error> {
    let (_, record_id, external_id, text, connector, tool, first, last, created_at, updated_at) =
        row;
    let values = document::values(model, &text).map_err(|error| Error::Database {
        source: Box::new(error),
        sqlstate: None,
        constraint: None,
    })?;
    Ok(Record {
        record_id,
        model,
        external_id,
        values,
        connector: WorkspaceConnectorId(connector.unwrap_or_default()),
        tool,
        first_seen_run: SyncLogId(first),
        last_seen_run: SyncLogId(last),
        created_at,
        updated_at,
    })
}
