//! The target schemas: what a mapping may emit. Read once from `targets/*.schema.json`.

use std::sync::LazyLock;

use regex::Regex;
use serde::Serialize;
use serde_json::Value;

use crate::target::TargetModel;

/// A target model as its JSON Schema declares it.
#[derive(Debug)]
pub struct Schema {
    pub model: TargetModel,
    /// The attribute that holds the provider's own identifier of a record.
    pub external_id: String,
    /// In the order of the file.
    pub attributes: Vec<Attribute>,
    /// The document itself, as published.
    pub source: &'static str,
}

/// One attribute of a target model.
#[derive(Debug)]
pub struct Attribute {
    pub name: String,
    pub kind: Kind,
    pub required: bool,
    pub min_length: Option<usize>,
    pub max_length: Option<usize>,
    pub pattern: Option<Regex>,
    pub allowed: Vec<String>,
    pub description: String,
    /// `x-ref`: the models that this attribute may name a record of, by external id.
    pub refers_to: Vec<TargetModel>,
    /// Members of an item of a [`Kind::List`], or of a [`Kind::Object`] or [`Kind::Money`].
    pub items: Vec<Attribute>,
}

/// How an attribute's value is written and stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Text,
    /// An exact decimal; never a float once it is ours.
    Decimal,
    Integer,
    Boolean,
    /// `YYYY-MM-DD`.
    Date,
    /// RFC 3339, kept in UTC.
    DateTime,
    /// An e-mail address.
    Email,
    Uri,
    /// A list of objects (invoice lines, journal lines).
    List,
    /// A JSON object.
    Object,
    /// `{amount, currency}`: an exact decimal with its ISO 4217 code, stored as two columns.
    Money,
}

impl Schema {
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|it| it.name == name)
    }

    /// What a mapping can fill: an attribute, or a member of one or of its items
    /// (`instructed_amount.amount`, `lines.debit`).
    pub fn slot(&self, name: &str) -> Option<&Attribute> {
        match name.split_once('.') {
            None => self.attribute(name),
            Some((name, member)) => self.attribute(name)?.items.iter().find(|it| it.name == member),
        }
    }

    /// The name of every slot.
    pub fn slots(&self) -> Vec<String> {
        let of = |it: &Attribute| {
            let members = it.items.iter().map(|member| format!("{}.{}", it.name, member.name));
            std::iter::once(it.name.clone()).chain(members).collect::<Vec<_>>()
        };
        self.attributes.iter().flat_map(of).collect()
    }
}

macro_rules! sources {
    ($($word:literal),+) => {
        [$(($word, include_str!(concat!("../targets/", $word, ".schema.json")))),+]
    };
}

static SCHEMAS: LazyLock<Vec<Schema>> = LazyLock::new(|| {
    sources![
        "company",
        "people",
        "invoice",
        "transaction",
        "account",
        "ledger_account",
        "journal",
        "journal_entry",
        "email",
        "payment_means",
        "invoice_transaction",
        "document"
    ]
    .into_iter()
    .map(|(word, source)| parse(word, source))
    .collect()
});

/// The embedded schema of a model.
pub(crate) fn schema(model: TargetModel) -> &'static Schema {
    SCHEMAS
        .iter()
        .find(|it| it.model == model)
        .unwrap_or_else(|| unreachable!("every target model has an embedded schema"))
}

fn parse(word: &str, source: &'static str) -> Schema {
    let document: Value = serde_json::from_str(source)
        .unwrap_or_else(|error| unreachable!("embedded schema {word} parses: {error}"));
    let model = word.parse().unwrap_or_else(|error| unreachable!("{error}"));
    let properties = document.get("properties").and_then(Value::as_object);
    // An e-mail address is its own key, so that schema marks no external id: its required member is.
    let external_id = properties
        .into_iter()
        .flatten()
        .find(|(_, it)| it.get("x-role").and_then(Value::as_str) == Some("external_id"))
        .map(|(name, _)| name.as_str())
        .or_else(|| strings(document.get("required")).first().copied())
        .map(str::to_owned)
        .unwrap_or_else(|| unreachable!("embedded schema {word} names its key"));
    Schema { model, external_id, attributes: attributes(&document), source }
}

fn attributes(object: &Value) -> Vec<Attribute> {
    let required: Vec<&str> = strings(object.get("required"));
    let properties = object.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flatten()
        .map(|(name, it)| Attribute {
            name: name.clone(),
            kind: kind(it),
            required: required.contains(&name.as_str()),
            min_length: size(it, "minLength"),
            max_length: size(it, "maxLength"),
            pattern: it.get("pattern").and_then(Value::as_str).map(|pattern| {
                Regex::new(pattern)
                    .unwrap_or_else(|error| unreachable!("embedded pattern: {error}"))
            }),
            allowed: strings(it.get("enum")).into_iter().map(str::to_owned).collect(),
            description: it
                .get("description")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            refers_to: references(it.get("x-ref")),
            items: attributes(it.get("items").unwrap_or(it)),
        })
        .collect()
}

fn size(it: &Value, key: &str) -> Option<usize> {
    it.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok())
}

fn strings(it: Option<&Value>) -> Vec<&str> {
    match it {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one],
        _ => Vec::new(),
    }
}

/// `x-ref` is a name, a list of names, or names joined by `|` or a comma.
fn references(it: Option<&Value>) -> Vec<TargetModel> {
    strings(it)
        .into_iter()
        .flat_map(|names| names.split(['|', ',', ' ']))
        .filter(|name| !name.is_empty())
        .map(|name| name.parse().unwrap_or_else(|error| unreachable!("embedded x-ref: {error}")))
        .collect()
}

fn kind(it: &Value) -> Kind {
    let types = strings(it.get("type"));
    let format = it.get("format").and_then(Value::as_str);
    match (types.into_iter().find(|t| *t != "null"), format) {
        (Some("number"), _) => Kind::Decimal,
        (Some("integer"), _) => Kind::Integer,
        (Some("boolean"), _) => Kind::Boolean,
        (Some("array"), _) => Kind::List,
        (Some("object"), _) if it.pointer("/properties/currency").is_some() => Kind::Money,
        (Some("object"), _) => Kind::Object,
        (_, Some("date")) => Kind::Date,
        (_, Some("date-time")) => Kind::DateTime,
        (_, Some("email")) => Kind::Email,
        (_, Some("uri")) => Kind::Uri,
        _ => Kind::Text,
    }
}
