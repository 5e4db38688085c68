//! The console in a real Chromium: real clicks, a real server in a process of its own, on both
//! databases. `./test` installs the browser and the accessibility checker; without them these tests
//! fail, and never skip.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod browser;
mod gallery;
mod journey;
mod serving;
mod wire;
