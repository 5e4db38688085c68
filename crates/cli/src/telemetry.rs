//! What the process tells of itself: logs to standard error, and, if a collector is named, traces and
//! logs over OTLP.

use anyhow::{Context as _, Result};
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::{LogExporter, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::config::{Config, Format};

/// Libraries that log whole messages or heads, credentials and all, when they are asked to talk.
const TALKATIVE: [&str; 7] =
    ["rmcp", "hyper", "hyper_util", "h2", "reqwest", "rustls", "opentelemetry"];

/// What is logged: as set, but of the talkative libraries errors only, whatever the level.
fn filter(level: &str) -> EnvFilter {
    let is_about = |it: &str, name: &str| {
        let target = it.split(['=', '[', ':']).next().unwrap_or_default();
        target.trim() == name
    };
    let kept = level.split(',').filter(|it| !TALKATIVE.iter().any(|name| is_about(it, name)));
    let quiet = TALKATIVE.iter().map(|it| format!("{it}=error"));
    let all: Vec<String> = kept.map(str::to_owned).chain(quiet.clone()).collect();
    EnvFilter::try_new(all.join(",")).unwrap_or_else(|_| {
        let usual: Vec<String> = std::iter::once("warn".to_owned()).chain(quiet).collect();
        EnvFilter::new(usual.join(","))
    })
}

/// What still has to be sent when the process ends.
#[derive(Debug, Default)]
pub(crate) struct Telemetry {
    traces: Option<SdkTracerProvider>,
    logs: Option<SdkLoggerProvider>,
}

/// Begins to tell. Logs go to standard error, so that standard output stays clean.
pub(crate) fn start(config: &Config) -> Result<Telemetry> {
    let telemetry = match config.telemetry.endpoint() {
        None => Telemetry::default(),
        Some(endpoint) => exported(config, endpoint)
            .context("preparing to send telemetry (telemetry.otlp_endpoint)")?,
    };
    let level = config.telemetry.level.as_str();
    let traces = telemetry.traces.as_ref().map(|it| {
        tracing_opentelemetry::layer().with_tracer(it.tracer("wireline")).with_filter(filter(level))
    });
    let lines = telemetry.logs.as_ref();
    let lines = lines.map(|it| OpenTelemetryTracingBridge::new(it).with_filter(filter(level)));
    let local = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let local = match config.log.format {
        Format::Text => local.with_filter(filter(&config.log.level)).boxed(),
        Format::Json => local.json().with_filter(filter(&config.log.level)).boxed(),
    };
    tracing_subscriber::registry().with(traces).with(lines).with(local).init();
    Ok(telemetry)
}

fn exported(config: &Config, endpoint: &str) -> Result<Telemetry> {
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        tracing::debug!("another provider of cryptography was installed before");
    }
    let headers = config.telemetry.headers()?;
    let resource = Resource::builder()
        .with_service_name("wireline")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let spans = SpanExporter::builder()
        .with_http()
        .with_endpoint(format!("{endpoint}/v1/traces"))
        .with_headers(headers.clone())
        .build()?;
    let lines = LogExporter::builder()
        .with_http()
        .with_endpoint(format!("{endpoint}/v1/logs"))
        .with_headers(headers)
        .build()?;
    let traces = SdkTracerProvider::builder()
        .with_batch_exporter(spans)
        .with_resource(resource.clone())
        .build();
    let logs =
        SdkLoggerProvider::builder().with_batch_exporter(lines).with_resource(resource).build();
    Ok(Telemetry { traces: Some(traces), logs: Some(logs) })
}

impl Telemetry {
    /// Sends what is left. A collector that is away costs seconds and nothing else.
    pub(crate) fn stop(self) {
        let traces = self.traces.map(|it| it.shutdown());
        let logs = self.logs.map(|it| it.shutdown());
        for error in [traces, logs].into_iter().flatten().filter_map(Result::err) {
            crate::output::aside(format!("telemetry that was left could not be sent: {error}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_level_makes_a_library_tell_what_it_carries() {
        for level in ["trace", "debug,rmcp=trace", "hyper::proto=trace", "warn,h2[frame]=trace"] {
            let shown = filter(level).to_string();
            for name in TALKATIVE {
                assert!(shown.contains(&format!("{name}=error")), "{level}: {shown}");
            }
            assert!(!shown.contains("proto") && !shown.contains("frame"), "{level}: {shown}");
        }
        assert!(filter("trace").to_string().contains("trace"));
    }
}
