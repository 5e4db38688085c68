//! Rows in, entities out: CPU only, and the same input always gives the same output.
//!
//! The way of a record: [`tools::choose`] finds the tool that lists it, [`draw::plan`] says where
//! each slot of the target comes from, [`compile`] writes that plan as JSONata,
//! [`expression::apply`] evaluates it over the rows, and [`gate::check`] judges the outcome.

mod compile;
pub mod draw;
pub mod expression;
pub mod gate;
pub mod legacy;
pub mod path;
pub mod plan;
pub mod shape;
pub mod tools;

pub use compile::compile;
