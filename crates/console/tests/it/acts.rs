//! What people do in the console, without a script: each act is done once, told, and read back.

use domain::connector::Role;
use domain::issue::State;
use store::{Query, api_keys, issues, mappings, workspace_connectors, workspaces};
use testkit::Db;

use crate::world::{World, between};

testkit::each_database! {
    a_connector_is_paused_and_resumed,
    a_run_is_asked_for_and_refused_while_one_is_under_way,
    a_pin_is_tried_and_nothing_changes_until_it_is_made,
    a_key_is_made_shown_once_and_switched_off,
    the_retention_is_set_and_let_go_of,
    a_search_leads_to_what_it_names,
    an_issue_is_muted_resolved_and_noted,
}

/// Posts with the token of the session; where it leads.
pub(crate) async fn act(
    world: &World,
    session: &str,
    path: &str,
    fields: &[(&str, &str)],
) -> String {
    let token = world.token(session).await;
    let fields: Vec<_> = fields.iter().copied().chain([("token", token.as_str())]).collect();
    let answer = world.post(session, path, &fields).await.expect(303);
    answer.header("location").to_owned()
}

async fn a_connector_is_paused_and_resumed(db: Db) {
    let world = World::new(db).await;
    let session = world.sign_in(&world.acme.admin).await;
    let (store, tenant, id) = (&world.db.store, &world.acme.tenant, world.acme.connector);
    for (paused, done) in [("true", "paused"), ("false", "resumed")] {
        let to =
            act(&world, &session, &format!("/connectors/{id}/pause"), &[("paused", paused)]).await;
        assert_eq!(to, format!("/connectors/{id}?done={done}"));
        let it = workspace_connectors::find(store, tenant, id).await.unwrap();
        assert_eq!(it.paused.to_string(), paused);
        let page = world.get(&session, &to).await.expect(200).text;
        assert!(page.contains("role=\"status\""));
    }
}

async fn a_run_is_asked_for_and_refused_while_one_is_under_way(db: Db) {
    let world = World::new(db).await;
    let session = world.sign_in(&world.acme.write).await;
    let path = format!("/connectors/{}/sync", world.acme.connector);
    let run = act(&world, &session, &path, &[]).await;
    let page = world.get(&session, &run).await.expect(200).text;
    assert!(page.contains("waiting for a worker") && page.contains("data-live-from"));
    let again = act(&world, &session, &path, &[]).await;
    assert!(again.ends_with("?done=already_running"), "{again}");
    let said = world.get(&session, &again).await.expect(200).text;
    assert!(said.contains("a run of this connector is already under way"));
    act(&world, &session, &format!("{run}/cancel"), &[]).await;
    let page = world.get(&session, &run).await.expect(200).text;
    assert!(page.contains("cancelled") && !page.contains("data-live-from"));
}

async fn a_pin_is_tried_and_nothing_changes_until_it_is_made(db: Db) {
    let world = World::new(db).await;
    let (store, tenant, id) = (&world.db.store, &world.acme.tenant, world.acme.mapping);
    let session = world.sign_in(&world.acme.admin).await;
    let token = world.token(&session).await;
    let pin =
        [("token", token.as_str()), ("kind", "pin"), ("slot", "invoice_number"), ("path", "id")];
    let tried = world.post(&session, &format!("/mappings/{id}/try"), &pin).await.expect(200).text;
    assert!(tried.contains("What it would do") && tried.contains("Nothing has changed"));
    let it = mappings::find(store, tenant, id).await.unwrap();
    let pins = async || mappings::slot_pins(store, tenant, it.connector, it.model, &it.tool).await;
    assert!(pins().await.unwrap().is_empty());
    act(&world, &session, &format!("/mappings/{id}/pin"), &pin[2..]).await;
    assert_eq!(pins().await.unwrap()[0].slot, "invoice_number");
    act(&world, &session, &format!("/mappings/{id}/unpin"), &[("slot", "invoice_number")]).await;
    assert!(pins().await.unwrap().is_empty());
    let wrong = [("token", token.as_str()), ("kind", "pin"), ("slot", "nothing"), ("path", "id")];
    world.post(&session, &format!("/mappings/{id}/try"), &wrong).await.expect(422);
    world.post(&session, &format!("/mappings/{id}/pin"), &wrong).await.expect(422);
}

