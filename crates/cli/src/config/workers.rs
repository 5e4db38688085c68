//! Settings of the workers: how many runs, how often, and when one counts as dead.

use std::time::Duration;

use anyhow::{Result, ensure};
use domain::retry::Retries;

use super::Config;

impl Config {
    pub(super) fn check_workers(&self) -> Result<()> {
        let run = &self.run;
        for (name, value, least, most) in [
            ("run.workers", run.workers, 1, 256),
            ("run.lease_s", run.lease_s, 2, 3_600),
            ("run.attempts", u64::from(run.attempts), 1, 100),
            ("run.retry_pause_s", run.retry_pause_s, 1, 3_600),
            ("run.grace_s", run.grace_s, 0, 10),
            ("run.initial_after_s", run.initial_after_s, 0, 86_400),
        ] {
            ensure!(
                (least..=most).contains(&value),
                "{name} = {value} is out of range ({least} to {most})"
            );
        }
        Ok(())
    }

    pub(crate) fn workers(&self) -> worker::Settings {
        let run = &self.run;
        worker::Settings {
            runs: usize::try_from(run.workers).unwrap_or(1),
            lease: self.lease(),
            retries: Retries {
                attempts: run.attempts,
                pause: Duration::from_secs(run.retry_pause_s),
            },
            grace: Duration::from_secs(run.grace_s),
            roll: rand::random,
            ..worker::Settings::default()
        }
    }

    pub(crate) fn min_gap(&self) -> Duration {
        Duration::from_secs(self.run.min_gap_s)
    }

    pub(crate) fn lease(&self) -> Duration {
        Duration::from_secs(self.run.lease_s)
    }

    /// Often enough for a lease to outlive a few lost beats.
    pub(super) fn beat(&self) -> Duration {
        (self.lease() / 6).min(Duration::from_secs(5))
    }

    /// When a new connector is synced for the first time; none: when it is asked for.
    pub(crate) fn initial_after(&self) -> Option<Duration> {
        Some(Duration::from_secs(self.run.initial_after_s)).filter(|it| !it.is_zero())
    }
}
