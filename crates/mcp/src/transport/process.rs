//! A server's process: a clean environment, its own group, its last words, and its end.

use std::collections::VecDeque;
use std::process::Stdio as Pipe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::Error;

/// What a server inherits from us. Anything else it needs is in its endpoint.
const INHERITED: [&str; 4] = ["PATH", "HOME", "LANG", "TMPDIR"];
/// How much of stderr is kept.
const TAIL_LINES: usize = 40;
const TAIL_LINE_BYTES: usize = 2_000;
/// After the end of its input, a server may take this long to leave by itself.
const LEAVE_TIME: Duration = Duration::from_secs(2);
/// How long the last words may take to arrive once the process is gone.
const LAST_WORDS_TIME: Duration = Duration::from_millis(500);

/// A running server. Dropping it kills the process and everything that it started.
#[derive(Debug)]
pub(crate) struct Process {
    shared: Arc<Shared>,
    /// True once stderr has been read to its end.
    drained: watch::Receiver<bool>,
    /// True once the process is gone.
    gone: watch::Receiver<bool>,
    stop: CancellationToken,
}

#[derive(Debug)]
struct Shared {
    group: Pid,
    is_gone: AtomicBool,
    tail: Mutex<VecDeque<String>>,
}

/// The ends of the pipes that the protocol goes through.
pub(crate) struct Pipes {
    pub(crate) input: ChildStdin,
    pub(crate) output: ChildStdout,
}

impl Process {
    /// # Errors
    /// [`Error::Start`] when the command cannot be run.
    pub(crate) fn spawn(
        command: &str,
        args: &[String],
        env: &[(String, String)],
    ) -> Result<(Self, Pipes), Error> {
        let failed = |source: std::io::Error| Error::Start {
            what: format!("cannot run `{command}`"),
            stderr: Vec::new(),
            source: Some(source.into()),
        };
        let lost = || failed(std::io::Error::other("the process has no pipes"));
        let mut child = command_of(command, args, env).spawn().map_err(failed)?;
        let id = child.id().and_then(|it| i32::try_from(it).ok()).ok_or_else(lost)?;
        let input = child.stdin.take().ok_or_else(lost)?;
        let output = child.stdout.take().ok_or_else(lost)?;
        let errors = child.stderr.take().ok_or_else(lost)?;
        let shared = Arc::new(Shared {
            group: Pid::from_raw(id),
            is_gone: AtomicBool::new(false),
            tail: Mutex::default(),
        });
        let (drained_tx, drained) = watch::channel(false);
        let (gone_tx, gone) = watch::channel(false);
        let stop = CancellationToken::new();
        tokio::spawn(drain(errors, Arc::clone(&shared), drained_tx));
        tokio::spawn(supervise(child, Arc::clone(&shared), gone_tx, stop.clone()));
        Ok((Self { shared, drained, gone, stop }, Pipes { input, output }))
    }

    /// The last lines of stderr, oldest first. Waits a moment for them when the process is gone.
    pub(crate) async fn last_words(&self) -> Vec<String> {
        let mut drained = self.drained.clone();
        let wait = drained.wait_for(|it| *it);
        // Out of time: then what has arrived will have to do.
        drop(tokio::time::timeout(LAST_WORDS_TIME, wait).await);
        let tail = self.shared.tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.iter().cloned().collect()
    }

    /// Waits for the process to leave, its input being closed, then ends it.
    pub(crate) async fn leave(&self) {
        let mut gone = self.gone.clone();
        drop(tokio::time::timeout(LEAVE_TIME, gone.wait_for(|it| *it)).await);
        self.stop.cancel();
        drop(tokio::time::timeout(LEAVE_TIME, gone.wait_for(|it| *it)).await);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // At once, and not only by the supervisor: the runtime may be shutting down.
        self.shared.kill();
        self.stop.cancel();
    }
}

impl Shared {
    /// Kills the whole group, unless its leader has been reaped: its number may be another's now.
    fn kill(&self) {
        if !self.is_gone.load(Ordering::Acquire)
            && let Err(error) = killpg(self.group, Signal::SIGKILL)
        {
            tracing::debug!(%error, "process group not killed");
        }
    }
}

fn command_of(command: &str, args: &[String], env: &[(String, String)]) -> Command {
    let mut built = Command::new(command);
    built
        .args(args)
        .env_clear()
        .envs(INHERITED.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
        .envs(env.iter().map(|(name, value)| (name, value)))
        .stdin(Pipe::piped())
        .stdout(Pipe::piped())
        .stderr(Pipe::piped())
        .process_group(0)
        .kill_on_drop(true);
    built
}

/// Waits for the process to end, or for us to want it to, and ends what it left behind.
async fn supervise(
    mut child: Child,
    shared: Arc<Shared>,
    gone: watch::Sender<bool>,
    stop: CancellationToken,
) {
    tokio::select! {
        _ = child.wait() => {
            // Its children hold the pipes open; nobody would ever see the end of the answers.
            if let Err(error) = killpg(shared.group, Signal::SIGKILL) {
                tracing::trace!(%error, "no process was left behind");
            }
        }
        () = stop.cancelled() => {
            shared.kill();
            drop(child.wait().await);
        }
    }
    shared.is_gone.store(true, Ordering::Release);
    gone.send_replace(true);
}

async fn drain(errors: ChildStderr, shared: Arc<Shared>, drained: watch::Sender<bool>) {
    let mut errors = BufReader::new(errors);
    while let Some(line) = short_line(&mut errors).await {
        let line = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
        let mut tail = shared.tail.lock().unwrap_or_else(PoisonError::into_inner);
        if tail.len() == TAIL_LINES {
            tail.pop_front();
        }
        tail.push_back(line);
    }
    drained.send_replace(true);
}

/// The next line, cut at [`TAIL_LINE_BYTES`]; `None` at the end.
async fn short_line(from: &mut (impl AsyncBufRead + Unpin)) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    let mut any = false;
    loop {
        let available = from.fill_buf().await.ok()?;
        if available.is_empty() {
            return any.then_some(line);
        }
        any = true;
        let end = available.iter().position(|it| *it == b'\n');
        let taken = end.map_or(available.len(), |it| it + 1);
        let room = TAIL_LINE_BYTES.saturating_sub(line.len()).min(taken);
        line.extend(available.iter().take(room));
        from.consume(taken);
        if end.is_some() {
            return Some(line);
        }
    }
}
