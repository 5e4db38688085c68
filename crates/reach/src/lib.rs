//! Which addresses we may talk to, and clients that talk to no others. Whoever calls what somebody
//! else named goes through here: an address is checked before it is looked up, and every address that
//! a lookup finds before it is connected to.
//!
//! [`Reach::pin`] is for a conversation with one host: looked up once, and the same to its end.
//! [`Client`] is for many hosts over a long time: it looks a host up for each connection.

mod address;
mod client;
mod guard;

use std::sync::Once;
use std::time::Duration;

pub use address::{Reach, is_private};
pub use client::{Client, Posted};
pub use guard::Pinned;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why nobody was reached; the cause is the source, not the text.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What the operator does not allow, or what is no address.
    #[error("refused: {why}")]
    Refused { why: String },
    #[error("{what}")]
    Unreachable {
        what: String,
        #[source]
        source: Option<Cause>,
    },
    #[error("no answer within {after:?}")]
    Timeout { after: Duration },
}

/// TLS by ring, unless the program chose another provider before.
pub fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            tracing::debug!("a TLS provider was already installed");
        }
    });
}
