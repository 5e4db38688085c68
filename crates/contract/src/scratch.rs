//! Where a contract is carried out: a workspace of its own in a real database, sample servers over
//! real transports, and an engine.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::connector::Transport;
use domain::id::{ConnectorId, SyncLogId, WorkspaceConnectorId};
use domain::missing::{Answer, Question};
use domain::reference::Reference;
use domain::run::TriggerType;
use domain::{Diagnostic, TargetModel};
use engine::{Engine, Recorder, Request};
use sample::{Fault, Sample};
use store::mappings::RegenerationReason;
use store::query::{Condition, Op, Page, Query, Value};
use store::{
    Place, Store, Tenant, connectors, diagnostics, mappings, records, sync_logs,
    workspace_connectors, workspaces,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::Error;
use crate::scenario::{Scene, Wire};

/// Rows of a run that are looked at; no contract comes near.
const ROWS: u16 = 500;

/// What a seat may take where the contract is about something else.
const SEAT_TIME: Duration = Duration::from_secs(600);

/// The program that serves samples over standard input and output, for servers that must be
/// processes of their own: `command words… NAME --fault FAULT…`.
#[derive(Debug, Clone)]
pub struct Program {
    pub command: PathBuf,
    pub words: Vec<String>,
}

/// A database in which contracts may make and erase workspaces.
#[derive(Debug)]
pub struct Scratch {
    place: Place,
    settings: store::Settings,
    program: Program,
    store: Store,
}

fn failed(doing: &'static str) -> impl FnOnce(store::Error) -> Error {
    move |source| Error::Store { doing, source }
}

impl Scratch {
    /// Opens a database that is migrated.
    pub async fn open(
        place: Place,
        settings: store::Settings,
        program: Program,
    ) -> Result<Self, Error> {
        let store = Store::open(&place, settings.clone()).await.map_err(failed("opening it"))?;
        Ok(Self { place, settings, program, store })
    }

    pub async fn close(self) {
        self.store.close().await;
    }

    /// A new workspace with one connector, whose server each scene decides.
    pub(crate) async fn workspace(&self) -> Result<Workspace<'_>, Error> {
        let now = (self.settings.clock)();
        let operator = self.store.operator();
        let new = workspaces::New {
            name: format!("contract {}", Uuid::new_v4().simple()),
            ..workspaces::New::default()
        };
        let made = workspaces::insert(&self.store, &operator, new, now)
            .await
            .map_err(failed("making a workspace"))?;
        let tenant = store::tenant::of(&self.store, &operator, &made.workspace_id.to_string())
            .await
            .map_err(failed("opening the workspace"))?;
        let new = connectors::New {
            service_id: "contract".to_owned(),
            name: "Contract".to_owned(),
            ..connectors::New::default()
        };
        let entry = connectors::insert(&self.store, &tenant, new, now)
            .await
            .map_err(failed("adding a connector"))?;
        let nowhere =
            Transport::Http { url: "http://127.0.0.1:9/mcp".to_owned(), headers: BTreeMap::new() };
        let new = workspace_connectors::New::of(entry.connector_id, "Contract", nowhere);
        let connector = workspace_connectors::insert(&self.store, &tenant, new, now)
            .await
            .map_err(failed("installing the connector"))?
            .workspace_connector_id;
        Ok(Workspace { scratch: self, tenant, entry: entry.connector_id, connector })
    }
}

/// A workspace that one scenario has to itself.
pub(crate) struct Workspace<'a> {
    scratch: &'a Scratch,
    tenant: Tenant,
    entry: ConnectorId,
    connector: WorkspaceConnectorId,
}

