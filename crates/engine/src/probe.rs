//! Tries an address: connects, lists the tools, looks which targets they seem to offer. Calls
//! nothing, and tells only what is ours to tell.

use std::time::Duration;

use domain::TargetModel;
use domain::connector::Transport;
use domain::probe::{Challenge, Offer, Probe, ProbeOutcome, ProbedServer};

use crate::link::Link;
use crate::settings::Settings;
use crate::stage::select::catalogue;

/// A person waits for it.
const TIME: Duration = Duration::from_secs(20);
/// Characters of what a server says of itself, and of one scope; and how many scopes.
const NAME_MAX: usize = 200;
const SCOPES_MAX: usize = 50;

/// Never longer than [`TIME`], nor than what the settings give a server.
pub async fn probe(transport: &Transport, settings: &Settings) -> Probe {
    let opened = match tokio::time::timeout(TIME, Link::open(transport, settings)).await {
        Ok(opened) => opened,
        Err(_elapsed) => Err(mcp::Error::Timeout { after: TIME }),
    };
    match opened {
        Ok(link) => {
            let found = found(&link);
            link.close().await;
            found
        }
        Err(error) => {
            tracing::info!(
                address = transport.address(),
                error.kind = error.kind(),
                "a probed server was not reached"
            );
            failed(&error)
        }
    }
}

fn found(link: &Link) -> Probe {
    let server = link.about();
    let catalogue = catalogue(link);
    let offers = TargetModel::ALL.iter().filter_map(|target| {
        let chosen = catalogue.choose(*target).chosen?;
        let tool_name = link.tools.get(chosen)?.name.clone();
        Some(Offer { target_model: *target, tool_name })
    });
    let offers: Vec<Offer> = offers.collect();
    let count = link.tools.len();
    let detail = match (count, offers.len()) {
        (0, _) => "a server is there, and it has no tools".to_owned(),
        (_, 0) => format!("a server is there; none of its {count} tools seems to list records"),
        (_, offered) => {
            format!("a server is there; its {count} tools seem to offer {offered} of 12 targets")
        }
    };
    Probe {
        server: Some(ProbedServer {
            name: short(&server.name),
            version: short(&server.version),
            protocol: short(&server.protocol),
        }),
        tool_count: Some(count),
        offers,
        ..Probe::without(ProbeOutcome::Reachable, detail)
    }
}

/// The kind of failure, in our own words: a server's may hold anything, and where an address leads
/// into a network that the asker is not part of, they are not the asker's to read.
fn failed(error: &mcp::Error) -> Probe {
    let (outcome, detail) = match error {
        mcp::Error::Unauthorized { .. } => (
            ProbeOutcome::NeedsAuthorization,
            "a server is there, and asks for credentials or for wider ones; set them and probe again",
        ),
        mcp::Error::Refused { .. } => (
            ProbeOutcome::Refused,
            "this may not be called from here: an address that is private or not https, a header \
             that is unusable, or a command; the operator decides, see [connectors] in the settings",
        ),
        mcp::Error::Start { .. } | mcp::Error::Closed { .. } => (
            ProbeOutcome::NotStarted,
            "no connection, or it ended before the server had introduced itself; check the address \
             or the command",
        ),
        mcp::Error::Timeout { .. } => {
            (ProbeOutcome::TimedOut, "no answer in time; try again, or check the address")
        }
        mcp::Error::Protocol { .. } | mcp::Error::TooLarge { .. } => (
            ProbeOutcome::NotMcp,
            "something answers, but not as an MCP server does; the path is often /mcp",
        ),
        mcp::Error::Http { status: 404 | 405 | 406 | 415, .. } => (
            ProbeOutcome::NotMcp,
            "a web server answers, but no MCP server at this path; the path is often /mcp",
        ),
        mcp::Error::Http { .. }
        | mcp::Error::Rpc { .. }
        | mcp::Error::InvalidParams { .. }
        | mcp::Error::UnknownTool { .. } => (
            ProbeOutcome::Failed,
            "a server answers, with an error of its own before it listed its tools",
        ),
    };
    let authorization = match error {
        mcp::Error::Unauthorized { scopes, challenge, .. } => Some(Challenge {
            scopes: scopes.iter().take(SCOPES_MAX).map(|it| short(it)).collect(),
            resource_metadata: challenge.as_deref().and_then(resource_metadata),
        }),
        mcp::Error::Start { .. }
        | mcp::Error::Http { .. }
        | mcp::Error::UnknownTool { .. }
        | mcp::Error::InvalidParams { .. }
        | mcp::Error::Rpc { .. }
        | mcp::Error::Timeout { .. }
        | mcp::Error::Closed { .. }
        | mcp::Error::TooLarge { .. }
        | mcp::Error::Refused { .. }
        | mcp::Error::Protocol { .. } => None,
    };
    Probe { http_status: error.http_status(), authorization, ..Probe::without(outcome, detail) }
}

fn short(text: &str) -> String {
    domain::diagnostic::shorten(text, NAME_MAX)
}

/// `resource_metadata` of a `WWW-Authenticate` header (RFC 9728), if it is a web address.
fn resource_metadata(challenge: &str) -> Option<String> {
    let (_, rest) = challenge.split_once("resource_metadata=")?;
    let url = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split([',', ' ']).next(),
    };
    url.filter(|it| it.starts_with("https://") || it.starts_with("http://")).map(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_metadata_of_a_challenge_is_read_when_it_is_an_address() {
        let read = |it: &str| resource_metadata(it).unwrap_or_default();
        let url = "https://a.test/.well-known/oauth-protected-resource";
        assert_eq!(read(&format!("Bearer error=\"x\", resource_metadata=\"{url}\"")), url);
        assert_eq!(read(&format!("Bearer resource_metadata={url}, scope=a")), url);
        assert_eq!(read("Bearer resource_metadata=\"javascript:alert(1)\""), "");
        assert_eq!(read("Bearer"), "");
    }
}
