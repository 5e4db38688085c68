//! Webhooks on the command line, on the embedded database.

use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{json, run, wireline};

struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(TempDir::with_prefix("wireline-").expect("a folder"))
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let mut command = wireline(self.0.path());
        let (document, code) = json(command.args(["--json", "webhook"]).args(arguments));
        assert_eq!(code, 0, "{arguments:?}: {document}");
        document
    }

    fn says(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = wireline(self.0.path());
        let output = run(command.arg("webhook").args(arguments));
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).expect("text"))
    }
}

#[test]
fn a_webhook_is_added_switched_tested_replayed_and_removed() {
    let desk = Desk::new();
    let url = "https://hooks.example/wireline";
    let made = desk.json(&["add", url, "--description", "ours"]);
    let secret = made["meta"]["secret"].as_str().expect("a secret");
    assert!(secret.starts_with("whsec_"), "{made}");
    let events = made["attributes"]["event_types"].as_array().expect("events");
    assert!(events.len() > 3 && !events.contains(&"diagnostic.failure".into()), "{made}");
    let id = made["id"].as_str().expect("an id");
    let listed = desk.json(&["list"]);
    assert_eq!(listed["id"], id);
    assert!(!listed.to_string().contains("whsec_"));
    // By its address as well as by its id.
    assert_eq!(desk.json(&["disable", url])["attributes"]["status"], "disabled");
    assert_eq!(desk.json(&["show", id])["attributes"]["status"], "disabled");
    assert_eq!(desk.json(&["enable", id])["attributes"]["status"], "enabled");
    assert_ne!(desk.json(&["rotate", url])["meta"]["secret"], secret);
    assert_eq!(desk.json(&["test", url])["tested"], id);
    let sent = desk.json(&["deliveries", url, "--status", "pending"]);
    assert_eq!(sent["attributes"]["event_type"], "webhook.test");
    let delivery = sent["id"].as_str().expect("an id");
    assert_eq!(desk.json(&["replay", url, "--delivery", delivery])["deliveries"], 1);
    assert_eq!(desk.json(&["replay", url, "--since", "1h"])["deliveries"], 1);
    assert_eq!(desk.json(&["remove", url])["removed"], id);
    assert!(desk.says(&["list"]).1.contains("nobody is told yet"));
}

#[test]
fn what_cannot_be_is_said_in_words() {
    let desk = Desk::new();
    for (arguments, code, says) in [
        (&["add", "nowhere"][..], 1, "url must be an https:// or http:// address"),
        (&["add", "https://x.example", "--event", "run.compleeted"], 2, "run.completed"),
        (&["show", "https://x.example"], 1, "no webhook has the address"),
        (&["replay", "https://x.example"], 2, "--since"),
        (&["disable", "6a1a0b7c-4b8e-4f57-9c22-3df3a7b0c111"], 1, "wireline webhook list"),
    ] {
        let (ended, text) = desk.says(arguments);
        assert_eq!(ended, Some(code), "{arguments:?}: {text}");
        assert!(text.contains(says), "{arguments:?}: {text}");
    }
}

#[test]
fn people_read_tables() {
    let desk = Desk::new();
    let url = "https://hooks.example/wireline";
    let (_, text) = desk.says(&["add", url, "--event", "run.completed"]);
    assert!(text.contains("whsec_"));
    desk.says(&["test", url]);
    for (arguments, says) in [
        (&["list"][..], "run.completed"),
        (&["show", url], "every connector"),
        (&["deliveries"], "webhook.test"),
        (&["rotate", url], "signs too for 24 hours"),
        (&["disable", url], "is disabled"),
        (&["replay", url, "--since", "1h"], "1 event(s)"),
    ] {
        let (code, text) = desk.says(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {text}");
        assert!(text.contains(says), "{arguments:?}: {text}");
    }
}
