//! Starting `wireline`, and speaking to it over HTTP with nothing in between.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

/// The binary with a data folder, and a clean environment.
pub(crate) fn wireline(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wireline"));
    command.env_clear().env("WIRELINE_DATA", data).env("PATH", "/usr/bin:/bin").current_dir(data);
    command
}

/// Runs to the end; standard output as JSON, and the exit code.
pub(crate) fn json(command: &mut Command) -> (Value, i32) {
    let output = run(command);
    let text = String::from_utf8(output.stdout).expect("text");
    let document = serde_json::from_str(&text).expect(&text);
    (document, output.status.code().expect("a code"))
}

pub(crate) fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().expect("wireline runs")
}

/// A server that is killed with the test.
pub(crate) struct Serving {
    child: Child,
    pub(crate) address: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Serving {
    /// Starts and waits until it says where it listens.
    pub(crate) fn start(command: Command) -> Self {
        Self::start_logging(command, Stdio::inherit())
    }

    pub(crate) fn start_logging(mut command: Command, log: Stdio) -> Self {
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("wireline starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its output");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let address = line.trim().rsplit("http://").next().expect("an address").to_owned();
        assert!(address.starts_with("127."), "{line}");
        Self { child, address }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// As `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }

    pub(crate) fn connect(&self, key: &str) -> Connection {
        let stream = TcpStream::connect(&self.address).expect("connects");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out");
        Connection { stream: BufReader::new(stream), key: key.to_owned() }
    }
}

/// One HTTP/1.1 connection.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    key: String,
}

impl Connection {
    /// Status and body; none when the other side went away.
    pub(crate) fn send(&mut self, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/vnd.api+json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.key,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).ok()?;
        let mut line = String::new();
        self.stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let status = line.split(' ').nth(1)?.parse().ok()?;
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
            let header = line.trim().to_ascii_lowercase();
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            if header.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).ok()?;
        Some((status, serde_json::from_slice(&body).unwrap_or_default()))
    }
}
