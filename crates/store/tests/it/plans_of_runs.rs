//! The statements of a run, for the test of plans: parents, waits, rejections, health.

use domain::TargetModel;
use domain::id::{SyncLogId, WorkspaceConnectorId};
use domain::missing::{Key, Question};
use domain::reference::NaturalKey;
use serde_json::json;
use store::missing::{self, Span};
use store::records::{self, Lookup, Upsert, Wanted};
use store::rejected::OfRun;
use store::{Store, Tenant, health, pending, rejected};
use testkit::make;
use uuid::Uuid;

use crate::plans::Told;
use crate::records::entity;

pub(crate) async fn explain(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    told: &Told,
    case: &mut impl FnMut(&'static str, Vec<String>),
) {
    let (run, now) = (SyncLogId(Uuid::new_v4()), make::now());
    let (model, tool) = (TargetModel::LedgerAccount, "list");
    let value = json!({ "ledger_account_external_id": "l", "name": "l", "account_number": "512" });
    let entities = [entity(model, &value)];
    let batch = Upsert { run, connector, tool, model, entities: &entities };
    records::upsert(store, tenant, &batch, now).await.unwrap();
    case("upsert", told.take());
    for (name, model, by) in [
        ("by id", TargetModel::Company, Lookup::Id),
        ("by name", TargetModel::Company, Lookup::By(NaturalKey::Name)),
        ("by person's name", TargetModel::People, Lookup::By(NaturalKey::Name)),
        ("by e-mail", TargetModel::People, Lookup::By(NaturalKey::Email)),
        ("by code", TargetModel::Journal, Lookup::By(NaturalKey::Code)),
        ("by number", TargetModel::LedgerAccount, Lookup::By(NaturalKey::AccountNumber)),
        ("by invoice number", TargetModel::Invoice, Lookup::By(NaturalKey::InvoiceNumber)),
        ("by IBAN", TargetModel::Account, Lookup::By(NaturalKey::Iban)),
    ] {
        let wanted = Wanted { model, by, keys: &["a", "b"] };
        records::matches(store, tenant, connector, wanted).await.unwrap();
        case(name, told.take());
    }
    records::relink_accounts(store, tenant, connector, run).await.unwrap();
    case("relink", told.take());
    let rows = [crate::missing::pending_row(model, "x")];
    pending::put(store, tenant, run, connector, &rows, now).await.unwrap();
    case("wait", told.take());
    pending::models(store, tenant, connector).await.unwrap();
    case("models that wait", told.take());
    pending::list(store, tenant, connector, model, 0).await.unwrap();
    case("waiting", told.take());
    pending::prune(store, tenant, connector, now).await.unwrap();
    case("prune waits", told.take());
    let of_run = OfRun { run, connector, model, tool };
    rejected::end_nameless(store, tenant, of_run).await.unwrap();
    case("end nameless", told.take());
    rejected::prune(store, tenant, connector, now).await.unwrap();
    case("prune rejections", told.take());
    for model in TargetModel::ALL {
        for key in [Key::Id("x".to_owned()), Key::Number("x".to_owned())] {
            let question = Question { model: *model, key, connector: None };
            missing::find(store, tenant, &question, now).await.unwrap();
            case("missing", told.take());
        }
    }
    let span = Span { model, connector: None, since: now, until: now };
    missing::within(store, tenant, span, now).await.unwrap();
    case("missing in a period", told.take());
    health::find(store, tenant, connector, now).await.unwrap();
    case("health", told.take());
}
