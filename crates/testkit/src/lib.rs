//! For tests alone: a database each, and builders of rows.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up has failed; this crate is not shipped"
)]

pub mod cluster;
mod db;
pub mod make;

pub use db::{Db, settings};

/// One body, both databases: the tests are named `sqlite::…` and `postgres::…`.
///
/// ```text
/// testkit::each_database! { a_row_is_found_again, a_stranger_sees_nothing }
/// async fn a_row_is_found_again(db: testkit::Db) { … }
/// ```
#[macro_export]
macro_rules! each_database {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::Db::sqlite().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::Db::postgres().await).await;
            })+
        }
    };
}
