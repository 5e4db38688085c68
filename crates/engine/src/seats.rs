//! Who draws the plans of a mapping: seats of ours, and language models beside them.

use std::collections::BTreeSet;

use mapping::draw::Lead;
use model::{Allowance, Endpoint};

/// The seats of a jury that draws a mapping. One of ours is always among them.
#[derive(Debug, Clone)]
pub struct Seats {
    leads: Vec<Lead>,
    models: Vec<Endpoint>,
    pub(crate) allowance: Allowance,
    pub(crate) samples: usize,
}

/// Seats that make no jury.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoJury {
    #[error(
        "language models alone are no jury: they agree with each other far more than they are right; seat one of names, values, structure beside them"
    )]
    ModelsOnly,
    #[error("seat {0} is named twice")]
    Twice(String),
}

impl Default for Seats {
    fn default() -> Self {
        let (leads, models) = (Lead::ALL.to_vec(), Vec::new());
        Self { leads, models, allowance: Allowance::default(), samples: 3 }
    }
}

impl Seats {
    /// # Errors
    /// No seat but models, or one seat twice.
    pub fn new(leads: Vec<Lead>, models: Vec<Endpoint>) -> Result<Self, NoJury> {
        if leads.is_empty() {
            return Err(NoJury::ModelsOnly);
        }
        let mut named = BTreeSet::new();
        let names = leads.iter().map(|it| it.as_str().to_owned());
        let twice =
            names.chain(models.iter().map(Endpoint::seat)).find(|it| !named.insert(it.clone()));
        match twice {
            Some(seat) => Err(NoJury::Twice(seat)),
            None => Ok(Self { leads, models, ..Self::default() }),
        }
    }

    /// What the models of one run may spend together.
    #[must_use]
    pub fn within(self, allowance: Allowance) -> Self {
        Self { allowance, ..self }
    }

    /// Values of each path that a model is shown, three at most.
    #[must_use]
    pub fn showing(self, samples: usize) -> Self {
        Self { samples, ..self }
    }

    pub(crate) fn leads(&self) -> &[Lead] {
        &self.leads
    }

    pub(crate) fn models(&self) -> &[Endpoint] {
        &self.models
    }

    /// Their keys, to be kept out of whatever is written.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.models.iter().filter_map(|it| it.key().map(domain::connector::Secret::expose))
    }
}
