//! The files that ship, and how a wrong one is refused.

use super::*;

fn check(text: &str, fault: &str) {
    assert_eq!(format!("{:#}", entry("own.toml", text).unwrap_err()), fault);
}

#[test]
fn every_shipped_file_is_a_connector_and_none_is_left_out() {
    let entries = entries(None).unwrap();
    assert_eq!(entries.len(), SHIPPED.len());
    for it in &entries {
        assert!(it.governance != Governance::default(), "{} decides nothing", it.service_id);
        let supported = it.supported_target_models.as_deref().unwrap_or_default();
        for target in it.governance.targets.keys() {
            assert!(supported.contains(target), "{}: {target} is not supported", it.service_id);
        }
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/catalogue");
    assert_eq!(files(Path::new(folder)).unwrap().len(), SHIPPED.len());
}

#[test]
fn a_fault_names_file_line_and_key() {
    check(
        "service_id = \"x\"\nnmae = \"X\"\n",
        "own.toml:2: `nmae` is no key of a connector; did you mean `name`?",
    );
    check("service_id = \"x\"\n", "own.toml: needs `name`");
    check(
        "service_id = \"x\"\nname = \"X\"\nstatus = \"availible\"\n",
        "own.toml:3: `status` unknown connector status `availible`; did you mean `available`?",
    );
    check(
        "service_id = \"x\"\nname = \"X\"\n[governance.targets.invoice]\ntools = [\"a\"]\ntool = 1\n",
        "own.toml:5: `governance.targets.invoice.tool` is no key here; did you mean `tools`?",
    );
    check(
        "service_id = \"x\"\nname = \"X\"\nsupported_target_models = [\n  \"invoice\",\n  \"bill\",\n]\n",
        "own.toml:5: `supported_target_models[1]` unknown target model `bill`",
    );
    check(
        "service_id = \"x\"\nname = \"X\"\n[transport]\ntransport = \"http\"\nurl = \"https://x\"\nheaders = { Authorization = \"Bearer y\" }\n",
        "own.toml:3: `transport` holds `Authorization`: credentials belong to an installation",
    );
    let pinned = |it: &str| {
        format!("service_id = \"x\"\nname = \"X\"\n[governance.targets.invoice]\n{it}\n")
    };
    check(
        &pinned("slots.due_date = { path = \"lines[\", reason = \"x\" }"),
        "own.toml:4: `governance.targets.invoice.slots.due_date.path` leads nowhere: `lines[` is not a path",
    );
    check(
        &pinned("tools = [{ name = \"a\", arguments = { most = inf } }]"),
        "own.toml:4: `governance.targets.invoice.tools[0].arguments.most` is no number that can be sent: JSON knows neither `inf` nor `nan`",
    );
    check("name = \n", "own.toml:1: string values must be quoted, expected literal string");
}

#[test]
fn the_operators_folder_adds_and_replaces() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("own.toml", "service_id = \"own-erp\"\nname = \"Own ERP\"\n");
    write("stripe.toml", "service_id = \"stripe\"\nname = \"Our Stripe\"\n");
    write("notes.txt", "not a connector");
    let found = entries(Some(folder.path())).unwrap();
    assert_eq!(found.len(), SHIPPED.len() + 1);
    let named = |id: &str| found.iter().find(|it| it.service_id == id).map(|it| it.name.as_str());
    assert_eq!((named("stripe"), named("own-erp")), (Some("Our Stripe"), Some("Own ERP")));

    write("twin.toml", "service_id = \"own-erp\"\nname = \"Twin\"\n");
    let error = format!("{:#}", entries(Some(folder.path())).unwrap_err());
    assert!(error.contains("are both the connector own-erp"), "{error}");
}

#[test]
fn governance_alone_is_toml_or_json() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let toml = write("g.toml", "[targets.invoice]\ntools = [\"list_invoices\"]\n");
    let json = write("g.json", r#"{"targets": {"invoice": {"tools": ["list_invoices"]}}}"#);
    assert_eq!(governance(&toml).unwrap(), governance(&json).unwrap());
    let wrong = write("w.toml", "forbidden = []\n[target.invoice]\n");
    let error = governance(&wrong).unwrap_err().to_string();
    assert!(
        error.ends_with("w.toml:2: `target` is no key here; did you mean `targets`?"),
        "{error}"
    );
}
