//! Webhooks on their way: claimed, signed, posted, settled. Every worker process looks; a lease in the
//! database lets one of them deliver each, and one lane waits for no other.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::webhook::{self, Verdict};
use futures_util::StreamExt as _;
use store::webhooks::{Answer, Claimed, Parcel};
use store::{Error, Store, webhooks};
use tokio::sync::watch;

use crate::Crew;

const PATIENCE: Duration = Duration::from_secs(15);
/// Longer than any attempt: whoever holds it then has died.
const LEASE: Duration = Duration::from_secs(60);
/// Claimed in one go, and posted at once: what was claimed is begun at once.
const AT_ONCE: u32 = 16;
/// What comes together is looked for once.
const GATHER: Duration = Duration::from_millis(100);

/// What delivers.
#[derive(Debug, Clone)]
pub struct Courier {
    pub store: Store,
    /// It knows which addresses receivers may have.
    pub client: reach::Client,
    /// For one attempt, looking its host up included.
    pub patience: Duration,
    /// Where chance comes from.
    pub roll: fn() -> u32,
}

/// What a look into the outbox came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// Attempts that were made.
    pub made: usize,
    /// When the next of the others is due.
    pub next_due: Option<DateTime<Utc>>,
}

pub(crate) async fn until_stopped(crew: Arc<Crew>) {
    let engine = &crew.engine;
    let client = match reach::Client::new(engine.settings.reach) {
        Ok(client) => client,
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            return tracing::error!(error, "webhooks are not delivered by this process");
        }
    };
    let store = engine.store.clone();
    let mut wakes = Wakes { outbox: store.outbox(), written: store.written() };
    let courier = Courier { store, client, patience: PATIENCE, roll: crew.settings.roll };
    while !crew.stop.is_cancelled() {
        let next_due = courier.deliver(&crew).await;
        let pause = pause(next_due, crew.now(), crew.settings.look);
        tokio::select! {
            () = wakes.next() => {}
            () = tokio::time::sleep(pause) => {}
            () = crew.stop.cancelled() => return,
        }
        tokio::time::sleep(GATHER).await;
    }
}

/// Until the next is due, and never for longer than others are trusted to wake us.
fn pause(next_due: Option<DateTime<Utc>>, now: DateTime<Utc>, longest: Duration) -> Duration {
    let until = next_due.map(|due| (due - now).to_std().unwrap_or_default());
    until.map_or(longest, |it| it.min(longest))
}

/// What this process puts into the outbox, itself or with diagnostics.
struct Wakes {
    outbox: watch::Receiver<()>,
    written: watch::Receiver<u64>,
}

impl Wakes {
    async fn next(&mut self) {
        let gone = tokio::select! {
            it = self.outbox.changed() => it.is_err(),
            it = self.written.changed() => it.is_err(),
        };
        if gone {
            // The store lives as long as we do; were it gone, nothing would ever come.
            std::future::pending().await
        }
    }
}

impl Courier {
    /// Rounds until nothing is due: a lane has its next event as soon as the last one arrived.
    async fn deliver(&self, crew: &Crew) -> Option<DateTime<Utc>> {
        loop {
            match self.round(crew.now()).await {
                Ok(Round { made, .. }) if made > 0 && !crew.stop.is_cancelled() => {}
                Ok(Round { next_due, .. }) => return next_due,
                Err(error) => {
                    tracing::debug!(error = &error as &dyn std::error::Error, "no delivery now");
                    return None;
                }
            }
        }
    }

    /// One attempt at each delivery whose turn it is, at most 16 at once.
    pub async fn round(&self, now: DateTime<Utc>) -> Result<Round, Error> {
        let operator = &self.store.operator();
        let claimed = webhooks::claim(&self.store, operator, (AT_ONCE, LEASE), now).await?;
        let Claimed { parcels, next_due } = claimed;
        let made = parcels.len();
        let attempts = futures_util::stream::iter(parcels).map(|it| self.attempt(it, now));
        let mut attempts = attempts.buffer_unordered(AT_ONCE as usize);
        while let Some(settled) = attempts.next().await {
            settled?;
        }
        Ok(Round { made, next_due })
    }

    async fn attempt(&self, parcel: Parcel, now: DateTime<Utc>) -> Result<(), Error> {
        let answer = self.post(&parcel, now).await;
        let operator = &self.store.operator();
        if answer.verdict == Verdict::GiveUp {
            tracing::warn!(
                workspace.id = %parcel.workspace,
                delivery = %parcel.id,
                "a webhook delivery was given up"
            );
        }
        webhooks::settle(&self.store, operator, &parcel, &answer, now).await
    }

    async fn post(&self, parcel: &Parcel, at: DateTime<Utc>) -> Answer {
        let id = parcel.id.to_string();
        let signature = webhook::signatures(&parcel.secrets, &id, at, &parcel.body);
        let headers = [
            ("webhook-id", id),
            ("webhook-timestamp", at.timestamp().to_string()),
            ("webhook-signature", signature),
            ("user-agent", concat!("wireline/", env!("CARGO_PKG_VERSION")).to_owned()),
        ];
        let body = parcel.body.clone();
        let posted = self.client.post(&parcel.url, &headers, body, self.patience).await;
        let verdict = |status, retry_after| {
            webhook::verdict(status, parcel.attempts + 1, retry_after, (self.roll)())
        };
        match posted {
            Ok(it) => {
                let verdict = verdict(Some(it.status), it.retry_after);
                let is_well = verdict == Verdict::Delivered;
                let note = (!is_well).then(|| format!("answered {}", it.status));
                Answer { status: Some(it.status), note, verdict }
            }
            Err(error) => {
                Answer { status: None, note: Some(error.to_string()), verdict: verdict(None, None) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sleeps_until_the_next_is_due_and_no_longer_than_others_are_trusted() {
        let now = DateTime::from_timestamp(1_780_000_000, 0).expect("a time");
        let after = |seconds| Some(now + chrono::Duration::seconds(seconds));
        let longest = Duration::from_secs(10);
        for (next_due, seconds) in
            [(None, 10), (after(3), 3), (after(300), 10), (after(0), 0), (after(-5), 0)]
        {
            assert_eq!(pause(next_due, now, longest), Duration::from_secs(seconds));
        }
    }
}
