//! Webhooks: which events there are, how a delivery is signed (Standard Webhooks), and when it is
//! tried again.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use http::Uri;
use sha2::Sha256;

use crate::connector::Secret;
use crate::issue::State;

crate::words! {
    Event, "event type" {
        RunCompleted = "run.completed",
        /// Opened, or open again.
        IssueOpened = "issue.opened",
        IssueEscalating = "issue.escalating",
        IssueMuted = "issue.muted",
        IssueResolved = "issue.resolved",
        IssueRegressed = "issue.regressed",
        DiagnosticFailure = "diagnostic.failure",
        /// Asked for by a person, to see whether an endpoint works. Not to be subscribed to.
        Test = "webhook.test",
    }
}

impl Event {
    /// Of an issue that has come to this state.
    pub const fn of_issue(state: State) -> Self {
        match state {
            State::Open => Self::IssueOpened,
            State::Escalating => Self::IssueEscalating,
            State::Muted => Self::IssueMuted,
            State::Resolved => Self::IssueResolved,
            State::Regressed => Self::IssueRegressed,
        }
    }

    /// What an endpoint can ask for.
    pub fn subscribable() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|it| *it != Self::Test)
    }

    /// What is asked for unless somebody says more: a failure's event comes with each of its rows,
    /// where the event of its issue comes once.
    pub fn usual() -> impl Iterator<Item = Self> {
        Self::subscribable().filter(|it| *it != Self::DiagnosticFailure)
    }

    /// When it is sent, for people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::RunCompleted => "A run has ended, however it ended",
            Self::IssueOpened => "An issue was opened, or is open again",
            Self::IssueEscalating => "An issue comes faster than it did",
            Self::IssueMuted => "Somebody muted an issue",
            Self::IssueResolved => "An issue is resolved",
            Self::IssueRegressed => "A resolved issue came back",
            Self::DiagnosticFailure => "Each diagnostic of a failure: one event a row",
            Self::Test => "Asked for by a person",
        }
    }
}

/// Longest address of a receiver, in characters.
pub const URL_MAX: usize = 2_000;
/// Longest description of an endpoint, in characters.
pub const DESCRIPTION_MAX: usize = 500;

/// May a receiver have this address? Whether it may be reached is the deliverer's to say: names lead
/// elsewhere later.
///
/// # Errors
/// What is wrong with it, as the rest of a sentence that begins with its name.
pub fn check_url(text: &str) -> Result<(), String> {
    let length = text.chars().count();
    if length > URL_MAX {
        return Err(format!("must have at most {URL_MAX} characters, has {length}"));
    }
    let url = text.parse::<Uri>().ok();
    let is_one = url
        .is_some_and(|it| matches!(it.scheme_str(), Some("https" | "http")) && it.host().is_some());
    if is_one { Ok(()) } else { Err("must be an https:// or http:// address".to_owned()) }
}

/// May an endpoint ask for these?
///
/// # Errors
/// As [`check_url`].
pub fn check_events(events: &[Event]) -> Result<(), String> {
    match events {
        [] => Err("must name one event type at least".to_owned()),
        all if all.contains(&Event::Test) => {
            Err("names `webhook.test`, which is asked for".to_owned())
        }
        _ => Ok(()),
    }
}

/// May an endpoint be described so?
///
/// # Errors
/// As [`check_url`].
pub fn check_description(text: &str) -> Result<(), String> {
    let length = text.chars().count();
    match length {
        1..=DESCRIPTION_MAX if text.contains('\0') => Err("holds a NUL character".to_owned()),
        1..=DESCRIPTION_MAX => Ok(()),
        _ => Err(format!("must have 1 to {DESCRIPTION_MAX} characters, has {length}")),
    }
}

crate::words! {
    EndpointStatus, "endpoint status" { Enabled = "enabled", Disabled = "disabled" }
}

crate::words! {
    DeliveryStatus, "delivery status" {
        Pending = "pending",
        Delivered = "delivered",
        /// Every attempt failed, or its endpoint was disabled.
        GivenUp = "given_up",
    }
}

