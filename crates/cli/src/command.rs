//! One file a command.

pub(crate) mod bench;
pub(crate) mod connector;
pub(crate) mod contract;
pub(crate) mod demo;
pub(crate) mod diagnostics;
pub(crate) mod doctor;
pub(crate) mod evaluate;
pub(crate) mod key;
pub(crate) mod mapping;
pub(crate) mod migrate;
pub(crate) mod missing;
pub(crate) mod place;
pub(crate) mod progress;
pub(crate) mod prune;
pub(crate) mod reasons;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod sample_server;
pub(crate) mod serve;
pub(crate) mod settings;
pub(crate) mod sync;
pub(crate) mod token;
pub(crate) mod transport;
pub(crate) mod typed;
pub(crate) mod work;
pub(crate) mod workspace;
