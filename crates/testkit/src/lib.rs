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

/// A program that is built with the workspace's tests, beside their binaries.
pub fn program(name: &str) -> std::path::PathBuf {
    let test = std::env::current_exe().expect("this test");
    let folder = test.parent().and_then(|it| it.parent()).expect("the target folder");
    let program = folder.join(name);
    assert!(program.exists(), "build the workspace first: cargo build --workspace --all-targets");
    program
}

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
