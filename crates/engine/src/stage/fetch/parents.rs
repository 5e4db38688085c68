//! One level of chained arguments: the parents that the server lists, and a call for each.

use std::collections::{HashSet, VecDeque};

use domain::evidence::{Call, NoRows};
use domain::{Finding, TargetModel};
use serde_json::{Map, Value};

use super::pages::Pages;
use crate::link::{Link, Progressed};
use crate::run::Run;
use crate::stage::select::Scope;

/// The parents of a tool's rows.
pub(super) struct Parents {
    scope: Scope,
    left: Option<VecDeque<Value>>,
    at: Value,
    truncated: bool,
}

impl Parents {
    pub(super) fn new(scope: Scope) -> Self {
        Self { scope, left: None, at: Value::Null, truncated: false }
    }

    pub(super) fn is_listed(&self) -> bool {
        self.left.is_some()
    }

    /// Some parents were not listed, so their rows are not read.
    pub(super) fn truncated(&self) -> bool {
        self.truncated
    }

    pub(super) fn end(&mut self) {
        self.left = Some(VecDeque::new());
    }

    /// The arguments for the next parent.
    pub(super) fn next(&mut self) -> Option<Map<String, Value>> {
        self.at = self.left.as_mut()?.pop_front()?;
        let mut arguments = self.scope.arguments.clone();
        let chain = &self.scope.chain;
        arguments.insert(chain.argument.clone(), chain.argument_for(&self.at));
        Some(arguments)
    }

    pub(super) fn tell(&self, row: &mut Value) {
        self.scope.chain.tell(row, &self.at);
    }

    /// Asks for the parents, once. Each has a call of its own at least, so there may be as many as
    /// there may be pages.
    pub(super) async fn list(
        &mut self,
        run: &Run<'_>,
        link: &Link,
        target: TargetModel,
    ) -> Result<(), Finding> {
        let most = usize::try_from(run.engine.settings.pages).unwrap_or(usize::MAX);
        let mut call = Call::of(&self.scope.tool.name);
        let mut pages = Pages::of(&self.scope.tool, self.scope.chain.arguments.clone());
        let mut found = VecDeque::new();
        let mut known = HashSet::new();
        let (mut rows_read, mut pages_read) = (0_u64, 0);
        while !pages.is_done() && found.len() < most && !run.is_over() {
            let rows = pages.next(run, link, &mut call).await.map_err(|(failed, attempts)| {
                let so_far = Progressed { attempts, rows: rows_read };
                failed.finding(run, target, &call, so_far)
            })?;
            rows_read += rows.len() as u64;
            pages_read += 1;
            let ids = rows.iter().filter_map(|it| self.scope.chain.id(it));
            found.extend(ids.filter(|it| known.insert(it.to_string())).cloned());
        }
        self.truncated = !pages.is_done() || pages.truncated() || found.len() > most;
        found.truncate(most);
        if found.is_empty() {
            let arguments = pages.argument_names();
            let none = NoRows { pages: pages_read, arguments, rows_before: None };
            return Err(Finding::empty_result(target, &call, &none));
        }
        self.left = Some(found);
        Ok(())
    }
}
