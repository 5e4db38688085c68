//! Settings of the processes that evaluate mappings which people wrote.

use anyhow::{Result, ensure};
use sandbox::{Program, Sandbox, Settings};
use serde::Deserialize;

use super::Config;

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Expressions {
    processes: u64,
    memory_mib: u64,
    row_time_s: u64,
}

impl Expressions {
    pub(super) fn check(&self) -> Result<()> {
        for (name, value, least, most) in [
            ("expressions.processes", self.processes, 1, 64),
            ("expressions.memory_mib", self.memory_mib, 256, 65_536),
            ("expressions.row_time_s", self.row_time_s, 1, 300),
        ] {
            ensure!(
                (least..=most).contains(&value),
                "{name} = {value} is out of range ({least} to {most})"
            );
        }
        Ok(())
    }
}

impl Config {
    /// Its processes start when they are needed.
    pub(crate) fn sandbox(&self) -> Sandbox {
        let program = match Program::this(&["evaluate"]) {
            Ok(program) => program,
            Err(error) => {
                tracing::error!(%error, "this program is not found; mappings by hand do not work");
                return Sandbox::none();
            }
        };
        let it = &self.expressions;
        let mut settings = Settings::of(program);
        settings.processes = usize::try_from(it.processes).unwrap_or(1);
        settings.memory_bytes = it.memory_mib << 20;
        settings.limits.timeout_ms = it.row_time_s * 1_000;
        Sandbox::new(settings)
    }
}
