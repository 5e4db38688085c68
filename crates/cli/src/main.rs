//! `wireline`: one binary, with roles. Settings, wiring and output; the work is done elsewhere.

mod catalogue;
mod command;
mod config;
mod output;
mod telemetry;
mod wiring;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, Overrides};

/// Sync MCP connectors, and know why a record is missing.
#[derive(Debug, Parser)]
#[command(name = "wireline", version, propagate_version = true, max_term_width = 100)]
struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options that every command takes.
#[derive(Debug, Clone, clap::Args)]
struct Global {
    /// Settings file; else ./wireline.toml, if there is one
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the embedded database
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// PostgreSQL instead of the embedded database: `postgres://user@host/database`
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
    /// One JSON document, or NDJSON, on standard output
    #[arg(long, global = true)]
    json: bool,
    /// What is logged to standard error: error, warn, info, debug, trace
    #[arg(long, global = true, value_name = "LEVEL")]
    log: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Everything on the embedded database: sample servers, their syncs, what is missing and why
    Demo(command::demo::Options),
    /// API and workers in one process
    Serve(command::serve::Options),
    /// Workers only, as many processes as wanted on one PostgreSQL
    Work,
    /// One run in the foreground
    Sync(command::sync::Options),
    /// Connectors: what can be installed, what is, and how it does
    Connector(command::connector::Options),
    /// Mappings: how rows become records; pin, redraw, roll back
    Mapping(command::mapping::Options),
    /// Try another version, a pin, a redraw or an expression on stored records, before a switch
    Replay(command::replay::Options),
    /// List or follow the diagnostics of a workspace
    Diagnostics(command::diagnostics::Options),
    /// Why is a record missing, or where is it?
    Missing(command::missing::Options),
    /// An MCP server over standard input and output: the log and its answers, for agents
    Mcp(command::mcp::Options),
    /// Issues: what goes wrong again and again; mute, resolve, reopen
    Issue(command::issue::Options),
    /// Webhooks: who is told of runs and issues, and what came of it
    Webhook(command::webhook::Options),
    /// The catalogue of reasons
    Reasons(command::reasons::Options),
    /// Make and list workspaces
    #[command(subcommand)]
    Workspace(command::workspace::Action),
    /// Make and list keys of a workspace
    #[command(subcommand)]
    Key(command::key::Action),
    /// Make a key that is not of a workspace
    Token(command::token::Options),
    /// Delete diagnostics that are past their retention, of every connector
    Prune,
    /// Bring the database to this version's schema
    Migrate,
    /// Copy the embedded database into a file, while others go on
    Backup(command::backup::Options),
    /// Check database, migrations, seal key, clock, disk and connectors
    Doctor,
    /// Carry out the executable contracts of reasons: fault, rows, repair, gone
    Contract(command::contract::Options),
    /// Score how tools are chosen and answers mapped, on a folder of labelled cases
    #[command(subcommand)]
    Bench(command::bench::Action),
    /// The settings in force, or the defaults with what each does
    Config(command::settings::Options),
    /// A sample MCP server, with faults on demand
    SampleServer(command::sample_server::Options),
    /// Evaluates mappings that people wrote; started by Wireline itself
    #[command(hide = true)]
    Evaluate(command::evaluate::Options),
}

/// What a command is run with.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) config: Config,
    pub(crate) json: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Before a setting is read or a thread is started: what it may not have, it never had.
    if let Command::Evaluate(options) = &arguments.command {
        return command::evaluate::run(options);
    }
    with_runtime(arguments)
}

#[tokio::main]
async fn with_runtime(arguments: Arguments) -> ExitCode {
    let context = match context(&arguments) {
        Ok(context) => context,
        Err(error) => return output::failed(&error, output::USAGE),
    };
    let telemetry = match telemetry::start(&context.config) {
        Ok(telemetry) => telemetry,
        Err(error) => return output::failed(&error, output::USAGE),
    };
    let ended = match run(&context, arguments.command).await {
        Ok(code) => code,
        Err(error) => output::failed(&error, output::FAILED),
    };
    // It waits for a thread of its own.
    tokio::task::block_in_place(|| telemetry.stop());
    ended
}

fn context(arguments: &Arguments) -> anyhow::Result<Context> {
    let global = &arguments.global;
    let listen = match &arguments.command {
        Command::Demo(options) => options.listen.clone(),
        Command::Serve(options) => options.listen.clone(),
        Command::Work
        | Command::Sync(_)
        | Command::Connector(_)
        | Command::Mapping(_)
        | Command::Replay(_)
        | Command::Diagnostics(_)
        | Command::Missing(_)
        | Command::Mcp(_)
        | Command::Issue(_)
        | Command::Webhook(_)
        | Command::Reasons(_)
        | Command::Workspace(_)
        | Command::Key(_)
        | Command::Token(_)
        | Command::Prune
        | Command::Migrate
        | Command::Backup(_)
        | Command::Doctor
        | Command::Contract(_)
        | Command::Bench(_)
        | Command::Config(_)
        | Command::SampleServer(_)
        | Command::Evaluate(_) => None,
    };
    let over = Overrides {
        file: global.config.clone(),
        data: global.data.clone(),
        database: global.database.clone(),
        listen,
        log: global.log.clone(),
    };
    Ok(Context { config: Config::load(&over, std::env::vars())?, json: global.json })
}

async fn run(context: &Context, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Demo(options) => command::demo::run(context, &options).await,
        Command::Serve(_) => command::serve::run(context).await,
        Command::Work => command::work::run(context).await,
        Command::Sync(options) => command::sync::run(context, &options).await,
        Command::Connector(options) => command::connector::run(context, &options).await,
        Command::Mapping(options) => command::mapping::run(context, &options).await,
        Command::Replay(options) => command::replay::run(context, &options).await,
        Command::Diagnostics(options) => command::diagnostics::run(context, &options).await,
        Command::Missing(options) => command::missing::run(context, &options).await,
        Command::Mcp(options) => command::mcp::run(context, &options).await,
        Command::Issue(options) => command::issue::run(context, &options).await,
        Command::Webhook(options) => command::webhook::run(context, &options).await,
        Command::Reasons(options) => command::reasons::run(context, &options),
        Command::Workspace(action) => command::workspace::run(context, &action).await,
        Command::Key(action) => command::key::run(context, &action).await,
        Command::Token(options) => command::token::run(context, &options).await,
        Command::Prune => command::prune::run(context).await,
        Command::Migrate => command::migrate::run(context).await,
        Command::Backup(options) => command::backup::run(context, &options).await,
        Command::Doctor => command::doctor::run(context).await,
        Command::Contract(options) => command::contract::run(context, &options).await,
        Command::Bench(action) => command::bench::run(context, &action),
        Command::Config(options) => command::settings::run(context, &options),
        Command::SampleServer(options) => command::sample_server::run(&options).await,
        Command::Evaluate(options) => Ok(command::evaluate::run(&options)),
    }
}
