//! What a drill comes to.

use std::collections::BTreeMap;
use std::fmt;

use domain::entity::is_absent;
use serde_json::Value;

use super::mutate::Kind;

#[derive(Default)]
pub(super) struct Tally {
    pub(super) payloads: usize,
    kinds: BTreeMap<Kind, Line>,
    spoiled: (usize, usize),
    misses: Vec<String>,
}

#[derive(Default)]
struct Line {
    right: usize,
    all: usize,
    /// Changes after which a redraw served.
    redrawn: Marks,
    /// Of those, the slots alone that were read from a changed field.
    touched: Marks,
    /// Changes under which the mapping was kept.
    kept: Marks,
}

/// Counts of values, as for an F1.
#[derive(Clone, Copy, Default)]
struct Marks {
    right: usize,
    wanted: usize,
    came: usize,
}

pub(super) struct Score {
    marks: Marks,
    pub(super) missed: Vec<String>,
}

impl Score {
    /// The values of some slots, held against those before the change.
    pub(super) fn of(before: &[Value], after: &[Value], counts: impl Fn(&str) -> bool) -> Self {
        let mut score = Self { marks: Marks::default(), missed: Vec::new() };
        for at in 0..before.len().max(after.len()) {
            let (wanted, came) = (leaves(before.get(at)), leaves(after.get(at)));
            let mut places: Vec<&String> = wanted.keys().chain(came.keys()).collect();
            places.sort();
            places.dedup();
            for place in places.into_iter().filter(|it| counts(&attribute(it))) {
                let (wanted, came) = (wanted.get(place), came.get(place));
                let is_right =
                    matches!((wanted, came), (Some(left), Some(right)) if same(left, right));
                score.marks.wanted += usize::from(wanted.is_some());
                score.marks.came += usize::from(came.is_some());
                score.marks.right += usize::from(is_right);
                if !is_right {
                    score.missed.push(format!("[{at}] {place}: {wanted:?} became {came:?}"));
                }
            }
        }
        score
    }
}

impl Marks {
    fn add(&mut self, other: Self) {
        self.right += other.right;
        self.wanted += other.wanted;
        self.came += other.came;
    }

    fn f1(self) -> f64 {
        share(2 * self.right, self.wanted + self.came)
    }
}

impl Tally {
    pub(super) fn told(&mut self, kind: Kind, is_right: bool, miss: impl Fn() -> String) {
        let line = self.kinds.entry(kind).or_default();
        line.all += 1;
        line.right += usize::from(is_right);
        if !is_right {
            self.misses.push(miss());
        }
    }

    pub(super) fn served(
        &mut self,
        kind: Kind,
        is_redrawn: bool,
        (all, touched): (&Score, &Score),
        missed: Vec<String>,
    ) {
        let line = self.kinds.entry(kind).or_default();
        if is_redrawn {
            line.redrawn.add(all.marks);
            line.touched.add(touched.marks);
        } else {
            line.kept.add(all.marks);
        }
        self.misses.extend(missed);
    }

    pub(super) fn spoiled(&mut self, is_reverted: bool, miss: impl Fn() -> String) {
        self.spoiled.0 += usize::from(is_reverted);
        self.spoiled.1 += 1;
        if !is_reverted {
            self.misses.push(miss());
        }
    }

    fn sum(&self, of: impl Fn(&Line) -> Marks) -> Marks {
        self.kinds.values().map(of).fold(Marks::default(), |mut all, it| {
            all.add(it);
            all
        })
    }

    fn told_apart(&self) -> f64 {
        let sum = |of: fn(&Line) -> usize| self.kinds.values().map(of).sum();
        share(sum(|it| it.right), sum(|it| it.all))
    }

    pub(super) fn holds(&self, told_apart: f64, restored: f64) {
        let shown = self.misses.iter().take(200).cloned().collect::<Vec<_>>().join("\n");
        assert!(self.told_apart() >= told_apart, "told apart\n{shown}");
        assert!(self.sum(|it| it.redrawn).f1() >= restored, "restored\n{shown}");
        assert!(self.spoiled.1 > 0 && self.spoiled.0 == self.spoiled.1, "reverted\n{shown}");
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // For whoever wants to know why a figure is what it is.
        if super::setting("WIRELINE_TEST_DRIFT_MISSES").is_some() {
            self.misses.iter().try_for_each(|it| writeln!(f, "  {it}"))?;
        }
        let line = |f: &mut fmt::Formatter<'_>, name: &str, all: usize, it: [f64; 4]| {
            let [told, redrawn, touched, kept] = it;
            writeln!(
                f,
                "{name:<13} {all:>4} changes, told apart {told:.3}, value F1 after a redraw \
                 {redrawn:.3} (of the changed slots {touched:.3}), where kept {kept:.3}"
            )
        };
        for (kind, it) in &self.kinds {
            let figures = [share(it.right, it.all), it.redrawn.f1(), it.touched.f1(), it.kept.f1()];
            line(f, &format!("{kind:?}"), it.all, figures)?;
        }
        let figures = [
            self.told_apart(),
            self.sum(|it| it.redrawn).f1(),
            self.sum(|it| it.touched).f1(),
            self.sum(|it| it.kept).f1(),
        ];
        line(f, "all", self.kinds.values().map(|it| it.all).sum(), figures)?;
        let (reverted, all) = self.spoiled;
        write!(f, "{} payloads; {reverted} of {all} worse redraws reverted", self.payloads)
    }
}

/// The share; of nothing, all is right.
fn share(part: usize, whole: usize) -> f64 {
    let count = |it: usize| f64::from(u32::try_from(it).unwrap_or(u32::MAX));
    if whole == 0 { 1.0 } else { count(part) / count(whole) }
}

/// Plain values by place: `items[0].line_total`.
fn leaves(entity: Option<&Value>) -> BTreeMap<String, &Value> {
    let mut all = BTreeMap::new();
    if let Some(entity) = entity {
        collect(entity, String::new(), &mut all);
    }
    all
}

fn collect<'v>(value: &'v Value, place: String, all: &mut BTreeMap<String, &'v Value>) {
    match value {
        _ if is_absent(value) => {}
        Value::Object(members) => {
            for (name, it) in members {
                let below = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                collect(it, below, all);
            }
        }
        Value::Array(items) => {
            for (at, it) in items.iter().enumerate() {
                collect(it, format!("{place}[{at}]"), all);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            all.insert(place, value);
        }
    }
}

/// `items[0].line_total` is of the slot `items.line_total`.
fn attribute(place: &str) -> String {
    let parts = place.split('[').enumerate().map(|(at, it)| match at {
        0 => it,
        _ => it.split_once(']').map_or("", |(_, rest)| rest),
    });
    parts.collect()
}

/// A number may be written as a text.
fn same(left: &Value, right: &Value) -> bool {
    let number = |it: &Value| match it {
        Value::Number(it) => it.as_f64(),
        Value::String(it) => it.parse::<f64>().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let are_numbers = left.is_number() || right.is_number();
    let close = number(left).zip(number(right)).is_some_and(|(left, right)| {
        (left - right).abs() <= 1e-9 * left.abs().max(right.abs()).max(1.0)
    });
    left == right || (are_numbers && close)
}
