//! The reason catalogue: the pages of `docs/reasons/`, embedded, read once into their parts.

use std::sync::LazyLock;

use serde::Serialize;
use serde_json::Value;

use crate::reason::{Class, Impact, Reason, Stage};

/// What a person needs to know of a reason. Class, impact and stage come from the code; a test
/// holds the page equal to it.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    pub reason: Reason,
    pub class: Class,
    pub impact: Impact,
    pub stage: Stage,
    pub title: String,
    pub summary: String,
    /// Who can mend it: `provider`, `customer`, `operator`, `us`.
    pub who_acts: Vec<String>,
    /// Is retrying useful: `yes`, `no` or `later`, with the why.
    pub retry: String,
    pub meaning: String,
    pub likely_causes: String,
    pub what_to_do: String,
    pub what_happens_next: String,
    /// An example row's attributes.
    pub example: Value,
    /// The whole page, Markdown.
    #[serde(skip)]
    pub markdown: &'static str,
}

macro_rules! pages {
    ($($word:literal),+ $(,)?) => {
        [$(($word, include_str!(concat!("../../../docs/reasons/", $word, ".md")))),+]
    };
}

static PAGES: LazyLock<Vec<Page>> = LazyLock::new(|| {
    pages![
        "no_suitable_tool",
        "tool_not_found",
        "auth_scope_insufficient",
        "tool_execution_failed",
        "empty_result",
        "jsonata_generation_failed",
        "schema_drift_detected",
        "jury_run",
        "jury_partial",
        "jury_disagreement",
        "jury_quorum_lost",
        "blueprint_persistence_failed",
        "mapped_entities_dropped",
        "mapped_entities_partial_drop",
        "fk_parent_missing",
        "entity_persist_failed",
        "sync_fk_dag_cycle",
        "regression_reverted",
        "target_skipped",
        "structured_pipeline_degraded",
        "structured_pipeline_fell_back_to_legacy",
        "mapping_generation_hard_fail",
        "tool_selection_pinned",
    ]
    .into_iter()
    .map(|(word, markdown)| parse(word, markdown))
    .collect()
});

/// Every page, in the seed's order.
pub fn pages() -> &'static [Page] {
    &PAGES
}

/// The page of a reason.
pub fn page(reason: Reason) -> &'static Page {
    PAGES
        .iter()
        .find(|it| it.reason == reason)
        .unwrap_or_else(|| unreachable!("every reason has an embedded page"))
}

fn parse(word: &str, markdown: &'static str) -> Page {
    let reason: Reason = word.parse().unwrap_or_else(|error| unreachable!("{error}"));
    let head = markdown.split("\n## ").next().unwrap_or_default();
    let mut lines = head.lines().map(str::trim).filter(|it| !it.is_empty());
    let title = lines.next().unwrap_or_default().trim_start_matches("# ").to_owned();
    let summary = lines.next().unwrap_or_default().to_owned();
    let example = section(markdown, "Example");
    let json = example.trim_start_matches("```json").trim_end_matches("```");
    Page {
        reason,
        class: reason.class(),
        impact: reason.impact(),
        stage: reason.stage(),
        title,
        summary,
        who_acts: fact(head, "Who acts").split(", ").map(str::to_owned).collect(),
        retry: fact(head, "Retry").to_owned(),
        meaning: section(markdown, "Meaning").to_owned(),
        likely_causes: section(markdown, "Likely causes").to_owned(),
        what_to_do: section(markdown, "What to do").to_owned(),
        what_happens_next: section(markdown, "What happens next").to_owned(),
        example: serde_json::from_str(json)
            .unwrap_or_else(|error| unreachable!("example of {word} parses: {error}")),
        markdown,
    }
}

fn section(markdown: &'static str, heading: &str) -> &'static str {
    markdown
        .split("\n## ")
        .find_map(|it| it.strip_prefix(heading))
        .unwrap_or_else(|| unreachable!("a reason page has a section {heading}"))
        .trim()
}

fn fact(head: &'static str, name: &str) -> &'static str {
    head.lines()
        .find_map(|it| it.strip_prefix("- ")?.strip_prefix(name)?.strip_prefix(':'))
        .unwrap_or_else(|| unreachable!("a reason page says {name}"))
        .trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_page_that_agrees_with_the_code() {
        assert_eq!(pages().len(), Reason::ALL.len());
        for page in pages() {
            let head = page.markdown.split("\n## ").next().unwrap();
            assert!(!page.title.is_empty() && !page.summary.is_empty(), "{}", page.reason);
            assert_eq!(fact(head, "Class"), page.class.as_str(), "{}", page.reason);
            assert!(fact(head, "Impact").starts_with(page.impact.as_str()), "{}", page.reason);
            assert!(fact(head, "Stage").contains(page.stage.as_str()), "{}", page.reason);
            assert_eq!(page.example["reason"], page.reason.as_str());
        }
    }
}
