//! The cases beside this crate are made by hand; what they score is what their labels say.

use super::*;

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

#[test]
fn a_catalogue_scores_its_right_tool_and_its_right_silence() {
    let report = tools::run(&cases()).unwrap();
    assert_eq!(report.misses, [""; 0]);
    let scores = report.scores;
    assert_eq!((scores.cells, scores.accuracy, scores.top1, scores.mutating), (2, 1.0, 1.0, 0.0));
}

#[test]
fn a_payload_scores_the_places_and_the_values_of_its_records() {
    let report = mapping::run(&cases()).unwrap();
    assert_eq!(report.misses, [""; 0]);
    let scores = report.scores;
    assert_eq!((scores.cases, scores.path_f1, scores.value_f1), (1, 1.0, 1.0));
    assert_eq!((scores.roots, scores.records_exact, scores.required_right), (1.0, 1.0, 1.0));
}

/// Labels that are wrong on purpose: each is a miss, and each lowers its score.
#[test]
fn what_differs_from_its_label_is_named_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    for part in ["gold", "payloads"] {
        std::fs::create_dir(folder.path().join(part)).unwrap();
        for file in documents(&cases().join(part)).unwrap() {
            let text = std::fs::read_to_string(&file).unwrap();
            let text = text.replace(r#""source_path": "invoice_id""#, r#""source_path": "ref""#);
            let text = text.replace(r#""amount": 79.5"#, r#""amount": 79.4"#);
            let to = folder.path().join(part).join(file.file_name().unwrap());
            std::fs::write(to, text).unwrap();
        }
    }
    let report = mapping::run(folder.path()).unwrap();
    let scores = &report.scores;
    assert_eq!((scores.path_precision, scores.records_exact), (0.8333, 0.6667));
    assert_eq!((scores.value_f1, scores.required_right), (0.9444, 0.6667));
    assert_eq!(
        report.misses,
        [
            "demo__payments invoice_external_id: expected data.allocations.ref, read from \
             data.allocations.invoice_id",
            "demo__payments [1] amount: expected 79.4, came 79.5"
        ]
    );
}

#[test]
fn a_folder_without_cases_says_which_file_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let error = tools::run(folder.path()).unwrap_err().to_string();
    assert!(error.ends_with("gold.json cannot be read"), "{error}");
}
