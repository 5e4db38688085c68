//! A ledger account's number and a journal's code are unique in a workspace: of two connectors that
//! bring one number, the first holds it, and the second's record says who does.

use std::collections::HashMap;

use domain::entity::FieldValue;
use sea_orm::ConnectionTrait;

use super::FailedRow;
use super::table;
use super::write::{Group, Writer};
use crate::cell;
use crate::error::Error;

impl<'a> Writer<'a> {
    /// Takes out the groups whose number a record of another connector holds. What is left to the
    /// database's own index is a number that two records of this connector claim.
    pub(super) async fn refuse_held(
        &self,
        groups: &mut Vec<Group<'a>>,
        failed: &mut Vec<FailedRow>,
    ) -> Result<(), Error> {
        let Some(column) = table::own_key(self.batch.model) else { return Ok(()) };
        let numbers: Vec<&str> = groups.iter().filter_map(|it| self.number(it, column)).collect();
        let holders = self.holders(column, &numbers).await?;
        groups.retain(|group| {
            let number = self.number(group, column);
            let Some((number, holder)) = number.and_then(|it| holders.get_key_value(it)) else {
                return true;
            };
            let message = format!("{column} `{number}` is held by {holder}");
            failed.extend(group.indices.iter().map(|index| FailedRow {
                index: *index,
                sqlstate: Some(if self.is_postgres() { "23505" } else { "2067" }.to_owned()),
                constraint: Some(format!("{}_{column}_key", table::name(self.batch.model))),
                message: message.clone(),
            }));
            false
        });
        Ok(())
    }

    fn number(&self, group: &Group<'_>, column: &str) -> Option<&'a str> {
        let entity = self.batch.entities.get(*group.indices.last()?)?;
        match entity.values.get(column) {
            Some(FieldValue::Text(it)) => Some(it),
            _ => None,
        }
    }

    /// Number → the record of another connector that holds it, in words.
    async fn holders(
        &self,
        column: &str,
        numbers: &[&str],
    ) -> Result<HashMap<String, String>, Error> {
        if numbers.is_empty() {
            return Ok(HashMap::new());
        }
        let id = self.batch.model.external_id();
        let sql = cell::probe(
            self.txn,
            &format!(
                "t.\"{column}\", t.\"{id}\", (select c.name from workspace_connectors c
                  where c.pk = t.source_workspace_connector_pk)"
            ),
            table::name(self.batch.model),
            &format!(
                "t.workspace_pk = $2 and t.source_workspace_connector_pk <> {} and t.\"{column}\"",
                self.connector_pk
            ),
        );
        let binds =
            [serde_json::Value::from(numbers).to_string().into(), self.tenant.workspace_pk.into()];
        let rows = self.txn.query_all_raw(cell::statement(self.txn, sql, binds)).await?;
        let mut holders = HashMap::with_capacity(rows.len());
        for row in rows {
            let (number, record): (String, String) =
                (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            let connector: Option<String> = row.try_get_by_index(2)?;
            let connector = connector.map_or_else(
                || "a connector of another workspace".to_owned(),
                |it| format!("connector `{it}`"),
            );
            let model = self.batch.model;
            holders.insert(number, format!("{model} `{record}` of {connector}"));
        }
        Ok(holders)
    }
}
