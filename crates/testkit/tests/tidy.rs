//! The house rules that a lint cannot say.
#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a helper that cannot go on is a failed test; one reason is special"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use domain::Reason;

/// Who may know whom: shipped dependencies among our own crates. Arrows point up only.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("reach", &[]),
    ("mcp", &["reach"]),
    ("model", &["domain", "reach"]),
    ("sample", &[]),
    ("store", &["domain"]),
    ("mapping", &["domain"]),
    ("sandbox", &["mapping"]),
    ("engine", &["domain", "store", "mapping", "sandbox", "mcp", "model"]),
    ("worker", &["domain", "store", "engine", "reach"]),
    ("server", &["domain", "store", "mapping", "sandbox"]),
    ("console", &["domain", "store", "mapping", "server"]),
    ("contract", &["domain", "store", "engine", "mcp", "sample"]),
    ("bench", &["domain", "mapping", "mcp"]),
    (
        "cli",
        &[
            "domain", "store", "sandbox", "engine", "worker", "server", "console", "sample", "mcp",
            "model", "contract", "bench",
        ],
    ),
    ("testkit", &["domain", "store"]),
];

/// Heavy dependencies, and the only crates that may ship them.
const AT_HOME: &[(&str, &[&str])] = &[
    ("sea-orm", &["store", "testkit"]),
    ("sea-orm-migration", &["store"]),
    ("sqlx", &["store", "testkit"]),
    ("apalis-core", &["worker"]),
    ("apalis-postgres", &["worker"]),
    ("apalis-sqlite", &["worker"]),
    ("apalis-cron", &["worker"]),
    ("rmcp", &["mcp", "sample", "server"]),
    ("reqwest", &["reach", "mcp", "model"]),
    ("jsonata-core", &["mapping"]),
    ("axum", &["server", "console", "sample"]),
    ("maud", &["console"]),
    ("clap", &["cli"]),
    ("anyhow", &["cli"]),
];

/// Crates that must stay pure: no I/O, no clock of their own.
const PURE: &[&str] = &["domain", "mapping"];

const LONGEST_FILE: usize = 400;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Names under `[dependencies]` of a crate's manifest.
fn dependencies(name: &str) -> BTreeSet<String> {
    let manifest = fs::read_to_string(root().join("crates").join(name).join("Cargo.toml")).unwrap();
    manifest
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split(['.', '=', ' ']).next())
        .filter(|name| !name.is_empty() && !name.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|it| it == "rs") {
            into.push(path);
        }
    }
}

fn sources() -> BTreeMap<PathBuf, String> {
    let mut files = Vec::new();
    rust_files(&root().join("crates"), &mut files);
    files.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn crates_know_only_whom_they_may_know() {
    let ours: BTreeSet<&str> = MAY_KNOW.iter().map(|(name, _)| *name).collect();
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            ours.contains(name.as_str()),
            "{name} is missing in the table of who may know whom"
        );
    }
    for (name, allowed) in MAY_KNOW {
        for known in dependencies(name).iter().filter(|it| ours.contains(it.as_str())) {
            assert!(allowed.contains(&known.as_str()), "{name} may not depend on {known}");
        }
    }
}

#[test]
fn heavy_dependencies_stay_in_their_crates() {
    for (name, _) in MAY_KNOW {
        for known in dependencies(name) {
            if let Some((_, homes)) = AT_HOME.iter().find(|(it, _)| *it == known) {
                assert!(homes.contains(name), "{name} may not depend on {known}");
            }
            assert!(!(PURE.contains(name) && known == "tokio"), "{name} must stay synchronous");
        }
    }
}

#[test]
fn every_file_says_what_it_is_and_is_short_enough_to_read() {
    for (path, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= LONGEST_FILE, "{} has {lines} lines", path.display());
        assert!(text.starts_with("//!"), "{} does not open with //!", path.display());
        assert!(path.file_name().is_none_or(|it| it != "mod.rs"), "{}", path.display());
    }
}

#[test]
fn nothing_is_left_to_do_without_an_issue() {
    let words = ["TO", "FIX"].map(|it| format!("{it}{}", if it == "TO" { "DO" } else { "ME" }));
    for (path, text) in sources() {
        for word in &words {
            assert!(!text.contains(word.as_str()), "{} holds a {word}", path.display());
        }
        assert!(!text.contains("#[ignore]") || path.ends_with("tidy.rs"), "{}", path.display());
    }
}

#[test]
fn every_reason_has_a_constructor_and_a_page() {
    let findings = fs::read_to_string(root().join("crates/domain/src/finding.rs")).unwrap();
    for reason in Reason::ALL {
        // Full and partial drops are one constructor: the counts decide.
        let constructor = match reason {
            Reason::MappedEntitiesPartialDrop => "mapped_entities_dropped",
            other => other.as_str(),
        };
        assert!(
            findings.contains(&format!("pub fn {constructor}(")),
            "no constructor for {reason}"
        );
        assert!(
            root().join("docs/reasons").join(format!("{reason}.md")).exists(),
            "no page for {reason}"
        );
    }
}

/// `wireline_runs_total` of the query `increase(wireline_runs_total[1h])`.
fn metrics(text: &str) -> BTreeSet<&str> {
    let is_name = |it: char| it.is_ascii_lowercase() || it == '_';
    let names = text.split(|it: char| !is_name(it)).filter(|it| it.starts_with("wireline_"));
    names.map(|it| it.trim_end_matches("_bucket")).collect()
}

#[test]
fn the_dashboard_shows_metrics_that_there_are_and_all_of_them() {
    let dashboard = fs::read_to_string(root().join("ops/grafana.json")).unwrap();
    let all = sources().into_iter().filter(|(path, _)| !path.ends_with("tidy.rs"));
    let counted: String = all.map(|(_, text)| text).collect();
    let shown = metrics(&dashboard);
    for name in &shown {
        assert!(counted.contains(&format!("\"{name}\"")), "nothing counts {name}");
    }
    let macros = ["counter!(\"", "gauge!(\"", "histogram!(\""];
    for counted in macros.iter().flat_map(|it| counted.split(it).skip(1)) {
        let name = counted.split('"').next().unwrap_or_default();
        assert!(shown.contains(name), "the dashboard does not show {name}");
    }
}
