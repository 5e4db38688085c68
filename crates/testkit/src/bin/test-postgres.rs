//! `test-postgres start|stop|url`: the server that the tests share.
#![expect(clippy::print_stdout, reason = "its answer is its output")]

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("start") => testkit::cluster::start(),
        Some("stop") => testkit::cluster::stop(),
        _ => println!("{}", testkit::cluster::url("postgres")),
    }
}
