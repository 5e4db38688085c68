//! Logs, and where they and traces go besides standard error.

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use domain::connector::Secret;
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Log {
    pub(crate) level: String,
    pub(crate) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    Text,
    Json,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Telemetry {
    otlp_endpoint: String,
    otlp_headers: Secret,
    pub(crate) level: String,
}

impl Telemetry {
    /// The collector, without a slash at its end. None: nothing goes out.
    pub(crate) fn endpoint(&self) -> Option<&str> {
        let endpoint = self.otlp_endpoint.trim_end_matches('/');
        (!endpoint.is_empty()).then_some(endpoint)
    }

    /// Headers of each export.
    pub(crate) fn headers(&self) -> Result<HashMap<String, String>> {
        if let Some(endpoint) = self.endpoint() {
            let is_http = endpoint.starts_with("http://") || endpoint.starts_with("https://");
            ensure!(is_http, "telemetry.otlp_endpoint is no address of http or https");
        }
        let given = self.otlp_headers.expose().split(',').filter(|it| !it.trim().is_empty());
        let each = given.map(|it| {
            let (name, value) =
                it.split_once('=').context("telemetry.otlp_headers is written name=value")?;
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        });
        each.collect()
    }
}
