//! Why a run could not be carried out at all. What befalls the data is a finding, not an error.

/// Each variant has a caller that acts differently on it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store did not answer for longer than a run waits for it, or it refused.
    #[error("{} while {doing}", what_of(source))]
    Store {
        doing: &'static str,
        #[source]
        source: store::Error,
    },
}

impl Error {
    /// For `map_err`: what we were doing when the store failed.
    pub(crate) fn store(doing: &'static str) -> impl FnOnce(store::Error) -> Self {
        move |source| Self::Store { doing, source }
    }
}

fn what_of(source: &store::Error) -> &'static str {
    match source {
        store::Error::Busy(_) => "the database did not answer",
        store::Error::Sealed(_) => "a sealed value did not open",
        store::Error::NotFound(_)
        | store::Error::Conflict { .. }
        | store::Error::Invalid { .. }
        | store::Error::NotMigrated { .. }
        | store::Error::Database { .. } => "the store refused",
    }
}
