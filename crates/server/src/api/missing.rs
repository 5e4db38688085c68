//! `GET /v1/missing`: why a record is missing, or where it is; `GET /v1/missing/period`: what is
//! missing of a model in a period. Answers are made when they are asked for, so they are no
//! resources with a place of their own.

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use domain::TargetModel;
use domain::id::WorkspaceConnectorId;
use domain::missing::{Answer, Key, Question};
use serde::Serialize;
use store::Tenant;
use store::missing::{self, Span};
use uuid::Uuid;

use crate::App;
use crate::auth::Reader;
use crate::code::Code;
use crate::jsonapi::document::{self, Kind};
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

pub(crate) const MODEL: Parameter = Parameter {
    name: "target_model",
    takes: Takes::Words(models),
    says: "the model of the record",
};
pub(crate) const CONNECTOR: Parameter = Parameter {
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

fn models() -> Vec<&'static str> {
    TargetModel::ALL.iter().map(|it| it.as_str()).collect()
}

pub(crate) async fn find(
    State(app): State<App>,
    Reader(tenant): Reader,
    _: TakesJsonApi,
    uri: Uri,
) -> Result<Response, Problem> {
    let answer = answer(&app, &tenant, &Parameters::read(&uri, ASKS)?).await?;
    Ok(answered(&KIND, &answer))
}

/// The answer to what [`ASKS`] can ask.
pub(crate) async fn answer(
    app: &App,
    tenant: &Tenant,
    given: &Parameters,
) -> Result<Answer, Problem> {
    let key = match (given.get("external_id"), given.get("number")) {
        (Some(id), None) => Key::Id(id.to_owned()),
        (None, Some(number)) => Key::Number(number.to_owned()),
        (None, None) => return Err(refused("external_id", "give `external_id` or `number`")),
        (Some(_), Some(_)) => {
            return Err(refused("number", "give `external_id` or `number`, not both"));
        }
    };
    let connector = given.parsed::<WorkspaceConnectorId>("workspace_connector")?;
    let question = Question { model: model(given)?, key, connector };
    Ok(missing::find(app.store(), tenant, &question, app.now()).await?)
}

pub(crate) async fn within(
    State(app): State<App>,
    Reader(tenant): Reader,
    _: TakesJsonApi,
    uri: Uri,
) -> Result<Response, Problem> {
    let given = Parameters::read(&uri, ASKS_PERIOD)?;
    let now = app.now();
    let since = given.time("since").ok_or_else(|| refused("since", "is required"))?;
    let until = given.time("until").unwrap_or(now);
    if until < since {
        return Err(refused("until", "lies before `since`"));
    }
    let connector = given.parsed::<WorkspaceConnectorId>("workspace_connector")?;
    let span = Span { model: model(&given)?, connector, since, until };
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
    given.required("target_model")?;
    given.parsed("target_model")?.ok_or_else(|| refused("target_model", "is required"))
}

fn refused(name: &'static str, detail: &'static str) -> Problem {
    Problem::parameter(Code::InvalidParameter, name, detail)
}
