//! Expressions that were broken by chance: whatever the engine does with them, it is an answer.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use mapping::expression::apply;
use serde_json::Value;

use crate::cases::{self, Case, ROW_MS};
use crate::watch::{Watch, peak_bytes};

/// How many: with the official suite as their seed, and with our own few expressions.
const MANY: usize = 60_000;
const FEW: usize = 400;
/// After this an expression counts as one that in-process limits do not end.
const PATIENCE: Duration = Duration::from_secs(15);
/// As the blocking threads of the engine have.
const STACK_BYTES: usize = 2 << 20;
/// Most that this process may come to while it evaluates what walls without a process let pass.
const OWN_BYTES: u64 = 2 << 30;

/// `Ok(value)`, `Err(code)`.
type Outcome = Result<Value, String>;

#[derive(Debug, Default)]
struct Count {
    values: usize,
    errors: usize,
    /// Of these, what was no expression, and what the wall refused.
    syntax: usize,
    walled: usize,
    /// Panics of the engine that became answers.
    caught: usize,
    /// Cut off by the engine's clock.
    late: usize,
    killed: usize,
    /// Not ended by anything in this process.
    hung: usize,
    slowest: Duration,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mutated_expression_is_answered_here_and_in_the_sandbox() {
    let suite = cases::suite();
    let number = if suite.is_some() { MANY } else { FEW };
    let seeds: Vec<Case> = suite.unwrap_or_else(cases::own);
    let mut chance = Chance(20_261_125);
    let settings = cases::settings();
    let sandbox = sandbox::Sandbox::new(settings.clone());
    let watch = Watch::start();
    let mut here = Here::start();
    let mut count = Count::default();
    for _ in 0..number {
        let seed = &seeds[chance.below(seeds.len())];
        let other = &seeds[chance.below(seeds.len())].expression;
        let source = mutated(&seed.expression, other, &mut chance);
        here.ask(&source, &seed.row);
        let there = sandbox.apply(&source, std::slice::from_ref(&seed.row)).await;
        let there = match there {
            Ok(mut rows) => rows.pop().expect("a row").map_err(|it| it.code),
            Err(sandbox::Error::Expression(error)) => Err(error.code),
            Err(unavailable @ sandbox::Error::Unavailable { .. }) => {
                panic!("{unavailable}: {source}")
            }
        };
        let here = here.answer(&mut count);
        tally(&mut count, &there);
        if let (Some(here), false) = (here, is_by_the_clock(&there)) {
            assert!(here == there || is_by_the_clock(&here), "{source}: {here:?}, {there:?}");
        }
    }
    let (own, largest) = (peak_bytes(std::process::id()), watch.peak());
    println!("{number} expressions: {count:?}");
    println!("this process: {} MiB, largest of the others: {} MiB", own >> 20, largest >> 20);
    assert!(largest <= settings.memory_bytes, "a process had {largest} bytes");
    assert!(own <= OWN_BYTES, "this process had {own} bytes");
}

fn tally(count: &mut Count, outcome: &Outcome) {
    match outcome.as_ref().map_err(String::as_str) {
        Ok(_) => count.values += 1,
        Err("W0002") => count.caught += 1,
        Err("D1012") => count.late += 1,
        Err("W0006" | "W0007") => count.killed += 1,
        Err(code) => {
            count.errors += 1;
            count.syntax += usize::from(code.starts_with('S'));
            count.walled += usize::from(code.starts_with('W'));
        }
    }
}

/// What depends on how busy the machine is, or on a process of its own.
fn is_by_the_clock(outcome: &Outcome) -> bool {
    outcome.as_ref().is_err_and(|it| ["D1012", "W0006", "W0007"].contains(&it.as_str()))
}

/// A thread of this process that evaluates within the walls that stand here.
struct Here {
    questions: Sender<(String, Value)>,
    answers: Receiver<(Outcome, Duration)>,
}

impl Here {
    fn start() -> Self {
        let (questions, asked) = channel::<(String, Value)>();
        let (answering, answers) = channel();
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        let evaluation = move || {
            for (source, row) in asked {
                let began = Instant::now();
                let outcomes = apply(&source, &[row], &cases::limits());
                let outcome = outcomes.and_then(|mut it| it.pop().expect("a row"));
                let told = (outcome.map_err(|it| it.code), began.elapsed());
                if answering.send(told).is_err() {
                    return;
                }
            }
        };
        thread.spawn(evaluation).expect("a thread");
        Self { questions, answers }
    }

    fn ask(&self, source: &str, row: &Value) {
        self.questions.send((source.to_owned(), row.clone())).expect("no panic has escaped");
    }

    /// None: it hangs. The thread is left to it, and another takes its place.
    fn answer(&mut self, count: &mut Count) -> Option<Outcome> {
        match self.answers.recv_timeout(PATIENCE) {
            Ok((outcome, took)) => {
                count.slowest = count.slowest.max(took);
                if took > Duration::from_millis(2 * ROW_MS) {
                    println!("{} ms in this process", took.as_millis());
                }
                Some(outcome)
            }
            Err(RecvTimeoutError::Timeout) => {
                count.hung += 1;
                *self = Self::start();
                None
            }
            Err(RecvTimeoutError::Disconnected) => panic!("a panic escaped"),
        }
    }
}

/// Splitmix: the same numbers on every machine.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        it ^ (it >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).expect("below the limit")
    }
}

/// What the engine reads in a way of its own.
const PIECES: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ".",
    "..",
    "*",
    "**",
    "%",
    "^(",
    "~>",
    ":=",
    "?",
    ":",
    "??",
    "?:",
    "&",
    "@$x",
    "#$i",
    "|",
    "/",
    "/a+/",
    "'",
    "\"",
    "`",
    "$",
    "$$",
    "\\",
    ",",
    ";",
    "-",
    "function($x){",
    "[0]",
    "[-1]",
    "[1..9999]",
    "$map(",
    "$string(",
    "$reduce(",
    "$pad(",
    "$toMillis(",
    "$fromMillis(",
    "$formatNumber(",
    "$replace(",
    "$distinct(",
    "$sort(",
    "1e308",
    "-0",
    "null",
    "é",
    "٣",
    "𝟙",
    "\u{0}",
    "[Y",
    "[M٠١]",
];

fn mutated(source: &str, other: &str, chance: &mut Chance) -> String {
    let mut letters: Vec<char> = source.chars().collect();
    for _ in 0..=chance.below(4) {
        let at = chance.below(letters.len() + 1);
        let end = (at + 1 + chance.below(6)).min(letters.len());
        let at = at.min(end);
        match chance.below(6) {
            0 => drop(letters.drain(at..end)),
            1 => {
                let piece = PIECES[chance.below(PIECES.len())];
                letters.splice(at..at, piece.chars());
            }
            2 => {
                let piece = PIECES[chance.below(PIECES.len())];
                letters.splice(at..end, piece.chars());
            }
            3 => {
                let again: Vec<char> = letters[at..end].to_vec();
                letters.splice(at..at, again);
            }
            4 => {
                let from: Vec<char> = other.chars().collect();
                let start = chance.below(from.len());
                let stop = (start + 1 + chance.below(12)).min(from.len());
                letters.splice(at..at, from[start.min(stop)..stop].iter().copied());
            }
            _ if letters.len() > 1 => {
                let (a, b) = (chance.below(letters.len()), chance.below(letters.len()));
                letters.swap(a, b);
            }
            _ => letters.push('$'),
        }
    }
    letters.into_iter().collect()
}
