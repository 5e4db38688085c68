//! The few words of the protocol that are needed.

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Serialize)]
pub(crate) struct Request<'q> {
    pub(crate) model: &'q str,
    pub(crate) messages: [Message<'q>; 2],
    pub(crate) response_format: Format<'q>,
    pub(crate) max_completion_tokens: u32,
}

#[derive(Debug, Serialize)]
pub(crate) struct Message<'q> {
    pub(crate) role: &'static str,
    pub(crate) content: &'q str,
}

#[derive(Debug, Serialize)]
pub(crate) struct Format<'q> {
    pub(crate) r#type: &'static str,
    pub(crate) json_schema: Schema<'q>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Schema<'q> {
    pub(crate) name: &'q str,
    pub(crate) strict: bool,
    pub(crate) schema: &'q Value,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Response {
    pub(crate) choices: Vec<Choice>,
    #[serde(default)]
    pub(crate) usage: Option<Usage>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Choice {
    pub(crate) message: Said,
    #[serde(default)]
    pub(crate) finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Said {
    #[serde(default)]
    pub(crate) content: Option<String>,
    #[serde(default)]
    pub(crate) refusal: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Usage {
    pub(crate) prompt_tokens: u64,
    #[serde(default)]
    pub(crate) completion_tokens: u64,
}
