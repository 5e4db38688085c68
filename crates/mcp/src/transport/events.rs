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
    stream::unfold(
        (Box::pin(chunks), 0_usize, false),
        move |(mut chunks, held, ended)| async move {
            if ended {
                return None;
            }
            let chunk = match chunks.next().await? {
                Ok(chunk) => chunk,
                Err(error) => {
                    return Some((Err(Broken::Failed(error.into())), (chunks, held, true)));
                }
            };
            // A blank line ends an event.
            let bytes = chunk.as_ref();
            let after = bytes.windows(2).rposition(|it| it == b"\n\n" || it == b"\n\r");
            let held = after.map_or(held + bytes.len(), |it| bytes.len() - it);
            if held > limit {
                return Some((Err(Broken::Oversized), (chunks, held, true)));
            }
            Some((Ok(chunk), (chunks, held, false)))
        },
    )
}
