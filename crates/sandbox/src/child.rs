//! The other side: a process that evaluates what it is sent, and nothing else.

use std::io::{self, BufRead as _, Write as _};
use std::process::exit;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use mapping::expression::{Each, ExpressionError};
use nix::sys::resource::{Resource, setrlimit};

use crate::wire::{Asked, GREETING, Line};

/// Enough for the engine's own recursion; beyond it grows its stack by itself.
const STACK_BYTES: usize = 8 << 20;

/// Walls itself in, then answers requests until its input ends. Call it before anything else of
/// the process: a thread or a file that is there already stays.
///
/// # Errors
/// A wall cannot be set, or the parent cannot be talked to.
pub fn run(memory_bytes: u64) -> io::Result<()> {
    // A panic is an answer here; where it happened would only fill the pipe.
    std::panic::set_hook(Box::new(|_| {}));
    wall(memory_bytes)?;
    let (sender, requests) = sync_channel(1);
    let evaluation = std::thread::Builder::new().stack_size(STACK_BYTES);
    evaluation.spawn(move || exit(i32::from(answer(&requests).is_err())))?;
    listen(&sender);
    // The parent is gone, or wants us to be: in the middle of an evaluation too.
    exit(0)
}

/// From here on: so much memory, and no file, no socket and no process beyond what is open.
fn wall(memory_bytes: u64) -> io::Result<()> {
    // Elsewhere the system does not take it.
    if cfg!(target_os = "linux") {
        setrlimit(Resource::RLIMIT_AS, memory_bytes, memory_bytes)?;
    }
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    setrlimit(Resource::RLIMIT_FSIZE, 0, 0)?;
    setrlimit(Resource::RLIMIT_NOFILE, 3, 3)?;
    Ok(())
}

/// Reads all the time, also while a row is evaluated: so the end of a parent is seen at once, and
/// whoever writes to us never waits for an evaluation.
fn listen(requests: &SyncSender<String>) {
    let mut input = io::stdin().lock();
    loop {
        let mut line = String::new();
        match input.read_line(&mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => drop(requests.send(line)),
        }
    }
}

fn answer(requests: &Receiver<String>) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{GREETING}")?;
    output.flush()?;
    for line in requests {
        let asked: Asked = serde_json::from_str(&line)?;
        drop(line);
        let mut tell = |line: &Line| {
            serde_json::to_writer(&mut output, line)?;
            output.write_all(b"\n")
        };
        match Each::of(&asked.expression, &asked.limits) {
            Err(error) => tell(&Line::Error(error))?,
            Ok(mut each) => {
                tell(&Line::Stands)?;
                for row in &asked.rows {
                    let row = serde_json::from_str(row.get()).map_err(|_nested_too_deep| {
                        ExpressionError::ours("W0004", "the row has too many levels")
                    });
                    let outcome = row.and_then(|it| each.row(&it));
                    tell(&outcome.map_or_else(Line::Error, Line::Value))?;
                }
            }
        }
        output.flush()?;
    }
    Ok(())
}
