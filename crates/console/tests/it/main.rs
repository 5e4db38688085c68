//! The console over a real store, on both databases, as a browser without a script sees it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod acts;
mod door;
mod pages;
mod routes;
mod viewers;
mod webhooks;
mod world;
