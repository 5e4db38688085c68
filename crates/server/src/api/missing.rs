//! `GET /v1/missing`: why a record is missing, or where it is; `GET /v1/missing/period`: what is
//! missing of a model in a period. Answers are made when they are asked for, so they are no
//! resources with a place of their own.

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::TargetModel;
use domain::id::WorkspaceConnectorId;
use domain::missing::{Key, Question};
use serde::Serialize;
use store::missing::{self, Span};
use uuid::Uuid;

use crate::App;
use crate::auth::Reader;
use crate::code::Code;
use crate::jsonapi::document::{self, Kind};
use crate::jsonapi::filter;
use crate::jsonapi::json::Json;
use crate::jsonapi::media::{self, TakesJsonApi};
use crate::jsonapi::named::{Parameter, Parameters, Takes};
use crate::problem::Problem;

pub(crate) static KIND: Kind = Kind {
    name: "missing",
    path: "/v1/missing",
    attributes: &["target_model", "key", "verdict", "says", "advice", "accounts"],
    relationships: &[],
};

pub(crate) static PERIOD: Kind = Kind {
    name: "missing_period",
    path: "/v1/missing/period",
    attributes: &["target_model", "since", "until", "runs", "records", "is_cut"],
    relationships: &[],
};

const MODEL: Parameter =
    Parameter { name: "target_model", takes: Takes::Model, says: "the model of the record" };
const CONNECTOR: Parameter = Parameter {
    name: "workspace_connector",
    takes: Takes::Id,
    says: "only this installation; else every one of the workspace",
};

/// What [`find`] takes.
pub(crate) static ASKS: &[Parameter] = &[
    MODEL,
    Parameter {
        name: "external_id",
        takes: Takes::Text,
        says: "the provider's identifier; if none has it, what people call the record",
    },
    Parameter {
        name: "number",
        takes: Takes::Text,
        says: "what people call the record alone: the number of an invoice, an entry or a ledger \
               account, the code of a journal, an IBAN, the name of a company or a person",
    },
    CONNECTOR,
];

/// What [`within`] takes.
pub(crate) static ASKS_PERIOD: &[Parameter] = &[
    MODEL,
    Parameter { name: "since", takes: Takes::Time, says: "the beginning of the period" },
    Parameter { name: "until", takes: Takes::Time, says: "its end; else now" },
    CONNECTOR,
];

pub(crate) async fn find(
    State(app): State<App>,
    Reader(tenant): Reader,
    _: TakesJsonApi,
    uri: Uri,
) -> Result<Response, Problem> {
    let given = Parameters::read(&uri, ASKS)?;
    let key = match (given.get("external_id"), given.get("number")) {
        (Some(id), None) => Key::Id(id.to_owned()),
        (None, Some(number)) => Key::Number(number.to_owned()),
        (None, None) => return Err(required("external_id", "give `external_id` or `number`")),
        (Some(_), Some(_)) => {
            return Err(required("number", "give `external_id` or `number`, not both"));
        }
    };
    let question = Question { model: model(&given)?, key, connector: connector(&given)? };
    let answer = missing::find(app.store(), &tenant, &question, app.now()).await?;
    Ok(answered(&KIND, &answer))
}

pub(crate) async fn within(
    State(app): State<App>,
    Reader(tenant): Reader,
    _: TakesJsonApi,
    uri: Uri,
) -> Result<Response, Problem> {
    let given = Parameters::read(&uri, ASKS_PERIOD)?;
    let now = app.now();
    let since = time(&given, "since")?.ok_or_else(|| required("since", "is required"))?;
    let until = time(&given, "until")?.unwrap_or(now);
    if until < since {
        return Err(required("until", "lies before `since`"));
    }
    let span = Span { model: model(&given)?, connector: connector(&given)?, since, until };
    let period = missing::within(app.store(), &tenant, span, now).await?;
    Ok(answered(&PERIOD, &period))
}

fn answered(kind: &'static Kind, answer: &impl Serialize) -> Response {
    let mut json = Json::with_capacity(4096);
    json.open().key("jsonapi").raw(media::JSONAPI_OBJECT);
    json.key("data").open().key("type").word(kind.name).key("id").uuid(Uuid::new_v4());
    json.key("attributes").value(answer).close().close();
    document::answer(StatusCode::OK, json.into_bytes())
}

fn model(given: &Parameters) -> Result<TargetModel, Problem> {
    let word = given.get("target_model").ok_or_else(|| required("target_model", "is required"))?;
    word.parse().map_err(|error: domain::words::UnknownWord| {
        Problem::parameter(Code::InvalidParameter, "target_model", error.to_string())
    })
}

fn connector(given: &Parameters) -> Result<Option<WorkspaceConnectorId>, Problem> {
    let Some(text) = given.get("workspace_connector") else { return Ok(None) };
    let wrong = |_| Problem::parameter(Code::InvalidParameter, "workspace_connector", "is no uuid");
    text.parse().map(Some).map_err(wrong)
}

fn time(given: &Parameters, name: &'static str) -> Result<Option<DateTime<Utc>>, Problem> {
    let Some(text) = given.get(name) else { return Ok(None) };
    let wrong = || {
        let detail = "is no time: write 2026-06-01 or 2026-06-01T14:32:07Z";
        Problem::parameter(Code::InvalidParameter, name, detail)
    };
    filter::time(text).map(Some).ok_or_else(wrong)
}

fn required(name: &'static str, detail: &'static str) -> Problem {
    Problem::parameter(Code::InvalidParameter, name, detail)
}
