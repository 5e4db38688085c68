//! Rows counted by day, so that a chart of a month reads some counts and not every row of a
//! workspace. The database counts, in the statement that changes the rows: whoever writes, and
//! however, the counts are those of the rows that are there and not deleted.

use sea_orm::{DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::{render, run, tenancy};

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0012_days"
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
        let (database, backend) = (manager.get_connection(), manager.get_database_backend());
        let (model, end) = if backend == DbBackend::Postgres {
            ("target_model_enum", "with (fillfactor = 70)")
        } else {
            ("text", "without rowid")
        };
        let table = TABLE.replace("{model}", model).replace("{end}", end);
        run(database, &render(&table, backend)).await?;
        if backend == DbBackend::Postgres {
            run(database, &tenancy::policies("diagnostic_days")).await?;
            run(database, &triggers()).await?;
            run(database, COUNT_POSTGRES).await
        } else {
            run(database, COUNT_SQLITE).await?;
            run(database, SQLITE).await
        }
    }
}

const TABLE: &str = "
create table diagnostic_days (
  workspace_pk bigint not null references workspaces (pk) on update cascade on delete cascade,
  -- no foreign key: its rows go with it, and their counts with them
  workspace_connector_pk bigint not null,
  -- of `occurred_at`: UTC, YYYY-MM-DD
  day text not null,
  reason_code smallint not null,
  impact_code smallint not null,
  target_model {model} not null,
  -- empty: none
  tool_name text not null,
  -- a day whose rows are gone stays at 0 until it is pruned
  count bigint not null,
  constraint diagnostic_days_key primary key (workspace_pk, workspace_connector_pk, day,
    reason_code, impact_code, target_model, tool_name)
) {end};
";

/// In the order of the key, so that of two statements none waits for the other crosswise. A row that
/// is changed is taken out of where it was and counted where it is, at once: a change of something
/// else comes to nothing.
fn triggers() -> String {
    let counted = |rows: &str, sum: &str, which: &str, when: &str| {
        format!(
            "insert into core_api.diagnostic_days as it
             select workspace_pk, workspace_connector_pk,
               to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD'), reason_code, impact_code,
               target_model, coalesce(tool_name, ''), {sum}
             from {rows} where deleted_at is null {which}
             group by 1, 2, 3, 4, 5, 6, 7 {when} order by 1, 2, 3, 4, 5, 6, 7
             on conflict on constraint diagnostic_days_key
               do update set count = it.count + excluded.count;"
        )
    };
    let both = "(select *, 1 as n from after_it union all select *, -1 from before_it) as moved";
    // Else the counts have gone, or go, with their workspace.
    let stays = "and workspace_pk in (select pk from core_api.workspaces)";
    let branches = format!(
        "if tg_op = 'INSERT' then {} elsif tg_op = 'UPDATE' then {} else {} end if;",
        counted("after_it", "count(*)", "", ""),
        counted(both, "sum(n)", "", "having sum(n) <> 0"),
        counted("before_it", "-count(*)", stays, ""),
    );
    let trigger = |event: &str, rows: &str| {
        format!(
            "create trigger connector_sync_diagnostics_count_{event}
               after {event} on connector_sync_diagnostics referencing {rows}
               for each statement execute function core_api.count_diagnostics();"
        )
    };
    format!(
        "create function core_api.count_diagnostics() returns trigger language plpgsql as $$
         begin {branches} return null; end $$; {} {} {}",
        trigger("insert", "new table as after_it"),
        trigger("update", "old table as before_it new table as after_it"),
        trigger("delete", "old table as before_it"),
    )
}

const COUNT_POSTGRES: &str = "
select core_api.enter_operator('on');
insert into diagnostic_days
select workspace_pk, workspace_connector_pk,
  to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD'), reason_code, impact_code, target_model,
  coalesce(tool_name, ''), count(*)
from connector_sync_diagnostics where deleted_at is null
group by 1, 2, 3, 4, 5, 6, 7;
";

const SQLITE: &str = "
create trigger connector_sync_diagnostics_count_insert after insert on connector_sync_diagnostics
  when new.deleted_at is null
begin
  insert into diagnostic_days
  values (new.workspace_pk, new.workspace_connector_pk, substr(new.occurred_at, 1, 10),
    new.reason_code, new.impact_code, new.target_model, coalesce(new.tool_name, ''), 1)
  on conflict do update set count = count + 1;
end;
create trigger connector_sync_diagnostics_count_delete after delete on connector_sync_diagnostics
  when old.deleted_at is null
begin
  update diagnostic_days set count = count - 1
  where workspace_pk = old.workspace_pk and workspace_connector_pk = old.workspace_connector_pk
    and day = substr(old.occurred_at, 1, 10) and reason_code = old.reason_code
    and impact_code = old.impact_code and target_model = old.target_model
    and tool_name = coalesce(old.tool_name, '');
end;
create trigger connector_sync_diagnostics_count_update after update on connector_sync_diagnostics
begin
  update diagnostic_days set count = count - 1
  where old.deleted_at is null
    and workspace_pk = old.workspace_pk and workspace_connector_pk = old.workspace_connector_pk
    and day = substr(old.occurred_at, 1, 10) and reason_code = old.reason_code
    and impact_code = old.impact_code and target_model = old.target_model
    and tool_name = coalesce(old.tool_name, '');
  insert into diagnostic_days
  select new.workspace_pk, new.workspace_connector_pk, substr(new.occurred_at, 1, 10),
    new.reason_code, new.impact_code, new.target_model, coalesce(new.tool_name, ''), 1
  where new.deleted_at is null
  on conflict do update set count = count + 1;
end;
";

const COUNT_SQLITE: &str = "
insert into diagnostic_days
select workspace_pk, workspace_connector_pk, substr(occurred_at, 1, 10), reason_code, impact_code,
  target_model, coalesce(tool_name, ''), count(*)
from connector_sync_diagnostics where deleted_at is null
group by 1, 2, 3, 4, 5, 6, 7;
";
