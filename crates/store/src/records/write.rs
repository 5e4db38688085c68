//! A chunk of entities into its table: compare, write what differs, touch what does not.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use chrono::{DateTime, Utc};
use domain::entity::Entity;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, TransactionTrait, Value};
use uuid::Uuid;

use super::failure::{failure, is_of_a_row, unstorable};
use super::{FailedRow, Upsert, Upserted, document, table};
use crate::cell::{self, Missing};
use crate::{Error, Tenant};

/// Entities in one statement.
pub(super) const CHUNK: usize = 500;

/// One call of [`super::upsert`].
pub(super) struct Writer<'a> {
    pub txn: &'a DatabaseTransaction,
    pub tenant: &'a Tenant,
    pub connector_pk: i64,
    pub batch: &'a Upsert<'a>,
    pub now: DateTime<Utc>,
    /// [`crate::Fault::Records`]
    pub spoiled: Option<usize>,
}

/// What a chunk says of one external id. A chunk may name it several times: counted as if they
/// had come one after the other, written once, with the last one's content.
pub(super) struct Group<'a> {
    pub(super) external_id: &'a str,
    pub(super) indices: Vec<usize>,
    hash: [u8; 32],
    updated: u64,
    unchanged: u64,
    record_id: Uuid,
}

struct Stored {
    pk: i64,
    hash: Vec<u8>,
    is_ours: bool,
}

impl<'a> Writer<'a> {
    /// Writes the entities from `first` on, at most [`CHUNK`].
    pub(super) async fn chunk(&self, first: usize, to: &mut Upserted) -> Result<(), Error> {
        let last = self.batch.entities.len().min(first + CHUNK);
        let mut groups = self.groups(first..last, &mut to.failed);
        self.refuse_held(&mut groups, &mut to.failed).await?;
        let mut keys: Vec<&str> = groups.iter().map(|it| it.external_id).collect();
        let stored = self.stored(&serde_json::Value::from(keys.clone()).to_string()).await?;
        let mut touched = Vec::new();
        let mut linked = Vec::new();
        groups.retain(|it| match stored.get(it.external_id) {
            Some(row) if !row.is_ours || row.hash == it.hash => {
                touched.push(row.pk);
                if !row.is_ours {
                    linked.push(row.pk);
                }
                // What it changed to and back within the chunk is no change.
                to.unchanged += it.indices.len() as u64;
                false
            }
            Some(_) | None => true,
        });
        let refused = self.write(&groups, to).await?;
        self.touch(&touched).await?;
        self.link(self.txn, &linked).await?;
        keys.retain(|it| !refused.contains(it));
        self.withdraw(&keys).await
    }

