//! How the driver is spoken to: plain HTTP on loopback, by the client that we have.

use std::sync::Arc;

use axum::body::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use thirtyfour::error::{WebDriverError, WebDriverResult};
use thirtyfour::session::http::{Body, HttpClient};

#[derive(Debug, Clone)]
pub(crate) struct Wire(Client<HttpConnector, Full<Bytes>>);

impl Wire {
    pub(crate) fn new() -> Self {
        Self(Client::builder(TokioExecutor::new()).build(HttpConnector::new()))
    }
}

#[async_trait::async_trait]
impl HttpClient for Wire {
    async fn send(
        &self,
        request: axum::http::Request<Body<'_>>,
    ) -> WebDriverResult<axum::http::Response<Bytes>> {
        let failed = |error: &dyn std::error::Error| WebDriverError::HttpError(error.to_string());
        let request = request.map(|body| match body {
            Body::Empty => Full::default(),
            Body::Json(json) => Full::from(json.to_string()),
        });
        let answer = self.0.request(request).await.map_err(|it| failed(&it))?;
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.map_err(|it| failed(&it))?.to_bytes();
        Ok(axum::http::Response::from_parts(parts, bytes))
    }

    async fn new(&self) -> Arc<dyn HttpClient> {
        Arc::new(Self::new())
    }
}
