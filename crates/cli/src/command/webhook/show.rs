//! `wireline webhook show`.

use anyhow::Result;

use super::{Place, change, list};
use crate::output;

pub(super) async fn run(place: &Place<'_>, options: &change::Options) -> Result<()> {
    let it = place.endpoint(&options.webhook).await?;
    if place.context.json {
        return output::json(&server::api::webhook_endpoints::resource(&place.tenant, &it));
    }
    output::line(format!("{}: {}", it.url, list::state(&it)));
    if let Some(why) = &it.disabled_reason {
        output::line(format!("disabled because {why}"));
    }
    if let Some(description) = &it.description {
        output::line(format!("what it is for: {description}"));
    }
    output::line(format!("events: {}", list::events(&it)));
    output::line(format!("of: {}", list::of(&it)));
    if let Some(until) = it.old_secret_until {
        let until = domain::time::rfc3339(until);
        output::line(format!("the secret before the present one signs too until {until}"));
    }
    output::line(format!("id: {}", it.id));
    output::aside("`wireline webhook deliveries` shows what was sent there");
    Ok(())
}