    fn groups(&self, range: Range<usize>, failed: &mut Vec<FailedRow>) -> Vec<Group<'a>> {
        let mut groups: Vec<Group<'a>> = Vec::with_capacity(range.len());
        let mut places: HashMap<&str, usize> = HashMap::with_capacity(range.len());
        let entities: &'a [Entity] = self.batch.entities;
        for (index, entity) in entities.iter().enumerate().take(range.end).skip(range.start) {
            if document::has_nul(entity) {
                failed.push(unstorable(index));
                continue;
            }
            let hash = entity.content_hash();
            if let Some(group) = places.get(entity.external_id.as_str()).map(|it| &mut groups[*it])
            {
                let same = group.hash == hash;
                group.unchanged += u64::from(same);
                group.updated += u64::from(!same);
                group.hash = hash;
                group.indices.push(index);
                continue;
            }
            places.insert(&entity.external_id, groups.len());
            groups.push(Group {
                external_id: &entity.external_id,
                indices: vec![index],
                hash,
                updated: 0,
                unchanged: 0,
                record_id: Uuid::new_v4(),
            });
        }
        groups
    }

    async fn stored(&self, keys: &str) -> Result<HashMap<String, Stored>, Error> {
        let (name, external_id) = self.names();
        let source = if table::is_shared(self.batch.model) {
            String::new()
        } else {
            format!("and t.source_workspace_connector_pk = {}", self.connector_pk)
        };
        let sql = cell::probe(
            self.txn,
            &format!("t.\"{external_id}\", t.pk, t.content_hash, t.source_workspace_connector_pk"),
            name,
            &format!("t.workspace_pk = $2 {source} and t.\"{external_id}\""),
        );
        let binds = [keys.into(), self.tenant.workspace_pk.into()];
        let rows = self.txn.query_all_raw(cell::statement(self.txn, sql, binds)).await?;
        rows.iter()
            .map(|row| {
                let source: i64 = row.try_get_by_index(3)?;
                let is_ours = source == self.connector_pk;
                let stored = Stored {
                    pk: row.try_get_by_index(1)?,
                    hash: row.try_get_by_index(2)?,
                    is_ours,
                };
                Ok((row.try_get_by_index(0)?, stored))
            })
            .collect::<Result<_, DbErr>>()
            .map_err(Error::from)
    }

    /// Writes groups that are new or differ; the ids of those that were refused. A statement that fails is cut in halves, down to the
    /// rows that are at fault; a savepoint keeps what went well.
    async fn write(
        &self,
        groups: &[Group<'a>],
        to: &mut Upserted,
    ) -> Result<HashSet<&'a str>, Error> {
        let mut refused = HashSet::new();
        let mut todo = Vec::from([(0, groups.len())]);
        while let Some((first, last)) = todo.pop() {
            let part = groups.get(first..last).unwrap_or_default();
            if part.is_empty() {
                continue;
            }
            let savepoint = self.txn.begin().await?;
            match self.insert(&savepoint, part, to).await {
                Ok(()) => savepoint.commit().await?,
                Err(error) if is_of_a_row(&error) => {
                    savepoint.rollback().await?;
                    if let [one] = part {
                        refused.insert(one.external_id);
                        to.failed.extend(one.indices.iter().map(|it| failure(*it, &error)));
                    } else {
                        let middle = usize::midpoint(first, last);
                        todo.extend([(middle, last), (first, middle)]);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(refused)
    }

    async fn insert(
        &self,
        savepoint: &DatabaseTransaction,
        part: &[Group<'a>],
        to: &mut Upserted,
    ) -> Result<(), Error> {
        let rows: Vec<serde_json::Value> = part
            .iter()
            .filter_map(|it| {
                let index = *it.indices.last()?;
                let entity = self.batch.entities.get(index)?;
                let mut row = document::row(entity, it.record_id, &it.hash);
                if self.spoiled.is_some_and(|every| index.is_multiple_of(every)) {
                    row[self.batch.model.external_id()] = "".into();
                }
                Some(row)
            })
            .collect();
        let binds: [Value; 6] = [
            serde_json::Value::Array(rows).to_string().into(),
            self.tenant.workspace_pk.into(),
            self.connector_pk.into(),
            self.batch.tool.into(),
            self.batch.run.0.into(),
            self.now.into(),
        ];
        let written =
            savepoint.query_all_raw(cell::statement(savepoint, self.insert_sql(), binds)).await?;
        let mut inserted: HashMap<Uuid, i64> = HashMap::with_capacity(written.len());
        for row in &written {
            inserted.insert(row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        }
        // A row that came back under the id we made for it was not there before.
        let new: Vec<i64> =
            part.iter().filter_map(|it| inserted.get(&it.record_id).copied()).collect();
        self.link(savepoint, &new).await?;
        for group in part {
            let is_new = inserted.contains_key(&group.record_id);
            to.inserted += u64::from(is_new);
            to.updated += group.updated + u64::from(!is_new);
            to.unchanged += group.unchanged;
        }
        Ok(())
    }

    fn insert_sql(&self) -> String {
        let (name, _) = self.names();
        let columns = table::stored(self.batch.model);
        let list = |each: &dyn Fn(&table::Column) -> String| -> String {
            columns.iter().map(each).collect::<Vec<_>>().join(", ")
        };
        let (row, from) = if self.is_postgres() {
            let types = list(&|it| format!("\"{}\" {}", it.name, it.store.sql_type(true)));
            let from = format!(
                "json_to_recordset($1::json) as r(record_id uuid, content_hash text, {types})"
            );
            ("r.record_id, decode(r.content_hash, 'hex')", from)
        } else {
            (
                "unhex(value ->> 'record_id'), unhex(value ->> 'content_hash')",
                "json_each($1)".into(),
            )
        };
        let values = match self.is_postgres() {
            true => list(&|it| format!("r.\"{}\"", it.name)),
            false => list(&|it| format!("value ->> '{}'", it.name)),
        };
        // Only an e-mail address can belong to another connector, which then keeps its content.
        let unmoved = match table::is_shared(self.batch.model) {
            true => format!(
                "where {name}.source_workspace_connector_pk = excluded.source_workspace_connector_pk"
            ),
            false => String::new(),
        };
        format!(
            "insert into {name} (record_id, content_hash, workspace_pk,
                source_workspace_connector_pk, source_tool, first_seen_run, last_seen_run,
                created_at, updated_at, {names})
             select {row}, $2, $3, $4, $5, $5, $6, $6, {values} from {from} where true
             on conflict ({key}) do update set
                content_hash = excluded.content_hash, source_tool = excluded.source_tool,
                last_seen_run = excluded.last_seen_run, updated_at = excluded.updated_at, {sets}
             {unmoved} returning record_id, pk",
            names = list(&|it| format!("\"{}\"", it.name)),
            key = table::key(self.batch.model),
            sets = list(&|it| format!("\"{0}\" = excluded.\"{0}\"", it.name)),
        )
    }

    /// Rows that were seen again as they were: their content is not rewritten.
    async fn touch(&self, pks: &[i64]) -> Result<(), Error> {
        if pks.is_empty() {
            return Ok(());
        }
        let (name, _) = self.names();
        let sql = format!("update {name} set last_seen_run = $3 where {}", cell::by_pk(self.txn));
        let binds = [numbers(pks).into(), self.tenant.workspace_pk.into(), self.batch.run.0.into()];
        cell::execute(self.txn, &sql, binds).await.map(|_| ())
    }

    /// Notes that this connector names these records.
    async fn link(&self, on: &DatabaseTransaction, pks: &[i64]) -> Result<(), Error> {
        if pks.is_empty() {
            return Ok(());
        }
        let (name, _) = self.names();
        let each = match self.is_postgres() {
            true => "key::bigint, $2, $3, $4 from json_array_elements_text($1::json) k(key)",
            false => "value, $2, $3, $4 from json_each($1) where true",
        };
        let sql = format!(
            "insert into {name}_workspace_connectors
                (record_pk, workspace_connector_pk, workspace_pk, created_at)
             select {each} on conflict (record_pk, workspace_connector_pk) do nothing"
        );
        let binds = [
            numbers(pks).into(),
            self.connector_pk.into(),
            self.tenant.workspace_pk.into(),
            self.now.into(),
        ];
        cell::execute(on, &sql, binds).await.map(|_| ())
    }

    /// What is stored is no longer missing: it neither waits nor counts as rejected.
    async fn withdraw(&self, keys: &[&str]) -> Result<(), Error> {
        for table in ["rejected_entities", "pending_entities"] {
            let missing = Missing {
                table,
                tenant: self.tenant,
                connector_pk: self.connector_pk,
                model: self.batch.model,
            };
            missing.clear(self.txn, keys).await?;
        }
        Ok(())
    }

    fn names(&self) -> (&'static str, &'static str) {
        (table::name(self.batch.model), self.batch.model.external_id())
    }

    pub(super) fn is_postgres(&self) -> bool {
        self.txn.get_database_backend() == DbBackend::Postgres
    }
}

fn numbers(pks: &[i64]) -> String {
    serde_json::Value::from(pks).to_string()
}
