//! The listening side: connections without delay that cannot hang in their head, and an end that
//! lets requests finish.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::pages::Peer;
use crate::{App, routes};

/// How often measurements are folded into their buckets.
const FOLD: Duration = Duration::from_secs(5);
/// How long a head may take, and a connection may idle: else a few slow clients hold every socket.
const HEAD: Duration = Duration::from_secs(60);
/// How long requests may go on after the signal to stop.
const GRACE: Duration = Duration::from_secs(15);

pub(crate) async fn serve(
    app: App,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    if listener.local_addr()?.ip().is_loopback() {
        app.mark_loopback();
    }
    let stop = app.stop().clone();
    let folding = tokio::spawn(fold(app.clone()));
    let connections = TaskTracker::new();
    accept(&listener, &connections, &routes::router(app), &stop, shutdown).await;
    drop(listener);
    folding.abort();
    // Streams have no end of their own: without this they would hold the server up.
    stop.cancel();
    connections.close();
    if tokio::time::timeout(GRACE, connections.wait()).await.is_err() {
        tracing::warn!(connections = connections.len(), "requests broken off at the stop");
    }
    Ok(())
}

/// The same without an application: one router until `stop`.
pub(crate) async fn plain(
    router: Router,
    listener: TcpListener,
    stop: CancellationToken,
) -> io::Result<()> {
    let connections = TaskTracker::new();
    accept(&listener, &connections, &router, &stop, stop.cancelled()).await;
    connections.close();
    tokio::time::timeout(GRACE, connections.wait()).await.map_err(io::Error::other)
}

async fn accept(
    listener: &TcpListener,
    connections: &TaskTracker,
    router: &Router,
    stop: &CancellationToken,
    shutdown: impl Future<Output = ()>,
) {
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let from = Peer(peer.ip());
                connections.spawn(connection((stream, from), router.clone(), stop.clone()));
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "connection not accepted");
                // Out of files: at once would be in vain.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn connection((stream, from): (TcpStream, Peer), router: Router, stop: CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY not set");
    }
    let service = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(from);
        service.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // Clients go away; nobody here can mend that.
        tracing::debug!(error = &error as &dyn std::error::Error, "connection ended");
    }
}

async fn fold(app: App) {
    let mut tick = tokio::time::interval(FOLD);
    loop {
        tick.tick().await;
        app.meters().fold();
    }
}
