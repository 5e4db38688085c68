//! What every connector of a workspace knows of a record that is asked for, in a bounded number of
//! statements whatever the number of connectors; the judgement is [`domain::missing`]'s.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::id::{SyncLogId, WorkspaceConnectorId};
use domain::missing::{Answer, Asked, Held, Kept, Key, Known, Looked, Question, Refused, answer};
use domain::reference::{as_known, handle};
use domain::{Reason, TargetModel};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use crate::error::Error;
use crate::records::{Lookup, table};
use crate::sql::{Bind, Sql};
use crate::{Store, Tenant, cell};

mod period;
mod runs;

pub use period::{Span, within};

/// Connectors of one answer.
const CONNECTORS: i64 = 200;

/// Why is this record missing, or where is it?
pub async fn find(
    store: &Store,
    tenant: &Tenant,
    question: &Question,
    now: DateTime<Utc>,
) -> Result<Answer, Error> {
    let connectors = connectors(store, tenant, question.connector).await?;
    if question.connector.is_some() && connectors.is_empty() {
        return Err(Error::NotFound("workspace_connector"));
    }
    let pks = connectors.iter().map(|it| it.0).collect();
    let asked = Searched { store, tenant, model: question.model, pks };
    let key = &question.key;
    let mut runs = runs::newest(&asked, now).await?;
    let (mut stored, mut waiting) = (asked.stored(key).await?, asked.waiting(key).await?);
    let mut rejected = asked.rejected(key).await?;
    let mut unnamed = asked.unnamed(&runs).await?;
    let mut calls = asked.calls().await?;
    let known = connectors.into_iter().map(|(pk, id, name, models, running)| {
        let models: Option<Vec<TargetModel>> = cell::document(models.map(|it| it.0))?;
        Ok(Known {
            connector: WorkspaceConnectorId(id),
            name,
            is_scheduled: models.is_none_or(|it| it.contains(&question.model)),
            running: running.map(SyncLogId),
            stored: stored.remove(&pk),
            waiting: waiting.remove(&pk),
            rejected: rejected.remove(&pk),
            runs: runs.remove(&pk).unwrap_or_default(),
            unnamed: unnamed.remove(&pk).unwrap_or_default(),
            call: calls.remove(&pk),
        })
    });
    Ok(answer(question, known.collect::<Result<_, Error>>()?))
}

/// pk, id, name, models, the run that is under way or waits
type Connector = (i64, Uuid, String, Option<Json<Value>>, Option<Uuid>);

/// The workspace's own connectors.
async fn connectors(
    store: &Store,
    tenant: &Tenant,
    only: Option<WorkspaceConnectorId>,
) -> Result<Vec<Connector>, Error> {
    let mut sql = store.sql();
    sql.push(
        "select i.pk, i.workspace_connector_id, i.name, i.supported_target_models, r.sync_log_id
           from workspace_connectors i
           left join workspace_connector_sync_logs r on r.workspace_connector_pk = i.pk
            and r.status in ('scheduled', 'in_progress') and r.deleted_at is null",
    );
    cell::of_tenant(&mut sql, tenant, "i.workspace_pk");
    sql.push(" and i.deleted_at is null");
    if let Some(id) = only {
        sql.push(" and i.workspace_connector_id = ").bind(Bind::Id(id.0));
    }
    sql.push(" order by i.created_at desc, i.pk desc limit ").number(CONNECTORS);
    store.fetch(sql).await
}

/// Where is looked.
struct Searched<'a> {
    store: &'a Store,
    tenant: &'a Tenant,
    model: TargetModel,
    /// Of connectors.
    pks: Vec<i64>,
}

