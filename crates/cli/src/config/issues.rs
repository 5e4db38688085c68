//! Settings of issues.

use anyhow::{Result, ensure};
use domain::issue::Spike;
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Issues {
    stored_per_hour: u32,
}

impl Issues {
    pub(super) fn check(&self) -> Result<()> {
        const MOST: u32 = 1_000_000;
        let given = self.stored_per_hour;
        ensure!(given <= MOST, "issues.stored_per_hour = {given} is out of range (0 to {MOST})");
        Ok(())
    }

    pub(super) fn spike(&self) -> Spike {
        Spike { per_hour: self.stored_per_hour }
    }
}
