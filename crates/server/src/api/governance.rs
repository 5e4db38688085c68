//! What people decide about a connector, as it comes in by any door: read whole, or refused.

use domain::governance::{Fault, Governance};
use mapping::path::Path;
use serde_json::Value;

/// Reads a document of governance. What a run would have to pass over is refused here.
///
/// # Errors
/// The first fault, and where it is.
pub fn read(document: &Value) -> Result<Governance, Fault> {
    if document.to_string().contains("\\u0000") {
        return Err(Fault { at: String::new(), says: "holds a NUL character".to_owned() });
    }
    let governance = Governance::parse(document)?;
    for (target, decided) in &governance.targets {
        for (slot, pin) in &decided.slots {
            let Some(Err(error)) = pin.path.as_deref().map(str::parse::<Path>) else { continue };
            let at = format!("targets.{target}.slots.{slot}.path");
            return Err(Fault { at, says: format!("leads nowhere: {error}") });
        }
    }
    Ok(governance)
}