/// connector, record, external id, last run, written at
type Stored = (i64, Uuid, String, Uuid, DateTime<Utc>);
/// connector, external id, tool, parents, last run, since, seen at
type Waits = (i64, String, String, Json<Value>, Uuid, DateTime<Utc>, DateTime<Utc>);
/// connector, external id, tool, reason, field, cause, last run, since, seen at
type Rejects =
    (i64, Option<String>, String, String, String, String, Uuid, DateTime<Utc>, DateTime<Utc>);

impl Searched<'_> {
    /// By the identifier, or else by what people call the record.
    async fn stored(&self, key: &Key) -> Result<BTreeMap<i64, Kept>, Error> {
        let model = self.model;
        if let Key::Id(id) = key {
            let found = self.store.fetch::<Stored>(self.records(model.external_id(), id)).await?;
            if !found.is_empty() {
                return Ok(kept(found));
            }
        }
        match (handle(model), as_known(model, key.text())) {
            (Some((_, by)), Some(known_as)) => {
                let sql = self.records(table::lookup(model, Lookup::By(by)), &known_as);
                Ok(kept(self.store.fetch(sql).await?))
            }
            _ => Ok(BTreeMap::new()),
        }
    }

    fn records(&self, column: &str, value: &str) -> Sql {
        let mut sql = self.store.sql();
        let model = self.model;
        sql.push(&format!(
            "select source_workspace_connector_pk, record_id, \"{}\", last_seen_run, updated_at
               from {}",
            model.external_id(),
            table::name(model)
        ));
        cell::of_tenant(&mut sql, self.tenant, "workspace_pk");
        // The key of a record has its connector before its identifier, unless connectors share it.
        if !table::is_shared(model) {
            sql.push(" and ").any("source_workspace_connector_pk", self.connectors());
        }
        sql.push(&format!(" and \"{column}\" = ")).text_bind(value);
        // Of several with one name the newest answers.
        sql.push(" order by updated_at desc, pk desc limit 500");
        sql
    }

    async fn waiting(&self, key: &Key) -> Result<BTreeMap<i64, Held>, Error> {
        let columns = "workspace_connector_pk, external_id, tool_name, parents, last_seen_run,
            created_at, updated_at";
        let rows =
            self.store.fetch::<Waits>(self.missing(key, "pending_entities", columns)).await?;
        let mut held = BTreeMap::new();
        for (pk, external_id, tool, parents, last, since, seen_at) in rows {
            let parents = cell::document(Some(parents.0))?.unwrap_or_default();
            let last_seen_run = SyncLogId(last);
            let row = Held { external_id, tool, parents, last_seen_run, since, seen_at };
            held.entry(pk).or_insert(row);
        }
        Ok(held)
    }

    async fn rejected(&self, key: &Key) -> Result<BTreeMap<i64, Refused>, Error> {
        let columns = "workspace_connector_pk, external_id, tool_name, reason, field, cause,
            last_seen_run, created_at, updated_at";
        let rows =
            self.store.fetch::<Rejects>(self.missing(key, "rejected_entities", columns)).await?;
        let mut refused = BTreeMap::new();
        for (pk, external_id, tool, reason, field, cause, last, since, seen_at) in rows {
            let (reason, last_seen_run) = (cell::word(&reason)?, SyncLogId(last));
            let row =
                Refused { external_id, tool, reason, field, cause, last_seen_run, since, seen_at };
            refused.entry(pk).or_insert(row);
        }
        Ok(refused)
    }

    /// Rows of a table of missing records: those with the identifier first, then the newest.
    fn missing(&self, key: &Key, table: &str, columns: &str) -> Sql {
        let mut sql = self.store.sql();
        sql.push(&format!("select {columns} from {table}"));
        cell::of_tenant(&mut sql, self.tenant, "workspace_pk");
        sql.push(" and ").any("workspace_connector_pk", self.connectors());
        sql.push(" and target_model = ").text_bind(self.model.as_str()).push(" and (");
        let id = match key {
            Key::Id(id) => Some(id.clone()),
            Key::Number(_) => None,
        };
        sql.push("external_id = ").bind(Bind::Text(id.clone())).push(" or known_as = ");
        sql.bind(Bind::Text(as_known(self.model, key.text())));
        sql.push(") order by case when external_id = ").bind(Bind::Text(id));
        sql.push(" then 0 else 1 end, updated_at desc, pk desc limit 500");
        sql
    }

    /// What the newest run of each connector refused without leaving an identifier.
    async fn unnamed(
        &self,
        runs: &BTreeMap<i64, Vec<Looked>>,
    ) -> Result<BTreeMap<i64, BTreeMap<Reason, u64>>, Error> {
        let newest = runs.iter().filter_map(|(pk, runs)| Some((*pk, runs.first()?)));
        let newest: BTreeMap<i64, &Looked> = newest.collect();
        let mut sql = self.store.sql();
        sql.push(
            "select workspace_connector_pk, reason, count(*),
                    count(case when external_id is null then 1 end)
               from rejected_entities",
        );
        cell::of_tenant(&mut sql, self.tenant, "workspace_pk");
        sql.push(" and ").any("workspace_connector_pk", self.connectors());
        sql.push(" and target_model = ").text_bind(self.model.as_str()).push(" and ");
        cell::ids(&mut sql, "last_seen_run", newest.values().map(|it| it.run.0));
        sql.push(" group by workspace_connector_pk, reason");
        let mut unnamed: BTreeMap<i64, BTreeMap<Reason, u64>> = BTreeMap::new();
        let mut listed: BTreeMap<i64, u64> = BTreeMap::new();
        for (pk, reason, rows, nameless) in self.store.fetch::<(i64, String, i64, i64)>(sql).await?
        {
            let reason: Reason = cell::word(&reason)?;
            if reason == Reason::EntityPersistFailed {
                listed.insert(pk, rows.unsigned_abs());
            }
            if nameless > 0 {
                unnamed.entry(pk).or_default().insert(reason, nameless.unsigned_abs());
            }
        }
        // What the store could not take as a whole, it could not list either.
        for (pk, run) in newest {
            let dropped = run
                .tally
                .as_ref()
                .and_then(|it| it.dropped.get(&Reason::EntityPersistFailed).copied());
            let lost = dropped.unwrap_or(0).saturating_sub(listed.remove(&pk).unwrap_or(0));
            if lost > 0 {
                unnamed.entry(pk).or_default().insert(Reason::EntityPersistFailed, lost);
            }
        }
        Ok(unnamed)
    }

    /// The live mapping of each connector: its tool, and with what it is called.
    async fn calls(&self) -> Result<BTreeMap<i64, Asked>, Error> {
        let mut sql = self.store.sql();
        sql.push(
            "select workspace_connector_pk, tool_name, tool_arguments from connector_mappings",
        );
        cell::of_tenant(&mut sql, self.tenant, "workspace_pk");
        sql.push(" and ").any("workspace_connector_pk", self.connectors());
        sql.push(" and target_model = ").text_bind(self.model.as_str());
        sql.push(" and is_live and deleted_at is null order by updated_at, pk");
        let rows = self.store.fetch::<(i64, String, Option<Json<Value>>)>(sql).await?;
        let asked = |arguments: Option<Json<Value>>| arguments.map(|it| it.0);
        Ok(rows
            .into_iter()
            .map(|(pk, tool, arguments)| (pk, Asked { tool, arguments: asked(arguments) }))
            .collect())
    }

    fn connectors(&self) -> Bind {
        Bind::Numbers(self.pks.clone())
    }
}

fn kept(rows: Vec<Stored>) -> BTreeMap<i64, Kept> {
    let mut kept = BTreeMap::new();
    for (pk, record_id, external_id, last, updated_at) in rows {
        let last_seen_run = SyncLogId(last);
        kept.entry(pk).or_insert(Kept { record_id, external_id, last_seen_run, updated_at });
    }
    kept
}
