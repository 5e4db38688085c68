//! The samples over both transports, read by our own client.

#![expect(clippy::expect_used, reason = "a failed helper is a failed test")]

mod faults;
mod reading;

use std::time::Duration;

use mcp::{Answer, Client, Endpoint, Error, Limits, Reach, Rows, Unusable};
use sample::Sample;
use serde_json::{Map, Value};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// A client of a sample, and what ends the sample with the test.
struct World {
    client: Client,
    _server: Option<DropGuard>,
}

const LIMITS: Limits = Limits {
    start: Duration::from_secs(20),
    call: Duration::from_secs(20),
    answer_bytes: 8 << 20,
    depth: 64,
    tools: 10_000,
};

async fn stdio(name: &str, faults: &[&str]) -> Result<World, Error> {
    stdio_within(name, faults, LIMITS).await
}

async fn stdio_within(name: &str, faults: &[&str], limits: Limits) -> Result<World, Error> {
    let args = [name].iter().chain(faults).map(|it| (*it).to_owned()).collect();
    let command = env!("CARGO_BIN_EXE_sample-server").to_owned();
    let endpoint = Endpoint::Stdio { command, args, env: Vec::new() };
    let client = Client::connect(&endpoint, limits, Reach::default()).await?;
    Ok(World { client, _server: None })
}

async fn http(name: &str, faults: &[&str]) -> World {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url = format!("http://{}/mcp", listener.local_addr().expect("an address"));
    let stop = CancellationToken::new();
    let sample = Sample::named(name).expect("a sample");
    let faults = faults.iter().map(|it| it.parse().expect("a fault")).collect();
    tokio::spawn(sample::serve_http(sample, faults, listener, stop.clone()));
    let endpoint = Endpoint::Http { url, headers: Vec::new() };
    let reach = Reach { private_addresses: true, plain_http: true };
    let client = Client::connect(&endpoint, LIMITS, reach).await.expect("connects");
    World { client, _server: Some(stop.drop_guard()) }
}

impl World {
    async fn call(&self, tool: &str) -> Result<Answer, Error> {
        self.client.call(tool, Map::new()).await
    }

    async fn rows(&self, tool: &str) -> Result<Rows, Unusable> {
        mcp::answer::rows(&self.call(tool).await.expect("answers"))
    }

    /// All rows of a tool, by its own paging; and the calls that took.
    async fn read(&self, tool: &str) -> (Vec<Value>, usize) {
        let tools = self.client.tools().await.expect("lists");
        let tool = tools.iter().find(|it| it.name == tool).expect("is listed");
        let mut paging = mcp::paging::plan(tool);
        let mut args = paging.first(Map::new());
        let (mut all, mut calls) = (Vec::new(), 0);
        loop {
            calls += 1;
            let answer = self.client.call(&tool.name, args.clone()).await.expect("answers");
            let mut page = mcp::answer::rows(&answer).expect("has rows");
            let next = paging.next(&args, &mut page, all.len());
            all.extend(page.rows);
            match next {
                Some(next) => args = next,
                None => break,
            }
        }
        assert!(!paging.truncated(), "{} is cut", tool.name);
        (all, calls)
    }
}
