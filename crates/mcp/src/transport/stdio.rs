//! The protocol over a process's pipes: one message a line, noise skipped, sizes bounded.

use std::io;
use std::sync::Arc;

use rmcp::RoleClient;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::Transport;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::sync::{Mutex, mpsc};

use super::message::{self, TOO_LARGE};
use super::process::Pipes;

/// Messages that may wait unread; more and the server waits.
const WAITING: usize = 4;
/// The end of an oversized line that is kept, to find the id in.
const END_BYTES: usize = 1_024;

pub(crate) struct Stdio {
    incoming: mpsc::Receiver<ServerJsonRpcMessage>,
    input: Arc<Mutex<Option<ChildStdin>>>,
}

impl Stdio {
    /// `limit`: bytes of one message.
    pub(crate) fn new(pipes: Pipes, limit: usize) -> Self {
        let (sender, incoming) = mpsc::channel(WAITING);
        tokio::spawn(pump(pipes.output, limit, sender));
        Self { incoming, input: Arc::new(Mutex::new(Some(pipes.input))) }
    }
}

impl Transport<RoleClient> for Stdio {
    type Error = io::Error;

    fn send(
        &mut self,
        item: ClientJsonRpcMessage,
    ) -> impl Future<Output = Result<(), io::Error>> + Send + 'static {
        let input = Arc::clone(&self.input);
        async move {
            let mut line = serde_json::to_vec(&item)?;
            line.push(b'\n');
            let mut input = input.lock().await;
            let input = input.as_mut().ok_or(io::ErrorKind::NotConnected)?;
            input.write_all(&line).await?;
            input.flush().await
        }
    }

    async fn receive(&mut self) -> Option<ServerJsonRpcMessage> {
        self.incoming.recv().await
    }

    async fn close(&mut self) -> Result<(), io::Error> {
        drop(self.input.lock().await.take());
        Ok(())
    }
}

async fn pump(output: ChildStdout, limit: usize, sender: mpsc::Sender<ServerJsonRpcMessage>) {
    let mut output = BufReader::with_capacity(64 * 1024, output);
    let mut line = Line::new(limit);
    while read_line(&mut output, &mut line).await {
        for message in line.messages() {
            if sender.send(message).await.is_err() {
                return;
            }
        }
        line.clear();
    }
}

/// A line being read: whole while it fits, its two ends when it does not.
struct Line {
    limit: usize,
    start: Vec<u8>,
    end: Vec<u8>,
    is_oversized: bool,
}

impl Line {
    fn new(limit: usize) -> Self {
        Self { limit, start: Vec::new(), end: Vec::new(), is_oversized: false }
    }

    fn push(&mut self, bytes: &[u8]) {
        if !self.is_oversized && self.start.len() + bytes.len() <= self.limit {
            self.start.extend_from_slice(bytes);
            return;
        }
        if !self.is_oversized {
            self.is_oversized = true;
            self.start.truncate(END_BYTES);
            self.start.shrink_to_fit();
        }
        self.end.extend_from_slice(bytes);
        let surplus = self.end.len().saturating_sub(END_BYTES);
        self.end.drain(..surplus);
    }

    fn messages(&self) -> Vec<ServerJsonRpcMessage> {
        if !self.is_oversized {
            return message::parse(&self.start);
        }
        tracing::warn!(limit_bytes = self.limit, "oversized message dropped");
        message::salvage(&self.start, &self.end, TOO_LARGE, "too large").into_iter().collect()
    }

    fn clear(&mut self) {
        // A large answer is rare; its memory is given back.
        if self.start.capacity() > 1024 * 1024 {
            self.start = Vec::new();
        }
        self.start.clear();
        self.end.clear();
        self.is_oversized = false;
    }
}

/// Reads to the end of the line; false when there is no more. A last line without its newline
/// counts: the server may have died just after it.
async fn read_line(from: &mut (impl AsyncBufRead + Unpin), line: &mut Line) -> bool {
    loop {
        let available = match from.fill_buf().await {
            Ok(available) if !available.is_empty() => available,
            Ok(_) => return !line.start.is_empty(),
            Err(error) => {
                tracing::debug!(%error, "reading from the server failed");
                return false;
            }
        };
        let end = available.iter().position(|it| *it == b'\n');
        let taken = end.map_or(available.len(), |it| it + 1);
        line.push(available.get(..end.unwrap_or(taken)).unwrap_or_default());
        from.consume(taken);
        if end.is_some() {
            return true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(text: &[u8], limit: usize) -> Vec<serde_json::Value> {
        let mut from = BufReader::with_capacity(7, text);
        let mut line = Line::new(limit);
        let mut all = Vec::new();
        while read_line(&mut from, &mut line).await {
            all.extend(line.messages().iter().filter_map(|it| serde_json::to_value(it).ok()));
            line.clear();
        }
        all
    }

    #[tokio::test]
    async fn an_oversized_answer_becomes_an_error_and_the_next_one_is_read() {
        let big = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"a":"{}"}}}}"#, "x".repeat(5_000));
        let text = format!("{big}\nnoise\n{}\n", r#"{"jsonrpc":"2.0","id":2,"result":{}}"#);
        let all = lines(text.as_bytes(), 2_000).await;
        assert_eq!(all.len(), 2);
        assert_eq!((&all[0]["id"], &all[0]["error"]["code"]), (&1.into(), &TOO_LARGE.into()));
        assert_eq!(all[1]["id"], 2);
    }

    #[tokio::test]
    async fn the_id_of_an_oversized_answer_may_be_at_its_end() {
        let big =
            format!(r#"{{"result":{{"a":"{}"}},"jsonrpc":"2.0","id":77}}"#, "x".repeat(5_000));
        let all = lines(big.as_bytes(), 2_000).await;
        assert_eq!(all[0]["id"], 77);
    }
}
