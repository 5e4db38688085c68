//! Is the database as this binary needs it? For the person who runs it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::error::Error;
use crate::{Store, seal};

/// Tables that hold a tenant's rows and lack a forced policy.
const UNGUARDED: &str = "
select count(*) from pg_class c
  join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'core_api'
  join pg_attribute a on a.attrelid = c.oid and a.attname = 'workspace_pk' and not a.attisdropped
 where c.relkind = 'r'
   and not (c.relrowsecurity and c.relforcerowsecurity
            and exists (select from pg_policy p where p.polrelid = c.oid))";

impl Store {
    /// What was looked at, and what was found or is wrong.
    pub async fn inspect(&self, now: DateTime<Utc>) -> Vec<(&'static str, Result<String, Error>)> {
        let mut found = vec![
            ("database answers", self.check().await.map(|()| "one round trip".to_owned())),
            ("seal key", self.try_seal()),
        ];
        if self.is_postgres() {
            found.push(("row-level security", self.guarded().await));
            found.push(("clock", self.clock_differs(now).await));
        }
        found
    }

    fn try_seal(&self) -> Result<String, Error> {
        let row = Uuid::new_v4();
        let sealed = seal::seal(self, row, b"probe")?;
        seal::open(self, row, &sealed).map(|_| "seals and opens".to_owned())
    }

    async fn guarded(&self) -> Result<String, Error> {
        match self.count(UNGUARDED).await? {
            0 => Ok("forced on every tenant table".to_owned()),
            n => Err(wrong(format!(
                "{n} tenant table(s) lack a forced policy; run `wireline migrate`"
            ))),
        }
    }

    async fn clock_differs(&self, now: DateTime<Utc>) -> Result<String, Error> {
        const FAR_MS: i64 = 60_000;
        let theirs = self.count("select cast(extract(epoch from now()) * 1000 as bigint)").await?;
        match (theirs - now.timestamp_millis()).abs() {
            far if far > FAR_MS => {
                Err(wrong(format!("the database's clock differs by {far} ms; set both by NTP")))
            }
            near => Ok(format!("differs by {near} ms")),
        }
    }

    async fn count(&self, statement: &str) -> Result<i64, Error> {
        let mut sql = self.sql();
        sql.push(statement);
        let rows = self.fetch::<(i64,)>(sql).await?;
        Ok(rows.first().map_or(0, |it| it.0))
    }
}

fn wrong(says: String) -> Error {
    Error::Database { source: says.into(), sqlstate: None, constraint: None }
}