async fn a_key_is_made_shown_once_and_switched_off(db: Db) {
    let world = World::new(db).await;
    let session = world.sign_in(&world.acme.admin).await;
    let token = world.token(&session).await;
    let fields =
        [("token", token.as_str()), ("name", "new <key>"), ("role", "read"), ("days", "7")];
    let page = world.post(&session, "/settings/keys", &fields).await.expect(200).text;
    let secret = between(&page, "<code class=\"secret\">", "</code>").to_owned();
    world.sign_in(&secret).await;
    // What was posted is no page to come back to.
    assert_eq!(between(&page, "name=\"back\" value=\"", "\""), "/settings");
    assert!(!world.get(&session, "/settings").await.text.contains(&secret));
    let keys =
        api_keys::list(&world.db.store, &world.acme.tenant, &Query::default()).await.unwrap();
    let made = keys.items.iter().find(|it| it.0.name == "new <key>").unwrap();
    assert_eq!(made.0.role, Role::Read);
    let switch = format!("/settings/keys/{}/switch", made.0.api_key_id);
    act(&world, &session, &switch, &[("is_active", "false")]).await;
    world.post("", "/sign-in", &[("key", &secret)]).await.expect(401);
}

async fn the_retention_is_set_and_let_go_of(db: Db) {
    let world = World::new(db).await;
    let session = world.sign_in(&world.acme.admin).await;
    for (given, kept) in [("7", Some(7)), ("", None)] {
        act(&world, &session, "/settings/retention", &[("days", given)]).await;
        let it = workspaces::find(&world.db.store, &world.acme.tenant).await.unwrap();
        assert_eq!(it.retention_days, kept);
    }
    let token = world.token(&session).await;
    for wrong in ["0", "4000", "x"] {
        let fields = [("token", token.as_str()), ("days", wrong)];
        world.post(&session, "/settings/retention", &fields).await.expect(422);
    }
}

async fn a_search_leads_to_what_it_names(db: Db) {
    let world = World::new(db).await;
    let acme = &world.acme;
    let session = world.sign_in(&acme.read).await;
    for (asked, leads) in [
        (acme.run.to_string(), format!("/runs/{}", acme.run)),
        (acme.diagnostic.to_string(), format!("/diagnostics/{}", acme.diagnostic)),
        (acme.connector.to_string(), format!("/connectors/{}", acme.connector)),
        (acme.mapping.to_string(), format!("/mappings/{}", acme.mapping)),
        (acme.record.to_string(), format!("/records/company/{}", acme.record)),
        ("c-1".to_owned(), format!("/records/company/{}", acme.record)),
    ] {
        let answer = world.get(&session, &format!("/search?q={asked}")).await.expect(303);
        assert_eq!(answer.header("location"), leads);
    }
    for nothing in [world.rival.run.to_string(), world.rival.record.to_string(), "c-9".to_owned()] {
        let page = world.get(&session, &format!("/search?q={nothing}")).await.expect(200).text;
        assert!(page.contains("Nothing here is called"));
    }
}

async fn an_issue_is_muted_resolved_and_noted(db: Db) {
    let world = World::new(db).await;
    let (store, tenant, id) = (&world.db.store, &world.acme.tenant, world.acme.issue);
    let session = world.sign_in(&world.acme.write).await;
    let list = world.get(&session, "/issues?filter[state]=open").await.expect(200).text;
    assert!(list.contains(&format!("/issues/{id}")));
    let path = format!("/issues/{id}");
    // A row leads to the issue that it counts for.
    let row = format!("/diagnostics/{}", world.acme.diagnostic);
    assert!(world.get(&session, &row).await.expect(200).text.contains(&format!("\"{path}\"")));
    for (fields, state) in [
        (&[("wish", "mute"), ("days", "7"), ("rows", "100")][..], State::Muted),
        (&[("wish", "open")], State::Open),
        (&[("wish", "resolve")], State::Resolved),
    ] {
        let told = act(&world, &session, &path, fields).await;
        assert!(world.get(&session, &told).await.expect(200).text.contains("role=\"status\""));
        assert_eq!(issues::find(store, tenant, id).await.unwrap().state, state);
    }
    act(&world, &session, &path, &[("wish", "note"), ("note", "<b>asked them</b>")]).await;
    let page = world.get(&session, &path).await.expect(200).text;
    assert!(page.contains("&lt;b&gt;asked them") && page.contains("by key write key"));
}
