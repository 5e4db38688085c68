//! What pages are made of.

pub(crate) mod act;
pub(crate) mod chart;
pub(crate) mod diagnostic;
pub(crate) mod frame;
pub(crate) mod ledger;
pub(crate) mod link;
pub(crate) mod stages;
pub(crate) mod status;
pub(crate) mod text;
