//! Probes of real servers over real transports.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::TargetModel;
use domain::connector::Transport;
use domain::probe::ProbeOutcome;
use engine::{Settings, probe};
use futures_util::FutureExt as _;
use testkit::Db;
use tokio::io::AsyncReadExt as _;

use crate::world::World;

fn http(url: String) -> Transport {
    Transport::Http { url, headers: BTreeMap::new() }
}

#[tokio::test]
async fn a_server_is_found_over_both_transports() {
    let world = World::on(Db::sqlite().await).await;
    for transport in [world.http("ledger", &[]).await, World::stdio("ledger", &[])] {
        let found = probe(&transport, &world.engine.settings).await;
        assert_eq!(found.outcome, ProbeOutcome::Reachable, "{found:?}");
        let server = found.server.expect("a server introduces itself");
        assert!(!server.name.is_empty() && server.protocol.starts_with("20"), "{server:?}");
        assert!(found.tool_count > Some(3));
        let offered = |it| found.offers.iter().any(|offer| offer.target_model == it);
        assert!(offered(TargetModel::Invoice) && offered(TargetModel::Company));
        assert!(!offered(TargetModel::Email));
    }
}

#[tokio::test]
async fn a_private_address_is_refused_before_anything_is_sent() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/mcp", listener.local_addr().expect("an address"));
    for reach in [mcp::Reach::default(), mcp::Reach { private_addresses: false, plain_http: true }]
    {
        let settings = Settings { reach, ..Settings::default() };
        let found = probe(&http(url.clone()), &settings).await;
        assert_eq!(found.outcome, ProbeOutcome::Refused, "{found:?}");
        assert!(!found.detail.contains("127.0.0.1"), "{found:?}");
    }
    assert!(listener.accept().now_or_never().is_none(), "somebody called");
    let stdio = probe(&World::stdio("ledger", &[]), &Settings::default()).await;
    assert_eq!(stdio.outcome, ProbeOutcome::Refused);
}

#[tokio::test]
async fn a_challenge_says_what_is_needed_and_an_error_page_stays_inside() {
    let world = World::on(Db::sqlite().await).await;
    let serve = |answer: &'static str| async move {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/mcp", listener.local_addr().expect("an address"));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut asked = [0; 4096];
                let read = stream.read(&mut asked).await;
                let written =
                    tokio::io::AsyncWriteExt::write_all(&mut stream, answer.as_bytes()).await;
                if read.is_err() || written.is_err() {
                    return;
                }
            }
        });
        url
    };
    let url = serve(
        "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 6\r\n\
         WWW-Authenticate: Bearer scope=\"invoices:read\", \
         resource_metadata=\"https://a.test/.well-known/oauth-protected-resource\"\r\n\r\nsecret",
    )
    .await;
    let found = probe(&http(url), &world.engine.settings).await;
    assert_eq!((found.outcome, found.http_status), (ProbeOutcome::NeedsAuthorization, Some(401)));
    let challenge = found.authorization.clone().expect("a challenge");
    assert_eq!(challenge.scopes, ["invoices:read"]);
    assert!(challenge.resource_metadata.is_some_and(|it| it.starts_with("https://a.test/")));
    for (answer, expected) in [
        (
            "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 6\r\n\r\nsecret",
            ProbeOutcome::NotMcp,
        ),
        (
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/html\r\n\
             Content-Length: 6\r\n\r\nsecret",
            ProbeOutcome::NotMcp,
        ),
        (
            "HTTP/1.1 500 Oops\r\nConnection: close\r\nContent-Length: 6\r\n\r\nsecret",
            ProbeOutcome::Failed,
        ),
    ] {
        let found = probe(&http(serve(answer).await), &world.engine.settings).await;
        assert_eq!(found.outcome, expected, "{found:?}");
        assert!(!format!("{found:?}").contains("secret"), "{found:?}");
    }
}

#[tokio::test]
async fn a_silent_or_absent_server_does_not_hold_a_probe() {
    let world = World::on(Db::sqlite().await).await;
    let limits = mcp::Limits { start: Duration::from_millis(200), ..mcp::Limits::default() };
    let settings = Settings { limits, ..world.engine.settings.clone() };
    let slow = probe(&World::stdio("ledger", &["slow_start=60000"]), &settings).await;
    assert_eq!(slow.outcome, ProbeOutcome::TimedOut, "{slow:?}");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/mcp", listener.local_addr().expect("an address"));
    drop(listener);
    let absent = probe(&http(url), &settings).await;
    assert_eq!(absent.outcome, ProbeOutcome::NotStarted, "{absent:?}");
    let command = Transport::Stdio {
        command: "/no/such/command".to_owned(),
        args: Vec::new(),
        env: BTreeMap::new(),
    };
    assert_eq!(probe(&command, &settings).await.outcome, ProbeOutcome::NotStarted);
}
