//! A client of the Model Context Protocol that expects servers to misbehave.
//!
//! [`Client`] connects over stdio or streamable HTTP, lists tools and calls them, within [`Limits`].
//! [`answer::rows`] finds the rows in whatever a tool answered, and [`paging::plan`] reads from a
//! tool's schema how to get the rest of them. Nothing here knows what the rows mean.

pub mod answer;
pub mod auth;
mod client;
mod error;
pub mod paging;
mod tool;
mod transport;

pub use answer::{Answer, Rows, Unusable};
pub use client::{Client, Limits, Server};
pub use error::Error;
pub use paging::Paging;
pub use reach::Reach;
pub use tool::{Tool, tool_list_hash};
pub use transport::{Bearer, Endpoint};
