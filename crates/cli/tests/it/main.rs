//! The built binary, as a person or a supervisor runs it.

mod binary;
mod commands;
mod durability;
