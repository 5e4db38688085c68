//! One child process: started clean, asked line by line, killed when its time is over.

use std::process::{ExitStatus, Stdio as Pipe};
use std::time::Duration;

use mapping::expression::{ExpressionError, Limits};
use serde_json::value::RawValue;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::error::{self, Error};
use crate::wire::{self, GREETING, Line, Request};
use crate::{Outcomes, Settings};

/// A busy machine may take its time to start a process.
const START_TIME: Duration = Duration::from_secs(30);
/// How long a process that was killed may take to be gone, and its last words to arrive.
const END_TIME: Duration = Duration::from_secs(5);
const LAST_WORDS_BYTES: u64 = 4_096;
/// What Rust prints when it aborts, since no allocation may fail in silence.
const OUT_OF_MEMORY: &str = "memory allocation of";
const KILL: i32 = 9;

/// Dropping it kills the process.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    errors: ChildStderr,
    is_over: bool,
}

/// What came of one request.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// Was the expression found sound?
    pub(crate) stands: bool,
    /// Of the first rows; of all, unless it came to an end.
    pub(crate) rows: Outcomes,
    /// Why there is no more.
    pub(crate) end: Option<ExpressionError>,
}

enum Heard {
    Line(Line),
    Nothing,
    TooLate,
}

impl Process {
    pub(crate) async fn start(settings: &Settings) -> Result<Self, Error> {
        let lost = || Error::unavailable("it has no pipes");
        let mut child = command(settings).spawn().map_err(Error::io("it does not start"))?;
        let input = child.stdin.take().ok_or_else(lost)?;
        let output = BufReader::new(child.stdout.take().ok_or_else(lost)?);
        let errors = child.stderr.take().ok_or_else(lost)?;
        let mut started = Self { child, input, output, errors, is_over: false };
        match timeout(START_TIME, started.line(GREETING.len() + 1)).await {
            Ok(Ok(line)) if line == GREETING.as_bytes() => Ok(started),
            Ok(Ok(_)) => {
                let (status, words) = started.ended().await;
                let status = status.map(|it| it.to_string());
                tracing::error!(?status, words, "a process for expressions ended at once");
                Err(Error::unavailable(
                    "it ends at once; see the log, and whether expressions.memory_mib is too little",
                ))
            }
            Ok(Err(error)) => Err(Error::io("it cannot be heard")(error)),
            Err(_) => Err(Error::unavailable("it does not get ready")),
        }
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Is it of no more use?
    pub(crate) fn is_over(&self) -> bool {
        self.is_over
    }

    pub(crate) async fn ask(
        &mut self,
        settings: &Settings,
        expression: &str,
        rows: &[Box<RawValue>],
    ) -> Result<Answer, Error> {
        let limits = &settings.limits;
        let request = Request { expression, limits, rows };
        let mut line = serde_json::to_vec(&request)
            .map_err(|error| Error::io("it cannot be asked")(error.into()))?;
        line.push(b'\n');
        // It reads all the time. If it does not, or is gone, that is seen when it is listened to.
        let written = timeout(patience(limits), self.input.write_all(&line)).await;
        if !matches!(written, Ok(Ok(()))) {
            tracing::debug!("a process for expressions does not read");
        }
        let mut answer = Answer::default();
        while !answer.stands || answer.rows.len() < rows.len() {
            match self.hear(limits).await? {
                Heard::Line(Line::Stands) => answer.stands = true,
                Heard::Line(Line::Value(value)) => answer.rows.push(Ok(value)),
                Heard::Line(Line::Error(why)) if answer.stands => answer.rows.push(Err(why)),
                Heard::Line(Line::Error(why)) => {
                    answer.end = Some(why);
                    break;
                }
                Heard::Nothing => {
                    answer.end = Some(self.why(settings.memory_bytes).await);
                    break;
                }
                Heard::TooLate => {
                    self.kill().await;
                    let limit_ms = u64::try_from(patience(limits).as_millis()).unwrap_or(u64::MAX);
                    answer.end = Some(error::time(limit_ms));
                    break;
                }
            }
        }
        Ok(answer)
    }

    async fn hear(&mut self, limits: &Limits) -> Result<Heard, Error> {
        // Until it is known to have been understood: whoever fails here leaves it in the middle.
        let was_over = std::mem::replace(&mut self.is_over, true);
        let line = match timeout(patience(limits), self.line(wire::longest(limits))).await {
            Err(_) => return Ok(Heard::TooLate),
            Ok(Err(error)) => return Err(Error::io("it cannot be heard")(error)),
            Ok(Ok(line)) if line.is_empty() => return Ok(Heard::Nothing),
            Ok(Ok(line)) => line,
        };
        let line = serde_json::from_slice(&line)
            .map_err(|error| Error::io("it answers in a way that is not known")(error.into()))?;
        self.is_over = was_over;
        Ok(Heard::Line(line))
    }

    /// Without its end; empty when there is none. A longer one is cut, and so no JSON.
    async fn line(&mut self, most: usize) -> std::io::Result<Vec<u8>> {
        let mut line = Vec::new();
        let most = u64::try_from(most).unwrap_or(u64::MAX);
        (&mut self.output).take(most).read_until(b'\n', &mut line).await?;
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        Ok(line)
    }

    /// Why it is gone, although nobody killed it.
    async fn why(&mut self, memory_bytes: u64) -> ExpressionError {
        let (status, words) = self.ended().await;
        let signal = status.and_then(|it| std::os::unix::process::ExitStatusExt::signal(&it));
        tracing::warn!(?signal, words, "an expression ended its process");
        // The system kills, too, when its own memory is short.
        if words.contains(OUT_OF_MEMORY) || signal == Some(KILL) {
            return error::memory(memory_bytes);
        }
        error::broke(&status.map_or_else(|| "it is silent".to_owned(), |it| it.to_string()))
    }

    async fn ended(&mut self) -> (Option<ExitStatus>, String) {
        let mut words = Vec::new();
        let mut last = (&mut self.errors).take(LAST_WORDS_BYTES);
        // Out of time, or broken: then what has arrived will have to do.
        timeout(END_TIME, last.read_to_end(&mut words)).await.map(drop).ok();
        self.kill().await;
        let status = self.child.try_wait().ok().flatten();
        (status, String::from_utf8_lossy(&words).trim().to_owned())
    }

    async fn kill(&mut self) {
        self.is_over = true;
        if let Ok(Err(error)) = timeout(END_TIME, self.child.kill()).await {
            tracing::debug!(%error, "a process for expressions is not killed");
        }
    }
}

fn command(settings: &Settings) -> Command {
    let mut command = Command::new(&settings.program.command);
    command
        .args(&settings.program.words)
        .arg(settings.memory_bytes.to_string())
        .env_clear()
        .current_dir("/")
        .stdin(Pipe::piped())
        .stdout(Pipe::piped())
        .stderr(Pipe::piped())
        .kill_on_drop(true);
    command
}

/// The engine looks at its clock between nodes; when it has not for as long again, it will not.
fn patience(limits: &Limits) -> Duration {
    Duration::from_millis(limits.timeout_ms.saturating_mul(2))
}
