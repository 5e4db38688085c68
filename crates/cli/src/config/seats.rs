//! Settings of the seats that draw mappings, language models among them.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use domain::connector::Secret;
use engine::{Lead, Seats};
use model::{Allowance, Endpoint, Limits, Prices};
use serde::Deserialize;

use super::Config;

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Mapping {
    seats: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Models {
    keys: Vec<Secret>,
    samples: u64,
    answer_timeout_s: u64,
    answer_tokens: u64,
    question_price_micros: u64,
    answer_price_micros: u64,
    run_calls: u64,
    run_tokens: u64,
    run_cost_micros: u64,
    run_time_s: u64,
}

impl Models {
    fn check(&self) -> Result<()> {
        const MOST: u64 = 1_000_000_000_000;
        for (name, value, least, most) in [
            ("models.samples", self.samples, 0, 3),
            ("models.answer_timeout_s", self.answer_timeout_s, 1, 600),
            ("models.answer_tokens", self.answer_tokens, 256, 100_000),
            ("models.question_price_micros", self.question_price_micros, 0, MOST),
            ("models.answer_price_micros", self.answer_price_micros, 0, MOST),
            ("models.run_calls", self.run_calls, 0, 100_000),
            ("models.run_tokens", self.run_tokens, 0, MOST),
            ("models.run_cost_micros", self.run_cost_micros, 0, MOST),
            ("models.run_time_s", self.run_time_s, 0, 86_400),
        ] {
            ensure!(
                (least..=most).contains(&value),
                "{name} = {value} is out of range ({least} to {most})"
            );
        }
        Ok(())
    }

    /// Keys by the host that each is for.
    fn keys(&self) -> Result<Vec<(&str, Secret)>> {
        let pairs = self.keys.iter().map(|it| it.expose().split_once('='));
        let pairs: Option<Vec<(&str, &str)>> = pairs.collect();
        let pairs = pairs.context("an entry of models.keys is not written host=key")?;
        Ok(pairs.into_iter().map(|(host, key)| (host.trim(), Secret::new(key.trim()))).collect())
    }

    fn endpoint(&self, seat: &str) -> Result<Endpoint> {
        let endpoint = Endpoint::parse(seat).with_context(|| format!("mapping.seats: {seat:?}"))?;
        let key = self.keys()?.into_iter().find(|(host, _)| *host == endpoint.host());
        let limits = Limits {
            time: Duration::from_secs(self.answer_timeout_s),
            answer_tokens: u32::try_from(self.answer_tokens).unwrap_or(u32::MAX),
            ..Limits::default()
        };
        let prices = Prices {
            question_micros: self.question_price_micros,
            answer_micros: self.answer_price_micros,
        };
        Ok(endpoint.with_key(key.map(|(_, key)| key)).with_limits(limits).with_prices(prices))
    }

    fn allowance(&self) -> Allowance {
        Allowance {
            calls: self.run_calls,
            tokens: self.run_tokens,
            cost_micros: self.run_cost_micros,
            time: Duration::from_secs(self.run_time_s),
        }
    }
}

impl Config {
    pub(super) fn check_seats(&self) -> Result<()> {
        self.models.check()?;
        let keys = self.models.keys()?;
        let seats = self.mapping.seats.iter().filter(|it| it.starts_with("openai:"));
        let endpoints = seats.map(|it| self.models.endpoint(it)).collect::<Result<Vec<_>>>()?;
        let is_used = |host: &str| endpoints.iter().any(|it| it.host() == host);
        // A key for nobody is most likely a host that is written in another way than in its seat.
        if let Some((host, _)) = keys.iter().find(|(host, _)| !is_used(host)) {
            bail!("models.keys has a key for {host}, where no seat of mapping.seats is");
        }
        self.seats().map(drop)
    }

    /// Who draws mappings.
    pub(crate) fn seats(&self) -> Result<Seats> {
        let (mut leads, mut models) = (Vec::new(), Vec::new());
        for seat in self.mapping.seats.iter().map(|it| it.trim()) {
            match seat.starts_with("openai:") {
                true => models.push(self.models.endpoint(seat)?),
                false => {
                    let lead: Lead = seat.parse().context(
                        "mapping.seats: a seat is names, values, structure, or openai:MODEL@URL",
                    )?;
                    leads.push(lead);
                }
            }
        }
        let seats = Seats::new(leads, models).context("mapping.seats")?;
        let samples = usize::try_from(self.models.samples).unwrap_or(0);
        Ok(seats.showing(samples).within(self.models.allowance()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;

    fn seats(variables: &[(&str, &str)]) -> Result<Seats, String> {
        let owned = variables.iter().map(|(name, it)| ((*name).to_owned(), (*it).to_owned()));
        let config = Config::load(&Overrides::default(), owned);
        config.and_then(|it| it.seats()).map_err(|error| format!("{error:#}"))
    }

    const LOCAL: &str = "names,values,openai:small@http://127.0.0.1:11434/v1";

    #[test]
    fn seats_are_named_in_the_environment_too() {
        let keys = ("WIRELINE_MODELS_KEYS", "127.0.0.1:11434=k3y-0f-the-m0del");
        let found = seats(&[("WIRELINE_MAPPING_SEATS", LOCAL), keys]).unwrap();
        let shown = format!("{found:?}");
        assert!(shown.contains("small") && !shown.contains("k3y"), "{shown}");
    }

    #[test]
    fn a_jury_of_models_alone_is_refused() {
        let only = "openai:a@http://127.0.0.1:1/v1,openai:b@http://127.0.0.1:1/v1";
        let error = seats(&[("WIRELINE_MAPPING_SEATS", only)]).unwrap_err();
        assert!(error.contains("language models alone are no jury"), "{error}");
    }

    #[test]
    fn what_is_no_seat_says_what_is_one() {
        let error = seats(&[("WIRELINE_MAPPING_SEATS", "names,guesses")]).unwrap_err();
        assert!(error.contains("openai:MODEL@URL"), "{error}");
        let error = seats(&[("WIRELINE_MAPPING_SEATS", "names,openai:small")]).unwrap_err();
        assert!(error.contains("openai:MODEL@URL"), "{error}");
    }

    #[test]
    fn a_key_without_a_seat_is_refused_and_not_shown() {
        let keys = ("WIRELINE_MODELS_KEYS", "api.example.org=k3y-0f-the-m0del");
        let error = seats(&[("WIRELINE_MAPPING_SEATS", LOCAL), keys]).unwrap_err();
        assert!(error.contains("api.example.org") && !error.contains("k3y"), "{error}");
        let error = seats(&[("WIRELINE_MODELS_KEYS", "k3y-0f-the-m0del")]).unwrap_err();
        assert!(error.contains("host=key") && !error.contains("k3y"), "{error}");
    }
}
