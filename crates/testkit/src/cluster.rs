//! A PostgreSQL server of our own, under `target/`, shared by the processes of a test run. The
//! first that needs it starts it; it listens on a socket in its directory and on nothing else.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Names another server on which databases and roles may be made.
const OTHER: &str = "WIRELINE_TEST_DATABASE_URL";

/// The URL of a database on the server of this test run; starts the server if need be.
pub fn url(database: &str) -> String {
    if let Some(other) = other() {
        let (server, options) = other.split_once('?').unwrap_or((other.as_str(), ""));
        let (server, _) =
            server.rsplit_once('/').filter(|it| !it.0.ends_with('/')).unwrap_or((server, ""));
        let mark = if options.is_empty() { "" } else { "?" };
        return format!("{server}/{database}{mark}{options}");
    }
    start();
    let socket = directory().display().to_string().replace('/', "%2F");
    format!("postgres://postgres@localhost:5432/{database}?host={socket}")
}

/// Held while something is done that only one process may do.
pub fn lock() -> File {
    let path = target().join("test-postgres.lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.unwrap_or_else(|error| panic!("cannot open {}: {error}", path.display()));
    file.lock().expect("a lock on our own file");
    file
}

/// Starts the server unless it runs. Safe to call from any number of processes.
pub fn start() {
    if other().is_some() || is_running() {
        return;
    }
    let _lock = lock();
    if is_running() {
        return;
    }
    let directory = directory();
    if !directory.join("PG_VERSION").exists() {
        create(&directory);
    }
    let options = format!(
        "-c listen_addresses='' -c unix_socket_directories='{}' -c fsync=off \
         -c full_page_writes=off -c synchronous_commit=off -c max_connections=400 \
         -c shared_buffers=128MB -c autovacuum=off -c max_wal_size=4GB -c jit=off",
        directory.display()
    );
    let log = directory.join("server.log");
    let mut start = as_owner("pg_ctl");
    start.args(["-w", "-t", "60", "-o", &options, "-l"]).arg(log).arg("-D").arg(&directory);
    run(start.arg("start"));
}

pub fn stop() {
    if is_running() {
        run(as_owner("pg_ctl").args(["-m", "immediate", "-D"]).arg(directory()).arg("stop"));
    }
}

fn create(directory: &Path) {
    std::fs::create_dir_all(directory).expect("a directory under target");
    if is_root() {
        run(Command::new("chown").arg("postgres").arg(directory));
    }
    let mut make = as_owner("initdb");
    make.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-D"]);
    run(make.arg(directory));
}

/// The process that its pid file names is there.
fn is_running() -> bool {
    let Ok(pid) = std::fs::read_to_string(directory().join("postmaster.pid")) else { return false };
    let mut lines = pid.lines();
    let is_alive = lines.next().is_some_and(is_alive);
    // The eighth line says when it takes connections.
    is_alive && pid.lines().nth(7).is_some_and(|it| it.trim() == "ready")
}

/// Whether a process of this machine has this number.
pub fn is_alive(pid: &str) -> bool {
    Path::new("/proc").join(pid.trim()).exists()
}

#[expect(clippy::disallowed_methods, reason = "tests have no settings file")]
fn other() -> Option<String> {
    std::env::var(OTHER).ok().filter(|it| !it.is_empty())
}

/// The build directory that this binary is in.
fn target() -> PathBuf {
    let binary = std::env::current_exe().expect("we run");
    let target = binary.ancestors().find(|it| it.join("CACHEDIR.TAG").exists());
    target.map_or_else(std::env::temp_dir, Path::to_path_buf)
}

fn directory() -> PathBuf {
    target().join("test-postgres")
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|it| std::os::unix::fs::MetadataExt::uid(&it) == 0)
}

/// A program of PostgreSQL, run as someone it agrees to run as: it refuses root.
fn as_owner(name: &str) -> Command {
    let program = program(name);
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}

fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut packaged: Vec<PathBuf> =
        versions.map(|it| it.path().join("bin").join(name)).filter(|it| it.exists()).collect();
    packaged.sort();
    packaged.pop().unwrap_or_else(|| PathBuf::from(name))
}

fn run(command: &mut Command) {
    // The server outlives us: it must not hold on to our output.
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = command.current_dir("/").status();
    assert!(
        status.as_ref().is_ok_and(std::process::ExitStatus::success),
        "{command:?}: {status:?}; install PostgreSQL, or set {OTHER}"
    );
}
