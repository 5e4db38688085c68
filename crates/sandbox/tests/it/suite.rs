//! The official suite through our walls: what passes, what they refuse, and what differs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use expect_test::expect_file;
use mapping::expression::apply;
use serde_json::Value;

use crate::cases::{self, Case, Expected, limits};

#[derive(Default)]
struct Score {
    passed: usize,
    refused: usize,
    unsuited: usize,
    differs: Vec<String>,
}

/// The official suite, against what is written down in `suite.txt`, one line a group; without it
/// our own cases, which all pass.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expressions_give_what_the_language_says_here_and_in_the_sandbox() {
    let sandbox = cases::sandbox();
    let suite = cases::suite();
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    for case in suite.clone().unwrap_or_else(cases::own) {
        let score = scores.entry(case.group.clone()).or_default();
        if matches!(case.expected, Expected::Unsuited) {
            score.unsuited += 1;
            continue;
        }
        let here = one(apply(&case.expression, std::slice::from_ref(&case.row), &limits()));
        let there = sandbox.apply(&case.expression, std::slice::from_ref(&case.row)).await;
        let there = one(there.map_err(|it| match it {
            sandbox::Error::Expression(error) => error,
            unavailable @ sandbox::Error::Unavailable { .. } => panic!("{unavailable}"),
        }));
        assert_eq!(here, there, "{}", case.expression);
        judge(score, &case, here);
    }
    match suite {
        Some(_) => expect_file!["suite.txt"].assert_eq(&table(&scores)),
        None => assert_eq!(table(&scores), "own: passed 26 refused 0 unsuited 0\n", "of 26"),
    }
}

/// The value, or the code of the error.
fn one<E: Into<mapping::expression::ExpressionError>>(
    outcomes: Result<sandbox::Outcomes, E>,
) -> Result<Value, String> {
    let mut outcomes = outcomes.map_err(|it| it.into().code)?;
    outcomes.pop().expect("one row").map_err(|it| it.code)
}

fn judge(score: &mut Score, case: &Case, outcome: Result<Value, String>) {
    let differs = match (&case.expected, outcome) {
        // Ours: the function is not allowed, or the outcome is none for an entity.
        (_, Err(code)) if code.starts_with('W') => {
            score.refused += 1;
            return;
        }
        (Expected::Value(expected), Ok(value)) if same(expected, &value) => None,
        (Expected::Code(expected), Err(code)) if *expected == code => None,
        (_, Ok(_)) => Some(case.name.clone()),
        (_, Err(code)) => Some(format!("{} {code}", case.name)),
    };
    match differs {
        None => score.passed += 1,
        Some(how) => score.differs.push(how),
    }
}

/// `1` is `1.0`, and nothing is null.
fn same(expected: &Value, value: &Value) -> bool {
    match (expected, value) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

fn table(scores: &BTreeMap<String, Score>) -> String {
    let mut table = String::new();
    for (group, it) in scores {
        let Score { passed, refused, unsuited, differs } = it;
        write!(table, "{group}: passed {passed} refused {refused} unsuited {unsuited}").unwrap();
        if !differs.is_empty() {
            write!(table, " differs {}: {}", differs.len(), differs.join(", ")).unwrap();
        }
        table.push('\n');
    }
    table
}
