//! Events of an answer: each bounded, each a message or an error for who waits for one.

use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt as _};
use rmcp::model::RequestId;
use rmcp::transport::streamable_http_client::SseError;
use sse_stream::{Sse, SseStream};
use tokio_util::bytes::Buf;

use super::message::{TOO_LARGE, UNREADABLE};

pub(super) type Events = BoxStream<'static, Result<Sse, SseError>>;

/// The events of one answer. One that cannot be taken becomes an error for `id`: the SDK would
/// drop it, and the caller would wait for its time-out.
pub(super) fn answer<S, B, E>(chunks: S, limit: usize, id: RequestId) -> Events
where
    S: Stream<Item = Result<B, E>> + Send + 'static,
    B: Buf + AsRef<[u8]> + Send + 'static,
    E: std::error::Error + Send + Sync + 'static,
{
    let bytes = bounded(chunks, limit);
    let events = SseStream::from_bytes_stream(bytes).map(move |event| match event {
        Ok(event) => Ok(readable(event, &id)),
        Err(SseError::Body(cause)) if matches!(cause.downcast_ref(), Some(Broken::Oversized)) => {
            Ok(Sse::default().data(error_for(&id, TOO_LARGE, "too large")))
        }
        Err(error) => Err(error),
    });
    events.boxed()
}

fn readable(event: Sse, id: &RequestId) -> Sse {
    let Some(data) = event.data.as_deref().filter(|it| !it.trim().is_empty()) else { return event };
    if serde_json::from_str::<serde::de::IgnoredAny>(data).is_ok() {
        return event;
    }
    Sse { data: Some(error_for(id, UNREADABLE, "an event is not JSON")), ..event }
}

fn error_for(id: &RequestId, code: i32, what: &str) -> String {
    serde_json::json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": what}})
        .to_string()
}

/// Why a stream of events ended before its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("an event is too large")]
    Oversized,
    #[error("reading failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Stops after an event that is larger than `limit`, without holding it.
pub(super) fn bounded<S, B, E>(
    chunks: S,
    limit: usize,
) -> impl Stream<Item = Result<B, Broken>> + Send
where
    S: Stream<Item = Result<B, E>> + Send + 'static,
    B: AsRef<[u8]> + Send,
    E: std::error::Error + Send + Sync + 'static,
{
    let start = State { chunks: Box::pin(chunks), held: 0, last: 0, ended: false };
    stream::unfold(start, move |mut state| async move {
        if state.ended {
            return None;
        }
        let chunk = match state.chunks.next().await? {
            Ok(chunk) => chunk,
            Err(error) => {
                state.ended = true;
                return Some((Err(Broken::Failed(error.into())), state));
            }
        };
        state.hold(chunk.as_ref());
        if state.held > limit {
            state.ended = true;
            return Some((Err(Broken::Oversized), state));
        }
        Some((Ok(chunk), state))
    })
}

struct State<S> {
    chunks: S,
    /// Bytes of the event that has not ended yet.
    held: usize,
    /// The last byte before the next chunk: a blank line may be cut in two.
    last: u8,
    ended: bool,
}

impl<S> State<S> {
    /// Counts a chunk; a blank line ends an event.
    fn hold(&mut self, bytes: &[u8]) {
        let is_blank = |before: u8, it: u8| before == b'\n' && (it == b'\n' || it == b'\r');
        let within = bytes.array_windows().rposition(|[before, it]| is_blank(*before, *it));
        let across = bytes.first().is_some_and(|it| is_blank(self.last, *it));
        self.held = match within {
            Some(at) => bytes.len() - at,
            None if across => bytes.len(),
            None => self.held + bytes.len(),
        };
        self.last = bytes.last().copied().unwrap_or(self.last);
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[tokio::test]
    async fn a_blank_line_ends_an_event_wherever_the_chunks_are_cut() {
        let event = "data: 12345678\n\n".repeat(10);
        for end in ["\n\n", "\r\n\r\n"] {
            let event = event.replace("\n\n", end);
            for size in 1..event.len() {
                let chunks: Vec<Result<Vec<u8>, Infallible>> =
                    event.as_bytes().chunks(size).map(|it| Ok(it.to_vec())).collect();
                let limit = size + 20;
                let read: Vec<_> = bounded(stream::iter(chunks), limit).collect().await;
                assert!(read.iter().all(Result::is_ok), "chunks of {size} ended by {end:?}");
            }
        }
    }
}
