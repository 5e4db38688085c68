//! The reference engine, where it is at hand: npm's `jsonata`, run by `node`.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use mapping::native::Program;
use mapping::plan::{Plan, Slot};
use serde_json::{Value, json};

/// The folder of the package, e.g. `node_modules/jsonata`.
const FOLDER: &str = "WIRELINE_TEST_REFERENCE";

#[derive(Debug)]
pub(crate) struct Reference {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

#[expect(clippy::disallowed_methods, reason = "tests have no settings file")]
pub(crate) fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl Reference {
    pub(crate) fn start() -> Option<Self> {
        let folder = setting(FOLDER)?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/reference.js");
        let mut process = Command::new("node")
            .arg(script)
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node");
        let input = process.stdin.take().expect("its input");
        let output = BufReader::new(process.stdout.take().expect("its output"));
        Some(Self { process, input, output })
    }

    pub(crate) fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.input, "{request}").expect("a request");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("an answer");
        serde_json::from_str(&line).expect("an answer in JSON")
    }

    /// What it makes of each row, which it is given as the engine within is given it.
    pub(crate) fn outcomes(
        &mut self,
        expression: &str,
        rows: &[Value],
    ) -> Vec<Result<Value, String>> {
        let rows: Vec<Value> = rows.iter().map(within).collect();
        let answer = self.ask(&json!({ "expression": expression, "rows": rows }));
        serde_json::from_value(answer).expect("outcomes")
    }
}

/// With integers that a double would not keep as text: a plan that copies the row does just that.
fn within(row: &Value) -> Value {
    let slots = vec![Slot::copy("row", mapping::path::Path::default())];
    let program = Program::of(&Plan {
        target: domain::TargetModel::Transaction,
        records: mapping::records::Records::default(),
        slots,
    });
    program.evaluate(row)["row"].take()
}

impl Drop for Reference {
    fn drop(&mut self) {
        self.process.kill().expect("its end");
        self.process.wait().expect("its end");
    }
}
