//! The console: pages for people, made on the server, with a little plain JavaScript beside them.
//!
//! A page is one file of [`page`]: its handler reads from the store and hands what it found to a
//! view. The shared parts of pages are in [`view`]. Start reading at [`routes::ALL`].

mod answer;
mod assets;
mod form;
mod page;
mod routes;
mod session;
mod view;

use server::Pages;

pub use routes::{ALL, Needs, Route};

/// The console, for the settings of a server.
pub fn pages() -> Pages {
    Pages { router: routes::router, routes: routes::measured, problem: page::problem::show }
}
