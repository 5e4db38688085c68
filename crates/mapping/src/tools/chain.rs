//! Tools that list within a parent: which tool lists the parents, and what a parent is known by.

use serde_json::{Map, Value};

use super::ToolSpec;
use super::arguments::{Supplied, property, required};
use super::name::{Verb, raw};
use super::server::Server;
use crate::draw::words;

/// Whether a tool can be called with what a sync knows.
#[derive(Debug, Clone, PartialEq)]
pub enum Supply {
    /// With [`super::arguments`] alone.
    Ready,
    /// Once for each parent, which another tool of the server lists.
    Chained(Chain),
    /// It lists within a parent, and no tool lists the parents.
    ParentScoped { argument: String },
    /// It requires what only a person knows.
    Unknown { argument: String },
}

/// How the parents of a tool's rows are found.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    /// The argument that takes a parent.
    pub argument: String,
    /// Several parents at once; they are given one by one all the same.
    pub takes_list: bool,
    /// The field under which a row tells its parent, if it does not do so by itself.
    pub field: String,
    /// Index of the tool that lists the parents.
    pub parent: usize,
    /// With which that tool is called.
    pub arguments: Map<String, Value>,
    noun: Vec<String>,
}

/// What a tool needs beyond the arguments that it is given. `may`: tools that may be asked for
/// parents.
pub fn supply(
    tool: &ToolSpec<'_>,
    given: &Map<String, Value>,
    tools: &[ToolSpec<'_>],
    may: impl Fn(usize) -> bool,
) -> Supply {
    let missing = required(tool).into_iter().filter(|(name, _)| !given.contains_key(name));
    let mut scoped = None;
    for (name, supplied) in missing {
        match supplied {
            Supplied::Value(_) | Supplied::Guess => {}
            Supplied::FromAnother | Supplied::OneRecord if scoped.is_none() => scoped = Some(name),
            // One level, one parent.
            Supplied::FromAnother | Supplied::OneRecord | Supplied::Unknown => {
                return Supply::Unknown { argument: name };
            }
        }
    }
    match scoped {
        None => Supply::Ready,
        Some(argument) => match chain(tool, &argument, tools, may) {
            Some(chain) => Supply::Chained(chain),
            None => Supply::ParentScoped { argument },
        },
    }
}

/// Words of an argument that say that it identifies, and not what.
const KEYS: &[&str] =
    &["id", "ids", "uid", "uids", "uuid", "uuids", "key", "keys", "number", "slug", "name"];

fn chain(
    tool: &ToolSpec<'_>,
    argument: &str,
    tools: &[ToolSpec<'_>],
    may: impl Fn(usize) -> bool,
) -> Option<Chain> {
    let parts = raw(argument);
    let own: Vec<&str> = parts.iter().map(String::as_str).filter(|it| !KEYS.contains(it)).collect();
    let noun = match own.as_slice() {
        [] => scope(tool.name)?,
        ["path"] => vec!["directory".to_owned()],
        _ => words(&own.join(" ")),
    };
    let server = Server::of(tools);
    let each = tools.iter().enumerate().filter(|(index, it)| may(*index) && it.name != tool.name);
    let scored = each.filter_map(|(index, it)| Some((lists(it, &noun, &server)?, index)));
    // The first of the best, so that the order of a catalogue decides between equals.
    let best = scored.reduce(|best, it| if it.0 > best.0 { it } else { best });
    let (_, parent) = best?;
    let field = if own.is_empty() { format!("{}_id", noun.join("_")) } else { argument.to_owned() };
    Some(Chain {
        takes_list: property(tool, argument).get("type").is_some_and(|it| it == "array"),
        argument: argument.to_owned(),
        field,
        parent,
        arguments: given(tools.get(parent)?),
        noun,
    })
}

/// `list_attachments_for_a_transaction`: what the rows are within.
fn scope(tool: &str) -> Option<Vec<String>> {
    let parts = raw(tool);
    let at = parts.iter().rposition(|it| ["for", "of", "by", "in"].contains(&it.as_str()))?;
    let after = parts.get(at + 1..)?.iter().map(String::as_str);
    let noun: Vec<&str> =
        after.filter(|it| !["a", "an", "the"].contains(it) && !KEYS.contains(it)).collect();
    (!noun.is_empty()).then(|| words(&noun.join(" ")))
}

/// How well a tool lists things of a noun, asking for nothing that we do not have.
fn lists(tool: &ToolSpec<'_>, noun: &[String], server: &Server) -> Option<u32> {
    let name = server.name(tool);
    let is_safe = tool.destructive != Some(true) && tool.read_only != Some(false);
    let verb = match name.verb {
        Verb::Lists => 2,
        Verb::Reads | Verb::None if name.is_plural => 1,
        Verb::Reads | Verb::None | Verb::Changes => return None,
    };
    let needs_nothing = required(tool).iter().all(|(_, it)| matches!(it, Supplied::Value(_)));
    let fit = if name.object == noun {
        8
    } else if name.object.ends_with(noun) {
        4
    } else {
        return None;
    };
    // `list_all_x` says more than `search_x`.
    let plain = u32::from(raw(tool.name).iter().any(|it| it == "list" || it == "all"));
    (is_safe && needs_nothing).then_some(fit + verb + plain)
}

fn given(tool: &ToolSpec<'_>) -> Map<String, Value> {
    let known = required(tool).into_iter().filter_map(|(name, it)| match it {
        Supplied::Value(value) => Some((name, value)),
        Supplied::Guess | Supplied::FromAnother | Supplied::OneRecord | Supplied::Unknown => None,
    });
    known.collect()
}

impl Chain {
    /// What a parent is known by, in a row of the tool that lists them.
    pub fn id<'a>(&self, row: &'a Value) -> Option<&'a Value> {
        let fields = row.as_object()?;
        let noun = self.noun.concat();
        let names = [
            plain(&self.argument),
            format!("{noun}id"),
            "id".to_owned(),
            "uuid".to_owned(),
            "uid".to_owned(),
            "key".to_owned(),
            format!("{noun}name"),
            noun,
            "name".to_owned(),
            "email".to_owned(),
            "emailaddress".to_owned(),
            "path".to_owned(),
            "slug".to_owned(),
            "value".to_owned(),
        ];
        let is_id = |it: &&Value| match it {
            Value::String(text) => !text.is_empty(),
            Value::Number(_) => true,
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
        };
        let of = |name: &String| {
            let found = fields.iter().find(|(key, _)| plain(key) == *name);
            found.map(|(_, value)| value).filter(is_id)
        };
        names.iter().find_map(of)
    }

    /// The argument for one parent.
    pub fn argument_for(&self, id: &Value) -> Value {
        if self.takes_list { Value::Array(vec![id.clone()]) } else { id.clone() }
    }

    /// Tells a row its parent, unless the row knows.
    pub fn tell(&self, row: &mut Value, id: &Value) {
        if let Some(fields) = row.as_object_mut()
            && !fields.keys().any(|it| plain(it) == plain(&self.field))
        {
            fields.insert(self.field.clone(), id.clone());
        }
    }
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|it| it.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
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
        let specs: Vec<ToolSpec<'_>> = tools.iter().map(spec).collect();
        let told = match supply(&specs[0], &Map::new(), &specs, |_| true) {
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
        check(
            &[rows.clone(), other, accounts.clone()],
            "account_id from list_accounts as account_id",
        );
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
        let specs: Vec<ToolSpec<'_>> = tools.iter().map(spec).collect();
        let supply = supply(&specs[0], &Map::new(), &specs, |_| true);
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
}
