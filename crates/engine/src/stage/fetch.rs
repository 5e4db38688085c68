//! Fetch: call the tool and page to the end, one page at a time.

use std::time::Duration;

use domain::evidence::{Call, FailedCall, MissingScope, NoRows, SkipCause, Skipped};
use domain::{Finding, TargetModel};
use mcp::{Paging, Rows, Unusable};
use serde_json::{Map, Value};
use store::records;

use super::select::Choice;
use crate::link::{self, Link, Progressed};
use crate::run::{Run, Stop};

/// Calls of one page, the first included. Servers retry upstream on their own; more of ours would
/// multiply with theirs.
const ATTEMPTS: u32 = 2;
const PAUSE: Duration = Duration::from_secs(1);

/// Rows of one page.
pub(crate) struct Page {
    pub(crate) rows: Vec<Value>,
    /// More rows exist, or may, that will not be read.
    pub(crate) truncated: bool,
}

/// Where we are in the pages of one tool.
pub(crate) struct Reading {
    pub(crate) call: Call,
    tool: String,
    paging: Paging,
    /// Where the first page had its rows: later pages have them there too, or have none.
    root: Option<String>,
    /// Of the next call; none when the last page was read.
    arguments: Option<Map<String, Value>>,
    pages: u32,
    rows: u64,
}

/// What a failed page comes to.
enum Failed {
    Call(mcp::Error),
    Answer(Unusable, Answered),
}

/// How an answer without rows came.
#[derive(Clone, Copy)]
struct Answered {
    http_status: Option<u16>,
    is_error: bool,
}

impl Reading {
    pub(crate) fn of(choice: &Choice) -> Self {
        let paging = mcp::paging::plan(&choice.tool);
        Self {
            call: Call::of(&choice.tool.name),
            tool: choice.tool.name.clone(),
            arguments: Some(paging.first(choice.arguments.clone())),
            paging,
            root: None,
            pages: 0,
            rows: 0,
        }
    }

    /// The next page that has rows; none at the end. A reading without any row stops the target.
    pub(crate) async fn next(
        &mut self,
        run: &mut Run<'_>,
        link: &Link,
        target: TargetModel,
    ) -> Result<Option<Page>, Stop> {
        while let Some(arguments) = self.arguments.take() {
            if run.is_over() {
                let skipped = Skipped { cause: SkipCause::BudgetSpent, upstream: None };
                return Err(run.stop(Finding::target_skipped(target, &skipped)));
            }
            let rows = match self.page(link, arguments.clone()).await {
                Ok((rows, used)) => self.turn(run, rows, &used),
                Err((failed, attempts)) => return Err(self.stop(run, target, &failed, attempts)),
            };
            if !rows.is_empty() {
                let truncated =
                    self.arguments.is_none() && (self.paging.truncated() || self.is_capped(run));
                return Ok(Some(Page { rows, truncated }));
            }
            if self.arguments.is_none() && self.rows == 0 {
                return Err(self.empty(run, target, &arguments).await);
            }
        }
        Ok(None)
    }

    /// Calls until there is an answer with rows in it: once more when the server is busy, and with
    /// smaller pages when it refuses the size.
    async fn page(
        &mut self,
        link: &Link,
        mut arguments: Map<String, Value>,
    ) -> Result<(Rows, Map<String, Value>), (Failed, u32)> {
        let mut attempts = 1;
        loop {
            let failed = match link.call(&self.tool, arguments.clone()).await {
                Ok(answer) => {
                    self.call = self.call.clone().answered(answer.http_status);
                    let rows = match &self.root {
                        Some(root) => mcp::answer::rows_at(&answer, root),
                        None => mcp::answer::rows(&answer),
                    };
                    match rows {
                        Ok(rows) => return Ok((rows, arguments)),
                        Err(unusable) => {
                            let (http_status, is_error) = (answer.http_status, answer.is_error);
                            Failed::Answer(unusable, Answered { http_status, is_error })
                        }
                    }
                }
                Err(error) => Failed::Call(error),
            };
            let smaller =
                failed.about_size().and_then(|it| self.paging.step_down_to(&arguments, it));
            if let Some(smaller) = smaller {
                arguments = smaller;
            } else if failed.is_passing() && attempts < ATTEMPTS {
                tokio::time::sleep(PAUSE).await;
                attempts += 1;
            } else {
                return Err((failed, attempts));
            }
        }
    }

