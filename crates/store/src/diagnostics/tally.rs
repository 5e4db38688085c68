//! Rows on their way in, added up by issue.

use std::collections::BTreeMap;

use domain::issue;

use super::row::Prepared;
use crate::issues::{Count, Counted, Shared};

/// What these rows, all of them stored, count for.
pub(super) fn counts<'a>(rows: impl IntoIterator<Item = &'a Prepared>) -> Vec<Count> {
    counts_of(rows.into_iter().map(|it| (it, true)))
}

/// Rows, and whether each is stored or counted alone. In the order in which issues are locked:
/// of two writers none waits for the other crosswise.
pub(super) fn counts_of<'a>(rows: impl Iterator<Item = (&'a Prepared, bool)>) -> Vec<Count> {
    let mut all: BTreeMap<(i64, &str), Count> = BTreeMap::new();
    for (row, is_stored) in rows.filter(|(it, _)| it.new.is_issue()) {
        let counted = row.counted(is_stored);
        all.entry((row.tenant.workspace_pk, &row.fingerprint))
            .and_modify(|it| it.add(counted, row.now))
            .or_insert_with(|| Count::new(&row.shared(), counted));
    }
    all.into_values().collect()
}

impl Prepared {
    fn shared(&self) -> Shared<'_> {
        Shared {
            tenant: &self.tenant,
            connector_pk: self.connector_pk,
            fingerprint: &self.fingerprint,
            model: self.new.target_model,
            tool: self.new.tool_name.as_deref(),
            reason: self.new.reason,
            stage: self.new.stage(),
            subject: self.new.subject.as_deref(),
            now: self.now,
        }
    }

    fn counted(&self, is_stored: bool) -> Counted {
        let context = self.new.context.as_ref();
        Counted {
            occurred_at: self.occurred_at,
            impact: self.new.impact(),
            mapping_version: issue::mapping_version(context),
            run: self.new.sync_log.map(|it| it.0),
            records: issue::records(self.new.reason, context),
            is_stored,
        }
    }
}