/// Pauses after the first failed attempt, the second, and so on; after the last the event is given up.
pub const BACK_OFF_S: [u64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// An endpoint at which nothing has arrived for so many days is disabled.
pub const DEAD_AFTER_DAYS: i64 = 5;
/// How long the secret before the present one signs as well.
pub const OLD_SECRET_HOURS: i64 = 24;

const SECRET_PREFIX: &str = "whsec_";
/// A server cannot put an attempt off for longer.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(24);

/// What to do about an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Delivered,
    /// The endpoint wants no more: it is disabled.
    Gone,
    Retry(Duration),
    GiveUp,
}

/// `status`: none where no answer came. `attempts`: with this one. `roll`: the pause is a tenth longer
/// or shorter at most, so that what failed together does not come again together.
pub fn verdict(
    status: Option<u16>,
    attempts: u32,
    retry_after: Option<Duration>,
    roll: u32,
) -> Verdict {
    match status {
        Some(200..300) => return Verdict::Delivered,
        Some(410) => return Verdict::Gone,
        Some(_) | None => {}
    }
    let index = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let Some(seconds) = BACK_OFF_S.get(index) else { return Verdict::GiveUp };
    let millis = seconds * 1_000;
    let spread = millis / 5;
    let jitter = u64::from(roll) * spread / u64::from(u32::MAX);
    let pause = Duration::from_millis(millis - spread / 2 + jitter);
    Verdict::Retry(retry_after.map_or(pause, |it| it.min(RETRY_AFTER_MAX).max(pause)))
}

/// The secret as people copy it, of 32 random bytes.
pub fn secret(random: [u8; 32]) -> Secret {
    Secret::new(format!("{SECRET_PREFIX}{}", STANDARD.encode(random)))
}

/// `webhook-signature` of a delivery: one signature for each secret, parted by a space.
pub fn signatures<'a>(
    secrets: impl IntoIterator<Item = &'a Secret>,
    id: &str,
    at: DateTime<Utc>,
    body: &str,
) -> String {
    let signed = format!("{id}.{}.{body}", at.timestamp());
    let each = secrets.into_iter().map(|it| format!("v1,{}", sign(it, signed.as_bytes())));
    each.collect::<Vec<_>>().join(" ")
}

fn sign(secret: &Secret, signed: &[u8]) -> String {
    let text = secret.expose();
    let key = STANDARD.decode(text.strip_prefix(SECRET_PREFIX).unwrap_or(text)).unwrap_or_default();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key)
        .unwrap_or_else(|_| unreachable!("a key of any length is taken"));
    mac.update(signed);
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_standard() {
        // The example of the specification's reference libraries.
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let at = DateTime::from_timestamp(1_614_265_330, 0).expect("a time");
        let body = r#"{"test": 2432232314}"#;
        let signed = signatures([&secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(signatures([&secret, &secret], "m", at, body).split(' ').count(), 2);
    }

    #[test]
    fn a_receiver_has_an_address_of_the_web() {
        for good in ["https://example.com/hook", "http://127.0.0.1:8080/?of=acme"] {
            assert_eq!(check_url(good), Ok(()));
        }
        let long = format!("https://example.com/{}", "x".repeat(URL_MAX));
        for wrong in ["", "example.com", "ftp://example.com", "https://", "/hook", &long] {
            assert!(check_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn pauses_grow_as_published_and_end() {
        let middle = u32::MAX / 2;
        for (index, seconds) in BACK_OFF_S.iter().enumerate() {
            let attempts = u32::try_from(index).expect("few") + 1;
            let Verdict::Retry(pause) = verdict(None, attempts, None, middle) else { panic!() };
            assert_eq!(pause.as_secs_f64().round(), Duration::from_secs(*seconds).as_secs_f64());
            let of = |roll| verdict(Some(500), attempts, None, roll);
            let least = Duration::from_millis(seconds * 900);
            assert_eq!(of(0), Verdict::Retry(least));
            assert_eq!(of(u32::MAX), Verdict::Retry(least + Duration::from_millis(seconds * 200)));
        }
        assert_eq!(verdict(None, 10, None, middle), Verdict::GiveUp);
        assert_eq!(verdict(Some(204), 10, None, middle), Verdict::Delivered);
        assert_eq!(verdict(Some(410), 1, None, middle), Verdict::Gone);
        let hour = Duration::from_hours(1);
        assert_eq!(verdict(Some(429), 1, Some(hour), middle), Verdict::Retry(hour));
        let never = Some(Duration::from_hours(999));
        assert_eq!(verdict(Some(503), 1, never, middle), Verdict::Retry(RETRY_AFTER_MAX));
    }
}
