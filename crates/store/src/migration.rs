//! The way to today's tables: forward only, each step says why it is there.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use sqlx::{PgConnection, SqlitePool};

use crate::error::Error;

mod m0001_base;
mod m0002_records;
mod m0003_slot_pins;
mod m0004_parents;
mod m0005_mapping_shapes;
mod m0006_jobs;
mod m0007_tool_choices;
mod m0008_grants;
mod m0009_issues;
mod m0010_webhooks;
mod m0011_missing;
mod m0012_days;
mod m0013_viewer_links;
pub(crate) mod tenancy;

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_base::Step),
            Box::new(m0002_records::Step),
            Box::new(m0003_slot_pins::Step),
            Box::new(m0004_parents::Step),
            Box::new(m0005_mapping_shapes::Step),
            Box::new(m0006_jobs::Step),
            Box::new(m0007_tool_choices::Step),
            Box::new(m0008_grants::Step),
            Box::new(m0009_issues::Step),
            Box::new(m0010_webhooks::Step),
            Box::new(m0011_missing::Step),
            Box::new(m0012_days::Step),
            Box::new(m0013_viewer_links::Step),
        ]
    }
}

/// Applies what is missing; its names.
pub(crate) async fn up(database: &DatabaseConnection) -> Result<Vec<String>, Error> {
    let pending = Migrator::get_pending_migrations(database).await?;
    Migrator::up(database, None).await?;
    Ok(pending.iter().map(|it| it.name().to_owned()).collect())
}

pub(crate) fn refuse_if_behind(applied: &[String]) -> Result<(), Error> {
    let missing: Vec<String> = Migrator::migrations()
        .iter()
        .map(|it| it.name().to_owned())
        .filter(|it| !applied.contains(it))
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(Error::NotMigrated { missing }) }
}

pub(crate) async fn applied_postgres(connection: &mut PgConnection) -> Result<Vec<String>, Error> {
    let there: bool =
        sqlx::query_scalar("select to_regclass('core_api.seaql_migrations') is not null")
            .fetch_one(&mut *connection)
            .await?;
    if !there {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_scalar("select version from core_api.seaql_migrations")
        .fetch_all(connection)
        .await?)
}

pub(crate) async fn applied_sqlite(pool: &SqlitePool) -> Result<Vec<String>, Error> {
    let there: bool = sqlx::query_scalar(
        "select exists (select 1 from sqlite_schema where name = 'seaql_migrations')",
    )
    .fetch_one(pool)
    .await?;
    if !there {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_scalar("select version from seaql_migrations").fetch_all(pool).await?)
}

/// One text for both databases: `{pk}`, `{uuid}`, `{time}`, `{json}`, `{bytes}` and
/// `{not_deferred}` become what each calls them.
pub(crate) fn render(template: &str, backend: DbBackend) -> String {
    let words = if backend == DbBackend::Postgres {
        [
            ("{pk}", "bigserial primary key"),
            ("{uuid}", "uuid"),
            ("{time}", "timestamptz(3)"),
            ("{json}", "jsonb"),
            ("{bytes}", "bytea"),
        ]
    } else {
        [
            ("{pk}", "integer primary key autoincrement"),
            ("{uuid}", "blob"),
            ("{time}", "text"),
            ("{json}", "text"),
            ("{bytes}", "blob"),
        ]
    };
    words.iter().fold(template.to_owned(), |text, (name, word)| text.replace(name, word))
}

/// Runs statements that are separated by `;`.
pub(crate) async fn run(database: &impl ConnectionTrait, text: &str) -> Result<(), sea_orm::DbErr> {
    database.execute_unprepared(text).await.map(|_| ())
}
