//! Values that a plain statement has no bind for: words, JSON, lists of public ids.

use domain::TargetModel;
use domain::words::UnknownWord;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement};
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use crate::Tenant;
use crate::error::Error;
use crate::query::Condition;
use crate::sql::{Bind, Dialect, Sql};

/// A stored word as the enum that it is of.
pub(crate) fn word<T: std::str::FromStr<Err = UnknownWord>>(text: &str) -> Result<T, Error> {
    text.parse().map_err(unreadable)
}

/// A stored document as the type that it was made from.
pub(crate) fn document<T: DeserializeOwned>(value: Option<Value>) -> Result<Option<T>, Error> {
    value.map(serde_json::from_value).transpose().map_err(unreadable)
}

/// What is stored is not what this binary writes.
pub(crate) fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Database { source: Box::new(error), sqlstate: None, constraint: None }
}

/// A text without NUL, which PostgreSQL cannot hold: in its place stands what Unicode has for
/// characters that cannot be shown. For what servers say of themselves; a record is never altered.
pub(crate) fn text(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// The same for every text of a document, names of members included.
pub(crate) fn storable(value: Value) -> Value {
    match value {
        Value::String(it) => Value::String(text(it)),
        Value::Array(items) => items.into_iter().map(storable).collect(),
        Value::Object(members) => {
            let each = members.into_iter().map(|(name, it)| (text(name), storable(it)));
            Value::Object(each.collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

/// A document as a bind of a plain statement.
pub(crate) fn json(sql: &mut Sql, value: Option<&Value>) {
    sql.bind(Bind::Text(value.map(|it| storable(it.clone()).to_string())));
    if sql.dialect == Dialect::Postgres {
        sql.push("::jsonb");
    }
}

pub(crate) fn boolean(sql: &mut Sql, value: bool) {
    sql.push(if value { "true" } else { "false" });
}

/// `column` is one of these public ids.
pub(crate) fn ids(sql: &mut Sql, column: &str, ids: impl IntoIterator<Item = Uuid>) {
    let texts = ids.into_iter().map(|it| it.simple().to_string()).collect();
    sql.push(column);
    match sql.dialect {
        Dialect::Postgres => sql.push(" = any(").bind(Bind::Texts(texts)).push("::uuid[])"),
        Dialect::Sqlite => {
            sql.push(" in (select unhex(value) from json_each(").bind(Bind::Texts(texts)).push("))")
        }
    };
}

/// The public ids that a condition names.
pub(crate) fn ids_of(condition: &Condition) -> impl Iterator<Item = Uuid> {
    condition.values.iter().filter_map(crate::Value::id)
}

/// `where` with the tenant: every statement on its rows begins so.
pub(crate) fn of_tenant(sql: &mut Sql, tenant: &Tenant, column: &str) {
    sql.push(" where ").gate(tenant).push(column).push(" = ").number(tenant.workspace_pk);
}

/// A statement of a transaction, with its binds.
pub(crate) fn statement(
    txn: &DatabaseTransaction,
    sql: impl Into<String>,
    binds: impl IntoIterator<Item = sea_orm::Value>,
) -> Statement {
    Statement::from_sql_and_values(txn.get_database_backend(), sql, binds)
}

/// Runs a statement of a transaction; the number of rows it touched.
pub(crate) async fn execute(
    txn: &DatabaseTransaction,
    sql: &str,
    binds: impl IntoIterator<Item = sea_orm::Value>,
) -> Result<u64, Error> {
    Ok(txn.execute_raw(statement(txn, sql, binds)).await?.rows_affected())
}

/// The public id of `t.workspace_connector_pk`. A workspace that is only fed does not see the
/// installation, but the sync target that names it.
pub(crate) const CONNECTOR_ID: &str = "coalesce(
    (select c.workspace_connector_id from workspace_connectors c
      where c.pk = t.workspace_connector_pk),
    (select s.workspace_connector_id from workspace_connector_sync_targets s
      where s.workspace_connector_pk = t.workspace_connector_pk
        and s.workspace_pk = t.workspace_pk limit 1))";

/// Rows of `table` (as `t`) by a list of keys ($1, JSON): what `conditions` end with is compared
/// with each key. Every key is looked up by itself, in the index that has all the columns: a list
/// compared at once is left to a guess while a table has no statistics, and then every row of the
/// workspace is read for each batch of a first run.
pub(crate) fn probe(
    txn: &DatabaseTransaction,
    columns: &str,
    table: &str,
    conditions: &str,
) -> String {
    match txn.get_database_backend() == DbBackend::Postgres {
        true => format!(
            "select {columns} from json_array_elements_text($1::json) k(key)
              cross join lateral
                (select * from {table} t where {conditions} = k.key offset 0) t"
        ),
        false => format!(
            "select {columns} from json_each($1) k cross join {table} t
              where {conditions} = k.value"
        ),
    }
}

/// `pk` is one of a list ($1, JSON), in the workspace ($2), which must not be looked for by index.
pub(crate) fn by_pk(txn: &DatabaseTransaction) -> &'static str {
    match txn.get_database_backend() == DbBackend::Postgres {
        true => {
            "pk = any(array(select json_array_elements_text($1::json)::bigint)) \
             and workspace_pk + 0 = $2"
        }
        false => "pk in (select value from json_each($1)) and workspace_pk + 0 = $2",
    }
}

/// Rows that say of a connector's records that they are missing.
pub(crate) struct Missing<'a> {
    pub(crate) table: &'static str,
    pub(crate) tenant: &'a Tenant,
    pub(crate) connector_pk: i64,
    pub(crate) model: TargetModel,
}

impl Missing<'_> {
    /// Removes those of some external ids; how many there were.
    pub(crate) async fn clear(
        &self,
        txn: &DatabaseTransaction,
        external_ids: &[&str],
    ) -> Result<u64, Error> {
        let conditions = "t.workspace_pk = $2 and t.workspace_connector_pk = $3
            and t.target_model = $4 and t.external_id";
        let binds = [
            Value::from(external_ids).to_string().into(),
            self.tenant.workspace_pk.into(),
            self.connector_pk.into(),
            self.model.as_str().into(),
        ];
        let sql = probe(txn, "t.pk", self.table, conditions);
        let rows = txn.query_all_raw(statement(txn, sql, binds)).await?;
        let pks: Vec<i64> =
            rows.iter().map(|it| it.try_get_by_index(0)).collect::<Result<_, _>>()?;
        if pks.is_empty() {
            return Ok(0);
        }
        let sql = format!("delete from {} where {}", self.table, by_pk(txn));
        let binds = [Value::from(pks).to_string().into(), self.tenant.workspace_pk.into()];
        execute(txn, &sql, binds).await
    }
}
