//! `connector_sync_diagnostics`: insert, find, list, facets, newer, update, delete, prune.
//!
//! Every read has the same four conditions in sight: the workspace, not deleted, not past the
//! retention, and what was asked. Writes of single rows share statements (see [`writer`]).

mod counts;
mod days;
mod facets;
mod filter;
mod insert;
mod prune;
mod read;
mod record;
mod resolve;
mod row;
mod tally;
mod update;
mod writer;

pub use counts::{Counts, counts};
pub use facets::{Facet, FacetCount, FacetCounts, facets};
pub use filter::{FIELDS, SORTS};
pub use insert::{Idempotency, insert, insert_many, insert_once};
pub use prune::{oldest, prune, prune_all, roll_and_prune};
pub use read::{find, list, newer};
pub use record::record;
pub use update::{delete, update};

pub(crate) use filter::live_of_runs;
pub(crate) use prune::{Errand, erase};
pub(crate) use resolve::connector_pk;
pub(crate) use writer::{Queues, spawn_background};
