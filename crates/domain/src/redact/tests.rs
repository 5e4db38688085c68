//! Secrets leave in whatever form they come; the sentence around them stays.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;
use crate::connector::Secret;

fn check(given: &str, expected: &str) {
    assert_eq!(Redactor::new(["s3cr3t-value"]).text(given), expected);
}

#[test]
fn secrets_leave_and_the_sentence_stays() {
    check("401 for https://x.test/a?api_token=abc123&x=1", "401 for https://x.test/a?[redacted]");
    check("Authorization: Bearer abc.def-ghi", "Authorization: [redacted]");
    check("bad header bearer abcdefgh", "bad header bearer [redacted]");
    check(r#"{"refresh_token":"r-12345","page":2}"#, r#"{"refresh_token":"[redacted]","page":2}"#);
    check("said s3cr3t-value twice", "said [redacted] twice");
    check("postgres://me:pw@host/db is down", "postgres://[redacted]@host/db is down");
    check("key sk4Jd8sLq02mZpX7vB1nT5yR9 refused", "key [redacted] refused");
}

#[test]
fn words_of_the_trade_and_ids_stay() {
    for text in [
        "Validator rejected 12/12 mapped entities: required field 'issue_date' null",
        "mapped_entities_partial_drop structured_pipeline_fell_back_to_legacy",
        "run 0c2e4d1b-9b4a-4d1b-9b4a-001122334455 ended",
        "tool pennylane_get_customer_invoices_v2 answered",
    ] {
        assert_eq!(Redactor::default().text(text), text);
    }
}

#[test]
fn what_is_named_a_secret_leaves_whole() {
    check(r#"said {\"password\":\"two words\"}"#, r#"said {\"password\":\"[redacted]\"}"#);
    check("DB_PASSWORD=abc and more", "DB_PASSWORD=[redacted] and more");
    check("Set-Cookie: sid=abc; theme=d4rk", "Set-Cookie: [redacted]");
    check("https://ghp_short@git.test/x", "https://[redacted]@git.test/x");
    check("key sk_live_4eC39H refused; sk_live_4eC39HqLyjWD refused", {
        "key sk_live_4eC39H refused; [redacted] refused"
    });
    let mut value = serde_json::json!({
        "token": "abc", "nested": {"x-api-key": ["abc", 12345]}, "s3cr3t-value-and-more": 1, "page": 2,
    });
    Redactor::new(["s3cr3t-value-and-more"]).json(&mut value);
    assert_eq!(
        value.to_string(),
        r#"{"token":"[redacted]","nested":{"x-api-key":["[redacted]","[redacted]"]},"[redacted]":1,"page":2}"#
    );
}

#[test]
fn everything_secret_of_a_configuration_is_known() {
    let http = Transport::Http {
        url: "https://me:p%40ss%2Fw0rd@mcp.test/api/s/K4jd8sLq02mZpX7v/mcp?key=q-v4lue#frag-m3nt"
            .to_owned(),
        headers: [("authorization".to_owned(), Secret::new("Basic dXNlcjpodW50ZXIyMg=="))].into(),
    };
    let cleaned = Redactor::of(&http);
    for secret in
        ["p@ss/w0rd", "p%40ss%2Fw0rd", "K4jd8sLq02mZpX7v", "q-v4lue", "frag-m3nt", "hunter22"]
    {
        assert_eq!(cleaned.text(&format!("<{secret}>")), "<[redacted]>", "{secret}");
    }
    assert_eq!(cleaned.text("mcp.test answered /api/s"), "mcp.test answered /api/s");
    let arguments = [
        "serve",
        "--api-key",
        "s=1/234",
        "--token=t-1234",
        "DSN=d-1234",
        "--key=k/9=3&x",
        "--port",
        "8080",
    ];
    let stdio = Transport::Stdio {
        command: "npx".to_owned(),
        args: arguments.iter().map(|it| (*it).to_owned()).collect(),
        env: [("TOKEN".to_owned(), Secret::new("e-1234"))].into(),
    };
    let cleaned = Redactor::of(&stdio);
    assert_eq!(
        cleaned.text("npx serve s=1/234 t-1234 d-1234 e-1234 k/9=3&x 8080"),
        "npx serve [redacted] [redacted] [redacted] [redacted] [redacted] 8080"
    );
}

#[test]
fn a_name_keeps_what_is_only_short() {
    let cleaned = Redactor::new(["list", "a-long-credential"]);
    assert_eq!(cleaned.name("list_a-long-credential"), "list_[redacted]");
}

/// A credential as people have them: with letters that encodings change.
fn credential() -> impl Strategy<Value = String> {
    "[A-Za-z0-9+/=&@:%~ _.<\"-]{8,40}"
        .prop_map(|it| it.trim().to_owned())
        .prop_filter("long enough", |it| it.len() >= 8 && !it.contains(MARK))
}

proptest! {
    #[test]
    fn no_credential_passes_in_any_encoding(
        secret in credential(), before in "[a-z :/?=]{0,9}", after in "[a-z &]{0,9}",
    ) {
        let redactor = Redactor::new([secret.as_str()]);
        let pair = format!("{before}{secret}{after}");
        let encoded = [
            secret.clone(),
            forms::percent_encoded(&secret),
            forms::percent_encoded(&secret).to_ascii_lowercase(),
            crate::hex(secret.as_bytes()),
        ];
        for form in &encoded {
            let cleaned = redactor.text(&format!("{before}{form}{after}")).into_owned();
            prop_assert!(!cleaned.contains(form.as_str()), "{cleaned}");
        }
        for engine in [STANDARD, URL_SAFE_NO_PAD] {
            let cleaned = redactor.text(&engine.encode(&pair)).into_owned();
            // What is left of the digits does not decode to what it was.
            let left = cleaned.split(MARK).map(|it| engine.decode(it).unwrap_or_default());
            for part in left {
                prop_assert!(!String::from_utf8_lossy(&part).contains(&secret), "{cleaned}");
            }
            prop_assert!(cleaned != engine.encode(&pair), "{cleaned}");
        }
    }

    #[test]
    fn what_is_clean_stays_as_it_is(
        secrets in proptest::collection::vec(credential(), 0..4),
        parts in proptest::collection::vec(
            "(token=|Bearer |https://a.test/\\?|://u:p@|Cookie: |\\[redacted\\]|sk_live_|red|acted|[ -~]{0,12})",
            0..8,
        ),
    ) {
        let redactor = Redactor::new(secrets.iter().map(String::as_str));
        let text = parts.concat() + &secrets.concat();
        let once = redactor.text(&text).into_owned();
        prop_assert_eq!(redactor.text(&once), once.as_str());
    }
}
