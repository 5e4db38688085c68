//! Which parents are there: one query for each model and kind of key, for a whole page.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::TargetModel;
use domain::entity::{Claim, Entity};
use domain::reference::Reference;
use store::records::{self, Lookup, Match, Wanted};

use super::references;
use crate::patience::patiently;
use crate::run::Run;

/// Keys to look for, by model and kind.
type Keys = BTreeMap<(TargetModel, Lookup), BTreeSet<String>>;

/// What keys of parents mean.
#[derive(Default)]
pub(in crate::stage) struct Known(HashMap<(TargetModel, Lookup), HashMap<String, Match>>);

/// What a claim leads to.
pub(super) enum Outcome {
    /// The record with this external id.
    Found(String),
    /// It claims no parent.
    NotNamed,
    Missing {
        /// Several records have the natural key.
        is_ambiguous: bool,
    },
}

/// The parents that these entities name. Natural keys are looked for where there is no id, and
/// where the id leads nowhere.
pub(in crate::stage) async fn known(
    run: &Run<'_>,
    target: TargetModel,
    sound: &[Entity],
) -> Result<Known, store::Error> {
    let mut known = Known::default();
    let claims: Vec<(&Reference, Claim)> = sound
        .iter()
        .flat_map(|entity| {
            references(run, entity.model)
                .flat_map(|it| entity.claims(it).into_iter().map(move |claim| (it, claim)))
        })
        .collect();
    let mut ids = Keys::new();
    let mut names = Keys::new();
    for (reference, claim) in &claims {
        match &claim.id {
            Some(id) => {
                for model in &reference.parents {
                    ids.entry((*model, Lookup::Id)).or_default().insert(id.clone());
                }
            }
            None => add_naturals(&mut names, claim),
        }
    }
    known.learn(run, ids).await?;
    // The page itself holds the parents of a model that refers to its own kind.
    let own = known.0.entry((target, Lookup::Id)).or_default();
    own.extend(
        sound
            .iter()
            .filter(|it| it.model == target)
            .map(|it| (it.external_id.clone(), Match::One(it.external_id.clone()))),
    );
    for (reference, claim) in claims.iter().filter(|it| it.1.id.is_some()) {
        if known.by_id(reference, claim).is_none() {
            add_naturals(&mut names, claim);
        }
    }
    known.learn(run, names).await?;
    Ok(known)
}

fn add_naturals(names: &mut Keys, claim: &Claim) {
    for (natural, key) in &claim.naturals {
        let lookup = (natural.parent, Lookup::By(natural.key));
        names.entry(lookup).or_default().insert(key.clone());
    }
}

impl Known {
    async fn learn(&mut self, run: &Run<'_>, keys: Keys) -> Result<(), store::Error> {
        for ((model, by), keys) in keys {
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            let wanted = Wanted { model, by, keys: &keys };
            let found = patiently(run.engine.settings.store_patience, || {
                records::matches(run.store(), run.tenant, run.connector, wanted)
            })
            .await?;
            self.0.entry((model, by)).or_default().extend(found);
        }
        Ok(())
    }

    pub(super) fn outcome(&self, reference: &Reference, claim: &Claim) -> Outcome {
        if let Some(id) = self.by_id(reference, claim) {
            return Outcome::Found(id.to_owned());
        }
        let mut is_ambiguous = false;
        for (natural, key) in &claim.naturals {
            match self.find(natural.parent, Lookup::By(natural.key), key) {
                Some(Match::One(id)) => return Outcome::Found(id.clone()),
                Some(Match::Many) => is_ambiguous = true,
                None => {}
            }
        }
        match claim.id {
            None if reference.is_soft => Outcome::NotNamed,
            Some(_) | None => Outcome::Missing { is_ambiguous },
        }
    }

    fn by_id(&self, reference: &Reference, claim: &Claim) -> Option<&str> {
        let id = claim.id.as_ref()?;
        reference.parents.iter().find_map(|model| match self.find(*model, Lookup::Id, id) {
            Some(Match::One(id)) => Some(id.as_str()),
            Some(Match::Many) | None => None,
        })
    }

    fn find(&self, model: TargetModel, by: Lookup, key: &str) -> Option<&Match> {
        self.0.get(&(model, by))?.get(key)
    }
}
