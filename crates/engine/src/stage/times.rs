//! How long each stage of a target took, for the person who asks where a run spends its time.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::reason::Stage;
use serde_json::{Map, Value};
use tokio::time::Instant;

/// A watch with a lap for each stage: what passes between two laps is the second one's.
#[derive(Debug)]
pub(crate) struct Times {
    since: Instant,
    spent: BTreeMap<Stage, Duration>,
}

impl Times {
    pub(crate) fn start() -> Self {
        Self { since: Instant::now(), spent: BTreeMap::new() }
    }

    /// The stage ends here.
    pub(crate) fn lap(&mut self, stage: Stage) {
        let now = Instant::now();
        *self.spent.entry(stage).or_default() += now - self.since;
        self.since = now;
    }

    /// Milliseconds by stage.
    pub(crate) fn to_json(&self) -> Value {
        let each = self.spent.iter().map(|(stage, spent)| {
            let ms = u64::try_from(spent.as_millis()).unwrap_or(u64::MAX);
            (stage.as_str().to_owned(), ms.into())
        });
        Value::Object(each.collect::<Map<_, _>>())
    }
}
