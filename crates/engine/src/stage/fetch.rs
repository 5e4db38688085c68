//! Fetch: call the tool and page to the end, one page at a time; for each parent, where a tool
//! lists within one.

mod failed;
mod pages;
mod parents;

use domain::evidence::{Call, NoRows, Skipped};
use domain::{Finding, TargetModel};
use serde_json::Value;
use store::records;

use super::select::Choice;
use crate::link::{Link, Progressed};
use crate::run::{Run, Stop};
use failed::Failed;
use pages::Pages;
use parents::Parents;

/// Parents in a row for which the call may fail before the tool is given up.
const FAILING_PARENTS: u32 = 3;

/// Rows of one page.
pub(crate) struct Page {
    pub(crate) rows: Vec<Value>,
    /// They came as structured content, not as text.
    pub(crate) is_structured: bool,
}

/// Where we are in the rows of one tool.
pub(crate) struct Reading {
    pub(crate) call: Call,
    pages: Pages,
    parents: Option<Parents>,
    read: Read,
    /// Parents in a row that failed, and the finding of the first.
    failing: u32,
    failure: Option<Finding>,
    truncated: bool,
}

/// What was read, parents' pages excluded.
#[derive(Debug, Default)]
struct Read {
    pages: u32,
    rows: u64,
    bytes: u64,
}

impl Read {
    fn is_capped(&self, run: &Run<'_>) -> bool {
        let settings = &run.engine.settings;
        self.rows >= settings.rows || self.pages >= settings.pages || self.bytes >= settings.bytes
    }
}

impl Reading {
    pub(crate) fn of(choice: &Choice) -> Self {
        Self {
            call: Call::of(&choice.tool.name),
            pages: Pages::of(&choice.tool, choice.arguments.clone()),
            parents: choice.parents.clone().map(Parents::new),
            read: Read::default(),
            failing: 0,
            failure: None,
            truncated: false,
        }
    }

    /// More rows exist, or may, that were not read.
    pub(crate) fn truncated(&self) -> bool {
        self.truncated
    }

    /// The next page that has rows; none at the end. A reading without any row stops the target.
    pub(crate) async fn next(
        &mut self,
        run: &mut Run<'_>,
        link: &Link,
        target: TargetModel,
    ) -> Result<Option<Page>, Stop> {
        if let Some(parents) = self.parents.as_mut().filter(|it| !it.is_listed()) {
            if let Err(finding) = parents.list(run, link, target).await {
                return Err(run.stop(finding));
            }
            self.truncated |= parents.truncated();
            self.next_parent();
        }
        loop {
            if self.pages.is_done() && !self.next_parent() {
                return self.ended(run, target).await.map(|()| None);
            }
            if let Some(cause) = run.over() {
                self.truncated |= self.read.rows > 0;
                if let Some(earlier) = self.failure.take() {
                    run.note(earlier);
                }
                let skipped = Skipped { cause, upstream: None };
                return Err(run.stop(Finding::target_skipped(target, &skipped)));
            }
            match self.pages.next(run, link, &mut self.call).await {
                Ok(rows) if rows.is_empty() => self.count(run, &rows),
                Ok(mut rows) => {
                    self.count(run, &rows);
                    if let Some(parents) = &self.parents {
                        rows.iter_mut().for_each(|it| parents.tell(it));
                    }
                    return Ok(Some(Page { rows, is_structured: self.pages.is_structured() }));
                }
                Err((failed, attempts)) => self.fail(run, link, target, (&failed, attempts))?,
            }
        }
    }

    /// A page was read: notices whether a cap was hit with it.
    fn count(&mut self, run: &Run<'_>, rows: &[Value]) {
        self.failing = 0;
        self.read.pages += 1;
        self.read.rows += rows.len() as u64;
        self.read.bytes += self.pages.bytes_of_last();
        let is_capped = self.read.is_capped(run);
        if is_capped {
            self.pages.end();
            self.parents.iter_mut().for_each(Parents::end);
        }
        self.truncated |= is_capped || (self.pages.is_done() && self.pages.truncated());
    }

    /// Goes on with the next parent; false when there is none.
    fn next_parent(&mut self) -> bool {
        let Some(arguments) = self.parents.as_mut().and_then(Parents::next) else { return false };
        self.pages.start(arguments);
        true
    }

    /// One parent may be out of reach; the tool is given up when several in a row are.
    fn fail(
        &mut self,
        run: &mut Run<'_>,
        link: &Link,
        target: TargetModel,
        (failed, attempts): (&Failed, u32),
    ) -> Result<(), Stop> {
        self.truncated |= self.read.rows > 0;
        let so_far = Progressed { attempts, rows: self.read.rows };
        let finding = failed.finding(run, target, &self.call, so_far);
        self.failing += 1;
        let is_of_parent = self.parents.is_some()
            && self.failing < FAILING_PARENTS
            && !link.is_lost()
            && !failed.is_final();
        if !is_of_parent {
            return Err(match self.failure.take() {
                // The first of several that failed alike; or one before the run was to stop.
                Some(earlier) if failed.is_of_server() => run.stop(earlier),
                Some(earlier) => {
                    run.note(earlier);
                    run.stop(finding)
                }
                None => run.stop(finding),
            });
        }
        // The rows of this parent are not read, whatever the next ones bring.
        self.truncated = true;
        self.failure.get_or_insert(finding);
        self.pages.end();
        Ok(())
    }

    async fn ended(&mut self, run: &mut Run<'_>, target: TargetModel) -> Result<(), Stop> {
        if let Some(finding) = self.failure.take() {
            return Err(run.stop(finding));
        }
        if self.read.rows > 0 {
            return Ok(());
        }
        Err(self.nothing(run, target).await)
    }

    /// No record was found: there was no row, or none that holds one.
    pub(crate) async fn nothing(&self, run: &mut Run<'_>, target: TargetModel) -> Stop {
        let tool = self.call.tool.as_deref().unwrap_or_default();
        let before = records::seen_before(run.store(), run.tenant, run.connector, target, tool);
        let evidence = NoRows {
            pages: self.read.pages,
            arguments: self.pages.argument_names(),
            // Without the store's word, nothing is claimed of earlier runs.
            rows_before: before.await.unwrap_or_default(),
        };
        run.stop(Finding::empty_result(target, &self.call, &evidence))
    }
}
