//! Rows in, entities out: CPU only, and the same input always gives the same output.
//!
//! The way of a record: [`tools::choose`] finds the tool that lists it, [`draw::plan`] says where
//! each slot of the target comes from, [`compile`] writes that plan as JSONata, for people and for
//! keeping, a [`native::Program`] carries it out on the rows, and [`gate::judge`] judges the outcome.
//! Several [`seats`] do so, each in its own way, and a [`jury`] compares what they give.

pub mod canonical;
mod compile;
pub mod draw;
pub mod drift;
pub mod expression;
pub mod gate;
pub mod jury;
pub mod legacy;
pub mod model;
pub mod native;
mod number;
pub mod path;
pub mod plan;
pub mod records;
pub mod regression;
pub mod replay;
pub mod seats;
pub mod shape;
pub mod tools;

pub use compile::compile;