impl Workspace<'_> {
    /// Runs the connector once against the scene's server; the rows that were written, in order.
    pub(crate) async fn run(&self, scene: &Scene) -> Result<Vec<Diagnostic>, Error> {
        let servers = CancellationToken::new();
        let _stop = servers.clone().drop_guard();
        let transport = self.serve(scene, servers).await?;
        self.configure(scene, transport).await?;
        if scene.marked {
            self.mark().await?;
        }
        // A store of its own, as its faults are part of how it was opened.
        let settings = store::Settings { fault: scene.store, ..self.scratch.settings.clone() };
        let store = Store::open(&self.scratch.place, settings)
            .await
            .map_err(failed("opening it for a run"))?;
        let run = self.sync(&store, scene).await;
        let rows = match run {
            Ok(run) => self.rows(run).await,
            Err(error) => Err(error),
        };
        store.close().await;
        rows
    }

    async fn sync(&self, store: &Store, scene: &Scene) -> Result<SyncLogId, Error> {
        let clock = self.scratch.settings.clock;
        let limits = mcp::Limits { call: scene.call, ..mcp::Limits::default() };
        let settings = engine::Settings {
            allow_stdio: true,
            reach: mcp::Reach { private_addresses: true, plain_http: true },
            limits,
            extra_references: references(scene),
            ..engine::Settings::default()
        };
        // A jury that was late says nothing of the fault: on a slow machine it may take its time.
        let seat_time = scene.seat_time.unwrap_or(SEAT_TIME);
        let settings = engine::Settings { seat_time, ..settings };
        let engine = Engine {
            store: store.clone(),
            recorder: Recorder::start(store.clone(), settings.findings_kept, clock),
            settings,
            clock,
        };
        let log = sync_logs::schedule(
            store,
            &self.tenant,
            self.connector,
            TriggerType::Manual,
            Duration::ZERO,
            clock(),
        )
        .await
        .map_err(failed("scheduling a run"))?
        .map_err(Error::Refused)?;
        let request = Request {
            targets: scene.targets.to_vec(),
            pins: scene
                .pins
                .iter()
                .map(|(target, tools)| (*target, tools.iter().map(|it| (*it).to_owned()).collect()))
                .collect(),
            ..Request::default()
        };
        let report = engine.sync(&self.tenant, &log, &request).await?;
        Ok(report.log.sync_log_id)
    }

    async fn configure(&self, scene: &Scene, transport: Transport) -> Result<(), Error> {
        let supported: Vec<TargetModel> = scene.supported.to_vec();
        let patch = workspace_connectors::Patch {
            transport: Some(transport),
            supported_target_models: Some((!supported.is_empty()).then_some(supported)),
            ..workspace_connectors::Patch::default()
        };
        let (store, now) = (&self.scratch.store, (self.scratch.settings.clock)());
        workspace_connectors::update(store, &self.tenant, self.connector, patch, now)
            .await
            .map_err(failed("pointing the connector at its server"))?;
        let decided = scene.governance.map(serde_json::from_str).transpose();
        let governance = decided.map_err(|error| Error::Script(error.to_string()))?;
        let patch = connectors::Patch { governance: Some(governance), ..Default::default() };
        connectors::update(store, &self.tenant, self.entry, patch, now)
            .await
            .map_err(failed("deciding about the connector"))?;
        Ok(())
    }

    /// Has every live mapping of the connector drawn anew by the next run.
    async fn mark(&self) -> Result<(), Error> {
        let (store, now) = (&self.scratch.store, (self.scratch.settings.clock)());
        let listed = mappings::list(store, &self.tenant, &Query::default())
            .await
            .map_err(failed("listing mappings"))?;
        for (mapping, _) in listed.items.into_iter().filter(|(it, _)| it.is_live) {
            mappings::mark(store, &self.tenant, mapping.id, RegenerationReason::Manual, now)
                .await
                .map_err(failed("marking a mapping"))?;
        }
        Ok(())
    }

    async fn serve(&self, scene: &Scene, until: CancellationToken) -> Result<Transport, Error> {
        match scene.wire {
            Wire::Stdio => {
                let program = &self.scratch.program;
                let mut args = program.words.clone();
                args.push(scene.sample.to_owned());
                let faults = scene.faults.iter().flat_map(|it| ["--fault", *it]);
                args.extend(faults.map(str::to_owned));
                let command = program.command.display().to_string();
                Ok(Transport::Stdio { command, args, env: BTreeMap::new() })
            }
            Wire::Http => {
                let unknown = |it: &str| Error::Script(it.to_owned());
                let sample = Sample::named(scene.sample).ok_or_else(|| unknown(scene.sample))?;
                let faults = scene
                    .faults
                    .iter()
                    .map(|it| it.parse::<Fault>().map_err(|error| unknown(&error.to_string())))
                    .collect::<Result<Vec<_>, _>>()?;
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
                let url = format!("http://{}/mcp", listener.local_addr()?);
                tokio::spawn(async move {
                    if let Err(error) = sample::serve_http(sample, faults, listener, until).await {
                        tracing::error!(
                            error = &error as &dyn std::error::Error,
                            "the sample stopped"
                        );
                    }
                });
                Ok(Transport::Http { url, headers: BTreeMap::new() })
            }
        }
    }

    async fn rows(&self, run: SyncLogId) -> Result<Vec<Diagnostic>, Error> {
        let store = &self.scratch.store;
        let of_run = Condition::on(diagnostics::FIELDS, "sync_log", Op::Eq, [Value::Id(run.0)])
            .ok_or_else(|| Error::Script("sync_log".to_owned()))?;
        let query = Query {
            conditions: vec![of_run],
            page: Page { size: ROWS, ..Page::default() },
            ..Query::default()
        };
        let now: DateTime<Utc> = (self.scratch.settings.clock)();
        let listed = diagnostics::list(store, &self.tenant, &query, now)
            .await
            .map_err(failed("reading the rows of a run"))?;
        Ok(listed.items.into_iter().rev().map(|(it, _)| it).collect())
    }

    /// "Why is it missing?", as every door asks.
    pub(crate) async fn missing(&self, question: &Question) -> Result<Answer, Error> {
        let now = (self.scratch.settings.clock)();
        let asked = store::missing::find(&self.scratch.store, &self.tenant, question, now).await;
        asked.map_err(failed("asking for a record"))
    }

    /// Is the record stored?
    pub(crate) async fn has(&self, model: TargetModel, id: &str) -> Result<bool, Error> {
        let found = records::find_all(&self.scratch.store, &self.tenant, model, id).await;
        found.map(|it| !it.is_empty()).map_err(failed("looking for a record"))
    }

    /// Takes the workspace away with everything in it.
    pub(crate) async fn erase(self) -> Result<(), Error> {
        workspaces::delete(&self.scratch.store, &self.tenant)
            .await
            .map_err(failed("erasing the workspace"))
    }
}

fn references(scene: &Scene) -> Vec<Reference> {
    let reference = |(child, attribute, parent, required): &(_, &str, _, bool)| Reference {
        child: *child,
        attribute: (*attribute).to_owned(),
        parents: vec![*parent],
        naturals: Vec::new(),
        required: *required,
        is_soft: false,
    };
    scene.references.iter().map(reference).collect()
}
