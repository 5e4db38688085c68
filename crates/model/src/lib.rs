//! A client of language models: any endpoint that is compatible with `OpenAI`'s
//! `/chat/completions`. Nobody else speaks to one.
//!
//! It asks one question and hands back one text, within a time, a number of bytes and a budget. What
//! the text says is for others to read: to this crate it is data.

mod ask;
mod budget;
mod endpoint;
mod error;
mod wire;

pub use ask::{Asked, Question};
pub use budget::{Allowance, Budget};
pub use endpoint::{Endpoint, Limits, NotAnEndpoint, Prices};
pub use error::Error;
