//! The client against servers made for the purpose: scripts over stdio, small servers over HTTP.

#![expect(clippy::expect_used, reason = "a failed helper is a failed test")]

mod http;
mod stdio;
