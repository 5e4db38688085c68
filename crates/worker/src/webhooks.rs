//! Webhooks on their way: claimed, signed, posted, settled. Every worker process looks; a lease in the
//! database lets one of them deliver each, and one lane waits for no other.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::webhook::{self, Verdict};
use futures_util::StreamExt as _;
use store::webhooks::{Answer, Parcel};
use store::{Error, Store, webhooks};
use tokio::time::{MissedTickBehavior, interval};

use crate::Crew;

const LOOK: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(15);
/// Longer than any attempt: whoever holds it then has died.
const LEASE: Duration = Duration::from_secs(60);
/// Claimed in one go, and posted at once: what was claimed is begun at once.
const AT_ONCE: u32 = 16;

/// What delivers.
#[derive(Debug, Clone)]
pub struct Courier {
    pub store: Store,
    /// Which addresses receivers may have.
    pub reach: mcp::Reach,
    /// For one attempt, looking its host up included.
    pub patience: Duration,
    /// Where chance comes from.
    pub roll: fn() -> u32,
}

pub(crate) async fn until_stopped(crew: Arc<Crew>) {
    let engine = &crew.engine;
    let courier = Courier {
        store: engine.store.clone(),
        reach: engine.settings.reach,
        patience: PATIENCE,
        roll: crew.settings.roll,
    };
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = crew.stop.cancelled() => return,
        }
        // A lane has its next event as soon as the last one arrived.
        while !crew.stop.is_cancelled() {
            match courier.round(crew.now()).await {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!(error = &error as &dyn std::error::Error, "no delivery now");
                    break;
                }
            }
        }
    }
}

impl Courier {
    /// One attempt at each delivery whose turn it is, at most 16 at once; how many were made.
    pub async fn round(&self, now: DateTime<Utc>) -> Result<usize, Error> {
        let operator = &self.store.operator();
        let parcels = webhooks::claim(&self.store, operator, (AT_ONCE, LEASE), now).await?;
        let made = parcels.len();
        let attempts = futures_util::stream::iter(parcels).map(|it| self.attempt(it, now));
        let mut attempts = attempts.buffer_unordered(AT_ONCE as usize);
        while let Some(settled) = attempts.next().await {
            settled?;
        }
        Ok(made)
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
        let posted =
            mcp::post::json(&parcel.url, &headers, body, (self.reach, self.patience)).await;
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
