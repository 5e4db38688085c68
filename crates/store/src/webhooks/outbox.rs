//! The outbox: a delivery for each endpoint that wants an event, written with the event.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use domain::webhook::Event;
use domain::{Class, Reason};
use tokio::sync::watch;
use uuid::Uuid;

use crate::Store;
use crate::sql::{Bind, Dialect, Sql};
use crate::tenant::Tenant;

impl Store {
    /// Moves when this process may have put something into the outbox, or changed who is told. What
    /// diagnostics put there, and the changes of issues that follow from them, are told by
    /// [`Store::written`].
    pub fn outbox(&self) -> watch::Receiver<()> {
        self.0.outbox.subscribe()
    }

    /// After the commit: whoever is woken finds it.
    pub(crate) fn told(&self) {
        self.0.outbox.send_replace(());
    }
}

const INTO: &str = "insert into webhook_deliveries (webhook_delivery_id, workspace_pk,
  webhook_endpoint_pk, workspace_connector_pk, event_type, subject, status, next_attempt_at,
  created_at, updated_at)";

/// Which connector an event is of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Of {
    Connector(i64),
    /// That of the issue with this key.
    Issue(i64),
}

/// Tells whoever asked for it. `subject`: what the payload is made of.
pub(crate) fn tell(
    mut sql: Sql,
    tenant: &Tenant,
    of: Of,
    (event, subject): (Event, Uuid),
    at: DateTime<Utc>,
) -> Sql {
    let id = match sql.dialect {
        Dialect::Postgres => "gen_random_uuid()",
        Dialect::Sqlite => "randomblob(16)",
    };
    sql.push(INTO).push(" select ").push(id).push(", e.workspace_pk, e.pk, c.pk, ");
    sql.text_bind(event.as_str()).push(", ").bind(Bind::Id(subject)).push(", 'pending', ");
    sql.time(at).push(", ").time(at).push(", ").time(at);
    sql.push(" from webhook_endpoints e join ");
    match of {
        Of::Connector(pk) => sql.push("(select ").number(pk).push(" as pk) c on 1 = 1"),
        Of::Issue(pk) => {
            sql.push("(select workspace_connector_pk as pk from sync_issues where pk = ");
            sql.number(pk).push(" and workspace_pk = ").number(tenant.workspace_pk);
            sql.push(") c on 1 = 1")
        }
    };
    sql.push(" where ").gate(tenant).push("e.workspace_pk = ").number(tenant.workspace_pk);
    sql.push(" and e.status = 'enabled' and e.deleted_at is null and e.event_types like ");
    sql.text_bind(format!("%,{event},%"));
    sql.push(" and (e.workspace_connector_pk is null or e.workspace_connector_pk = c.pk)");
    sql
}

/// Does anybody want to be told of each failure? Most often nobody does.
pub(crate) fn wants_failures(mut sql: Sql) -> Sql {
    sql.push("select pk from webhook_endpoints where status = 'enabled' and deleted_at is null");
    sql.push(" and event_types like '%,diagnostic.failure,%' limit 1");
    sql
}

pub(crate) fn is_failure(reason: Reason) -> bool {
    reason.class() == Class::Failure
}

/// For the statement of a batch on PostgreSQL, after `made`, `issues` and `opened`.
pub(crate) static BATCH: LazyLock<String> = LazyLock::new(|| {
    let failures = Reason::all_where(is_failure);
    let failures: Vec<String> = failures.into_iter().map(|it| it.code().to_string()).collect();
    let failures = failures.join(", ");
    let wants = |event: Event| {
        format!(
            "e.status = 'enabled' and e.deleted_at is null
     and e.event_types like '%,{event},%'"
        )
    };
    format!(
        "told_of_issues as ({INTO}
  select gen_random_uuid(), e.workspace_pk, e.pk, i.workspace_connector_pk, '{}',
    o.sync_issue_transition_id, 'pending', o.created_at, o.created_at, o.created_at
    from opened o join issues i on i.pk = o.sync_issue_pk
    join webhook_endpoints e on e.workspace_pk = o.workspace_pk
   where (select core_api.enter($1)) and {}
     and (e.workspace_connector_pk is null or e.workspace_connector_pk = i.workspace_connector_pk)),
told_of_rows as ({INTO}
  select gen_random_uuid(), e.workspace_pk, e.pk, m.workspace_connector_pk, '{}',
    m.diagnostic_id, 'pending', m.created_at, m.created_at, m.created_at
    from made m join webhook_endpoints e on e.workspace_pk = m.workspace_pk
   where (select core_api.enter($1)) and {} and m.reason_code in ({failures})
     and (e.workspace_connector_pk is null or e.workspace_connector_pk = m.workspace_connector_pk)
   order by m.pk)",
        Event::IssueOpened,
        wants(Event::IssueOpened),
        Event::DiagnosticFailure,
        wants(Event::DiagnosticFailure),
    )
});
