//! The pages of one tool under one set of arguments.

use std::time::Duration;

use domain::evidence::Call;
use mcp::{Paging, Rows};
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::failed::{Answered, Failed};
use crate::link::{Link, unless};
use crate::run::Run;

/// Calls of one page, the first included. Servers retry upstream on their own; more of ours would
/// multiply with theirs.
const ATTEMPTS: u32 = 2;
/// The same for a server that says when it wants to be asked again.
const INVITED_ATTEMPTS: u32 = 3;
/// Before another call where the server names no time.
const PAUSE: Duration = Duration::from_secs(1);
/// What a server may ask us to wait; longer is an answer of its own.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

type Args = Map<String, Value>;

pub(super) struct Pages {
    tool: mcp::Tool,
    paging: Paging,
    /// Where the first page had its rows: later pages have them there too, or have none.
    root: Option<String>,
    /// Of the next call; none when the last page was read.
    arguments: Option<Args>,
    /// Of the last call.
    used: Args,
    rows: usize,
    bytes: u64,
    is_structured: bool,
}

impl Pages {
    pub(super) fn of(tool: &mcp::Tool, base: Args) -> Self {
        let paging = mcp::paging::plan(tool);
        let arguments = Some(paging.first(base));
        let tool = tool.clone();
        Self {
            tool,
            paging,
            root: None,
            arguments,
            used: Args::new(),
            rows: 0,
            bytes: 0,
            is_structured: false,
        }
    }

    /// From the first page again, under other arguments.
    pub(super) fn start(&mut self, base: Args) {
        self.paging = self.paging.again();
        self.arguments = Some(self.paging.first(base));
        self.rows = 0;
    }

    pub(super) fn is_done(&self) -> bool {
        self.arguments.is_none()
    }

    /// Reads no further page.
    pub(super) fn end(&mut self) {
        self.arguments = None;
    }

    /// Whether rows are known or feared to be missing after the last page.
    pub(super) fn truncated(&self) -> bool {
        self.paging.truncated()
    }

    /// The size of the last page's rows as JSON.
    pub(super) fn bytes_of_last(&self) -> u64 {
        self.bytes
    }

    /// Whether the last page came as structured content, not as text.
    pub(super) fn is_structured(&self) -> bool {
        self.is_structured
    }

    pub(super) fn argument_names(&self) -> Vec<String> {
        self.used.keys().cloned().collect()
    }

    /// The next page, or nothing after the last one. With an error: how many calls were made.
    pub(super) async fn next(
        &mut self,
        run: &Run<'_>,
        link: &Link,
        call: &mut Call,
    ) -> Result<Vec<Value>, (Failed, u32)> {
        let Some(arguments) = self.arguments.take() else { return Ok(Vec::new()) };
        self.used.clone_from(&arguments);
        let (mut rows, used) = self.page(run, link, (arguments, call)).await?;
        self.arguments = self.paging.next(&used, &mut rows, self.rows);
        self.bytes = self.paging.bytes_of_last();
        if !rows.rows.is_empty() {
            self.root.get_or_insert_with(|| rows.root.clone());
        }
        self.rows += rows.rows.len();
        Ok(rows.rows)
    }

    /// Calls until there is an answer with rows in it: once more when the server is busy, and with
    /// smaller pages when it refuses the size.
    async fn page(
        &mut self,
        run: &Run<'_>,
        link: &Link,
        (mut arguments, call): (Args, &mut Call),
    ) -> Result<(Rows, Args), (Failed, u32)> {
        let mut attempts = 1;
        loop {
            let cancel = &run.request.cancel;
            let Some(answered) = link.call(&self.tool.name, arguments.clone(), cancel).await else {
                return Err((Failed::Stopped, attempts));
            };
            let failed = match answered.map(|it| self.read(it, call)) {
                Ok(Ok(rows)) => return Ok((rows, arguments)),
                Ok(Err(failed)) => failed,
                Err(error) => Failed::Call(error),
            };
            let smaller =
                failed.about_size().and_then(|it| self.paging.step_down_to(&arguments, it));
            if let Some(smaller) = smaller {
                arguments = smaller;
            } else if let Some(pause) = pause(run, &failed, attempts) {
                if unless(cancel, tokio::time::sleep(pause)).await.is_none() {
                    return Err((Failed::Stopped, attempts));
                }
                attempts += 1;
            } else {
                return Err((failed, attempts));
            }
        }
    }

    /// The rows of an answer.
    fn read(&mut self, answer: mcp::Answer, call: &mut Call) -> Result<Rows, Failed> {
        *call = call.clone().answered(answer.http_status);
        self.is_structured = answer.structured.is_some();
        let rows = match &self.root {
            Some(root) => mcp::answer::rows_at(&answer, root),
            None => mcp::answer::rows(&answer),
        };
        let (http_status, is_error) = (answer.http_status, answer.is_error);
        rows.map_err(|unusable| Failed::Answer(unusable, Answered { http_status, is_error }))
    }
}

/// How long to wait before another call; none when there is no use in one.
fn pause(run: &Run<'_>, failed: &Failed, attempts: u32) -> Option<Duration> {
    let asked = failed.retry_after();
    let most = if asked.is_some() { INVITED_ATTEMPTS } else { ATTEMPTS };
    let pause = asked.unwrap_or(PAUSE);
    let is_over_by_then = Instant::now() + pause >= run.deadline;
    let is_of_use = failed.is_passing() && attempts < most && pause <= LONGEST_PAUSE;
    (is_of_use && !is_over_by_then && !run.request.cancel.is_cancelled()).then_some(pause)
}
