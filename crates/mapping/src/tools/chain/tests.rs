//! Tests of tools that list within a parent.

use serde_json::json;

use super::*;

fn spec(wire: &Value) -> ToolSpec<'_> {
    ToolSpec {
        name: wire["name"].as_str().unwrap_or_default(),
        description: None,
        input_schema: &wire["inputSchema"],
        output_schema: None,
        read_only: None,
        destructive: None,
    }
}

fn tool(name: &str, required: &[&str]) -> Value {
    let fields = required.iter().map(|it| ((*it).to_owned(), json!({"type": "string"})));
    let fields: Map<String, Value> = fields.collect();
    json!({"name": name, "inputSchema": {"properties": fields, "required": required}})
}

/// The supply of the first tool, whose neighbours are the others.
fn check(tools: &[Value], expected: &str) {
    let catalogue = Catalogue::of(tools.iter().map(spec).collect());
    let specs = catalogue.tools();
    let told = match catalogue.supply(&specs[0], &Map::new(), |_| true) {
        Supply::Ready => "ready".to_owned(),
        Supply::Chained(it) => {
            format!("{} from {} as {}", it.argument, specs[it.parent].name, it.field)
        }
        Supply::ParentScoped { argument } => format!("nobody lists {argument}"),
        Supply::Unknown { argument } => format!("{argument} is unknown"),
    };
    assert_eq!(told, expected);
}

#[test]
fn a_parent_is_listed_by_the_tool_of_its_name() {
    let rows = tool("list_transactions", &["account_id"]);
    let accounts = tool("list_accounts", &[]);
    check(&[rows.clone(), accounts.clone()], "account_id from list_accounts as account_id");
    let other = tool("get_accounts", &[]);
    check(&[rows.clone(), other, accounts.clone()], "account_id from list_accounts as account_id");
    let needy = tool("list_accounts", &["bank_id"]);
    check(&[rows.clone(), needy], "nobody lists account_id");
    check(&[rows], "nobody lists account_id");
    let two = tool("list_transactions", &["account_id", "card_id"]);
    check(&[two, accounts.clone()], "card_id is unknown");
    check(&[tool("list_transactions", &[]), accounts], "ready");
}

#[test]
fn an_argument_without_a_noun_takes_it_from_the_name_of_its_tool() {
    let rows = tool("list_attachments_for_a_transaction", &["id"]);
    let transactions = tool("list_transactions", &[]);
    check(&[rows, transactions], "id from list_transactions as transaction_id");
}

#[test]
fn a_tool_that_changes_something_is_not_asked_for_parents() {
    let rows = tool("list_transactions", &["account_id"]);
    check(&[rows, tool("delete_accounts", &[])], "nobody lists account_id");
}

#[test]
fn a_parent_is_known_by_its_identifier_and_told_to_rows_that_do_not_say() {
    let tools = [tool("list_transactions", &["account_id"]), tool("list_accounts", &[])];
    let catalogue = Catalogue::of(tools.iter().map(spec).collect());
    let supply = catalogue.supply(&catalogue.tools()[0], &Map::new(), |_| true);
    let Supply::Chained(chain) = supply else { panic!("{supply:?}") };
    let parent = json!({"name": "Main", "id": "a1", "owner_id": 7});
    assert_eq!(chain.id(&parent), Some(&json!("a1")));
    assert_eq!(chain.id(&json!({"accountId": 5, "id": 1})), Some(&json!(5)));
    assert_eq!(chain.id(&json!({"id": null, "active": true})), None);
    let mut row = json!({"amount": 1});
    chain.tell(&mut row, &json!("a1"));
    assert_eq!(row, json!({"amount": 1, "account_id": "a1"}));
    let mut knows = json!({"accountId": "a2"});
    chain.tell(&mut knows, &json!("a1"));
    assert_eq!(knows, json!({"accountId": "a2"}));
}
