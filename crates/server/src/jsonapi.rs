//! JSON:API 1.1: what is common to every resource, in and out.

pub(crate) mod body;
pub(crate) mod cursor;
pub(crate) mod document;
pub(crate) mod filter;
pub(crate) mod input;
pub(crate) mod json;
pub(crate) mod link;
pub(crate) mod media;
pub(crate) mod named;
pub(crate) mod params;