    /// Counts a page and finds the arguments of the next one.
    fn turn(&mut self, run: &Run<'_>, mut rows: Rows, used: &Map<String, Value>) -> Vec<Value> {
        let so_far = usize::try_from(self.rows).unwrap_or(usize::MAX);
        self.arguments = self.paging.next(used, &mut rows, so_far);
        self.pages += 1;
        if !rows.rows.is_empty() {
            self.root.get_or_insert_with(|| rows.root.clone());
        }
        self.rows += rows.rows.len() as u64;
        if self.is_capped(run) {
            self.arguments = None;
        }
        rows.rows
    }

    fn is_capped(&self, run: &Run<'_>) -> bool {
        self.rows >= run.engine.settings.rows || self.pages >= run.engine.settings.pages
    }

    fn stop(&self, run: &mut Run<'_>, target: TargetModel, failed: &Failed, attempts: u32) -> Stop {
        let so_far = Progressed { attempts, rows: self.rows };
        let finding = match failed {
            Failed::Call(error) => link::failure(run, target, &self.call, error, so_far),
            Failed::Answer(unusable, answered) => {
                let call = self.call.clone().answered(answered.http_status);
                let kind = kind(unusable, *answered);
                unusable_answer(run, target, call, (kind, unusable), so_far)
            }
        };
        run.stop(finding)
    }

    async fn empty(
        &self,
        run: &mut Run<'_>,
        target: TargetModel,
        arguments: &Map<String, Value>,
    ) -> Stop {
        let before =
            records::seen_before(run.store(), run.tenant, run.connector, target, &self.tool).await;
        let evidence = NoRows {
            pages: self.pages,
            arguments: arguments.keys().cloned().collect(),
            // Without the store's word, nothing is claimed of earlier runs.
            rows_before: before.unwrap_or_default(),
        };
        run.stop(Finding::empty_result(target, &self.call, &evidence))
    }
}

impl Failed {
    fn status(&self) -> Option<u16> {
        match self {
            Self::Call(error) => error.http_status(),
            Self::Answer(Unusable::ErrorShape { status, .. }, _) => *status,
            Self::Answer(Unusable::Unparseable { .. }, _) => None,
        }
    }

    /// Worth another call: too many requests, or a gateway that could not reach what is behind it.
    fn is_passing(&self) -> bool {
        matches!(self.status(), Some(429 | 502 | 503 | 504))
    }

    /// What the server said, when it may have refused the page size.
    fn about_size(&self) -> Option<&str> {
        const SIZE: [&str; 4] = ["limit", "page", "size", "top"];
        const BOUND: [&str; 8] =
            ["max", "less", "exceed", "between", "too large", "too big", "<=", "at most"];
        let said = match self {
            Self::Call(mcp::Error::InvalidParams { message }) => message,
            Self::Answer(Unusable::ErrorShape { message, .. }, _) => message,
            Self::Call(_) | Self::Answer(Unusable::Unparseable { .. }, _) => return None,
        };
        let lower = said.to_lowercase();
        let names = |words: &[&str]| words.iter().any(|it| lower.contains(it));
        (names(&SIZE) && names(&BOUND)).then_some(said.as_str())
    }
}

fn kind(unusable: &Unusable, answered: Answered) -> &'static str {
    match unusable {
        Unusable::ErrorShape { .. } if answered.is_error => "is_error",
        Unusable::ErrorShape { .. } => "error_shape",
        Unusable::Unparseable { .. } => "unparseable",
    }
}

/// An answer that came back and holds no rows: an error, in disguise or not, or prose.
fn unusable_answer(
    run: &Run<'_>,
    target: TargetModel,
    call: Call,
    (kind, unusable): (&'static str, &Unusable),
    so_far: Progressed,
) -> Finding {
    let (said, status) = match unusable {
        Unusable::ErrorShape { message, status } => (message, *status),
        Unusable::Unparseable { text } => (text, None),
    };
    let call = Call { http_status: status.or(call.http_status), ..call };
    if matches!(status, Some(401 | 403)) {
        let evidence = MissingScope { missing_scopes: Vec::new(), refresh_tried: false };
        return Finding::auth_scope_insufficient(target, &call, &evidence);
    }
    let said = link::quoted(run, said);
    let (attempts, rows_before) = (so_far.attempts, so_far.rows);
    let evidence = FailedCall { kind, attempts, said, rows_before };
    Finding::tool_execution_failed(target, &call, &evidence)
}
