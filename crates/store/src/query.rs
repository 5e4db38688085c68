//! What a list asks for, the same for every table: conditions, sort, page. Parsed at the edge,
//! turned into SQL by [`crate::sql`].

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A member that can be filtered on.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    pub name: &'static str,
    pub kind: FieldKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    Text,
    Number,
    Time,
    /// One of these words.
    Enum(&'static [&'static str]),
    Id,
    Bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    Eq,
    Neq,
    In,
    /// The three text operators compare without regard to case.
    Contains,
    StartsWith,
    EndsWith,
    Gt,
    Gte,
    Lt,
    Lte,
    IsNull,
}

impl Op {
    /// The word in a filter, e.g. `filter[detail][contains]`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Neq => "neq",
            Self::In => "in",
            Self::Contains => "contains",
            Self::StartsWith => "starts_with",
            Self::EndsWith => "ends_with",
            Self::Gt => "gt",
            Self::Gte => "gte",
            Self::Lt => "lt",
            Self::Lte => "lte",
            Self::IsNull => "is_null",
        }
    }
}

impl FieldKind {
    /// The operators that this kind of field takes.
    pub const fn ops(&self) -> &'static [Op] {
        match self {
            Self::Text => {
                &[Op::Eq, Op::Neq, Op::Contains, Op::StartsWith, Op::EndsWith, Op::IsNull]
            }
            Self::Number => &[Op::Eq, Op::Neq, Op::Gt, Op::Gte, Op::Lt, Op::Lte, Op::IsNull],
            Self::Time => &[Op::Gt, Op::Gte, Op::Lt, Op::Lte, Op::Eq],
            Self::Enum(_) => &[Op::Eq, Op::Neq, Op::In],
            Self::Id => &[Op::Eq, Op::In],
            Self::Bool => &[Op::Eq],
        }
    }
}

/// A parsed operand. `In` has several, `IsNull` has a [`Value::Bool`].
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    Number(i64),
    Time(DateTime<Utc>),
    Id(Uuid),
    Bool(bool),
}

impl Value {
    pub(crate) fn id(&self) -> Option<Uuid> {
        match self {
            Self::Id(id) => Some(*id),
            Self::Text(_) | Self::Number(_) | Self::Time(_) | Self::Bool(_) => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    pub field: &'static Field,
    pub op: Op,
    pub values: Vec<Value>,
}

impl Condition {
    /// On a field of a module's `FIELDS`, by its name; none if it has no such field.
    pub fn on(
        fields: &'static [Field],
        name: &str,
        op: Op,
        values: impl Into<Vec<Value>>,
    ) -> Option<Self> {
        let field = fields.iter().find(|it| it.name == name)?;
        Some(Self { field, op, values: values.into() })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    pub field: &'static Field,
    pub descending: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// 1 to 500.
    pub size: u16,
    pub at: Option<Edge>,
    /// Count every match as well.
    pub total: bool,
}

impl Page {
    pub const SIZE_MAX: u16 = 500;

    pub const fn first(size: u16) -> Self {
        Self { size, at: None, total: false }
    }
}

impl Default for Page {
    fn default() -> Self {
        Self::first(20)
    }
}

/// Where a page begins or ends: exclusive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    After(Mark),
    Before(Mark),
}

/// The place of a row in its order: the sort value, and the key that settles ties.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    pub key: SortKey,
    pub pk: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SortKey {
    Time(#[serde(with = "domain::time::millis")] DateTime<Utc>),
    Number(i64),
    Text(String),
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// All of them hold.
    pub conditions: Vec<Condition>,
    /// `q`: searched in the free text of the table.
    pub search: Option<String>,
    /// None: newest first.
    pub sort: Option<Sort>,
    pub page: Page,
}

/// A page of a list, in its order.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice<T> {
    pub items: Vec<(T, Mark)>,
    pub has_before: bool,
    pub has_after: bool,
    pub total: Option<u64>,
}

impl<T> Slice<T> {
    /// Brings rows fetched with one to spare, in the order of the scan, into the order of the
    /// page. What lies on the side we came from is not asked for again: the mark was there.
    pub(crate) fn of(mut items: Vec<(T, Mark)>, page: &Page) -> Self {
        let size = usize::from(page.size);
        let more = items.len() > size;
        items.truncate(size);
        let (has_before, has_after) = match &page.at {
            None => (false, more),
            Some(Edge::After(_)) => (true, more),
            Some(Edge::Before(_)) => {
                items.reverse();
                (more, true)
            }
        };
        Self { items, has_before, has_after, total: None }
    }

    pub fn map<U>(self, change: impl Fn(T) -> U) -> Slice<U> {
        let items = self.items.into_iter().map(|(item, mark)| (change(item), mark)).collect();
        Slice { items, has_before: self.has_before, has_after: self.has_after, total: self.total }
    }
}

/// The words of a `domain::words!` list, for [`FieldKind::Enum`].
macro_rules! words_of {
    ($list:ty) => {{
        const WORDS: [&str; <$list>::ALL.len()] = {
            let mut words = [""; <$list>::ALL.len()];
            let mut i = 0;
            while i < words.len() {
                words[i] = <$list>::ALL[i].as_str();
                i += 1;
            }
            words
        };
        &WORDS
    }};
}
pub(crate) use words_of;
