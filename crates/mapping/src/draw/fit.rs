//! Whether a column can hold what a slot asks for, and what has to be done to its values.

use domain::TargetModel;
use domain::schema::{Attribute, Kind};
use serde_json::Value;

use super::column::Column;
use super::enums;
use super::money::Money;
use super::profile::Profile;
use crate::plan::{DateFormat, EpochUnit, Otherwise, Transform};

/// How well a column suits a slot by its values alone.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fit {
    /// 0 to 1.
    pub(super) score: f64,
    pub(super) transforms: Vec<Transform>,
}

/// What a slot asks for, more closely than its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// An identifier: of this record, or of another.
    Id,
    /// What a person calls it.
    Name,
    Text,
    Amount,
    Number,
    Integer,
    Boolean,
    Date,
    DateTime,
    Email,
    Web,
    Domain,
    Currency,
    Iban,
    Phone,
    FileName,
    Mime,
    Word(enums::Table),
}

impl PartialEq for enums::Table {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.source(), other.source())
    }
}

impl Eq for enums::Table {}

/// The role of an attribute, by its type first and its name second.
pub(super) fn role(target: TargetModel, slot: &str, attribute: &Attribute) -> Role {
    let table = enums::table(target, slot);
    match attribute.kind {
        _ if table.is_some() => table.map_or(Role::Text, Role::Word),
        Kind::Decimal if slot.ends_with("quantity") => Role::Number,
        Kind::Decimal => Role::Amount,
        Kind::Integer => Role::Integer,
        Kind::Boolean => Role::Boolean,
        Kind::Date => Role::Date,
        Kind::DateTime => Role::DateTime,
        Kind::Email => Role::Email,
        Kind::Uri => Role::Web,
        Kind::Text | Kind::List | Kind::Object | Kind::Money => {
            let name = attribute.name.as_str();
            match name {
                "email" => Role::Email,
                "website" | "url" => Role::Web,
                "domain" => Role::Domain,
                "iban" => Role::Iban,
                "phone" => Role::Phone,
                "filename" => Role::FileName,
                "type" if target == TargetModel::Document => Role::Mime,
                _ if name.ends_with("currency") => Role::Currency,
                _ if name.ends_with("external_id") => Role::Id,
                _ if name.ends_with("name") => Role::Name,
                _ => Role::Text,
            }
        }
    }
}

/// `None`: the values are not of this kind. A column without values fits any role a little: its
/// name may be all that a quiet sample tells.
pub(super) fn fit(role: Role, column: &Column<'_>, money: &Money) -> Option<Fit> {
    let it = &column.profile;
    if it.is_empty() {
        return empty(role);
    }
    let mut fit = match role {
        Role::Id => id(it),
        Role::Name if it.links > 0.5 || it.emails > 0.5 || it.codes > 0.9 => text(it, 0.5),
        Role::Text if it.emails > 0.5 => text(it, 0.5),
        Role::Name | Role::Text => text(it, 1.0),
        Role::FileName => text(it, if it.links > 0.5 { 0.5 } else { 1.0 }),
        Role::Mime => mime(column),
        Role::Phone => text(it, if it.emails > 0.5 || it.with_digits < 0.5 { 0.2 } else { 1.0 }),
        Role::Amount => number(it).map(|number| Fit {
            transforms: [number.transforms, money.minor_units(column)].concat(),
            ..number
        }),
        Role::Number => number(it),
        Role::Integer => integer(it),
        Role::Boolean => boolean(column),
        Role::Date => date(it),
        Role::DateTime => time(it),
        Role::Email => email(it),
        Role::Web => text(it, if it.urls > 0.5 { 1.0 } else { 0.2 }),
        Role::Domain => (it.only_texts() && it.urls.max(it.emails) > 0.5)
            .then(|| Fit::by(1.0, Transform::Domain)),
        Role::Currency => currency(it),
        Role::Iban => text(it, if it.ibans > 0.0 || it.with_spaces < 0.5 { 1.0 } else { 0.5 }),
        Role::Word(table) => word(table, column),
    }?;
    if it.false_as_null {
        fit.transforms.insert(0, Transform::FalseIsNull);
    }
    Some(fit)
}

impl Fit {
    fn copy(score: f64) -> Self {
        Self { score, transforms: Vec::new() }
    }

    fn by(score: f64, transform: Transform) -> Self {
        Self { score, transforms: vec![transform] }
    }
}

/// Nothing was seen, so what may come is made harmless where that costs nothing.
fn empty(role: Role) -> Option<Fit> {
    match role {
        Role::Id | Role::Name | Role::Text | Role::FileName | Role::Phone | Role::Iban => {
            Some(Fit::by(0.75, Transform::Text))
        }
        Role::Web | Role::Email => Some(Fit::copy(0.75)),
        Role::Currency => Some(Fit::by(0.75, Transform::Upper)),
        Role::Date => Some(Fit::by(0.75, Transform::Date { format: DateFormat::Iso })),
        Role::DateTime | Role::Integer | Role::Number | Role::Boolean => Some(Fit::copy(0.7)),
        Role::Amount => Some(Fit::by(0.7, Transform::Number { comma: false })),
        // A word nobody has seen cannot be translated, nor a domain cut out of it.
        Role::Domain | Role::Mime | Role::Word(_) => None,
    }
}

fn text(it: &Profile, score: f64) -> Option<Fit> {
    match it.is_texty() {
        true if it.numbers > 0 => Some(Fit::by(score * 0.95, Transform::Text)),
        true => Some(Fit::copy(score)),
        false => None,
    }
}

/// The media type itself, or the ending of a file that stands for one.
fn mime(column: &Column<'_>) -> Option<Fit> {
    if !column.profile.only_texts() {
        return None;
    }
    if column.profile.mimes > 0.5 {
        return Some(Fit::copy(1.0));
    }
    enums::MIME.map(&column.values).map(|(map, _)| Fit::by(0.9, map))
}

fn id(it: &Profile) -> Option<Fit> {
    let prose = it.with_spaces > 0.3 || it.longest > 128 || it.emails > 0.5;
    // A date may well be unique; it is never what a record is called by.
    let dated = it.days.is_some() && it.number_texts.is_none();
    // One id in all rows is more likely that of the account than that of a party.
    let constant = it.count >= 3 && it.distinct == 1;
    text(
        it,
        if prose || dated {
            0.5
        } else if constant {
            0.92
        } else {
            1.0
        },
    )
}

fn number(it: &Profile) -> Option<Fit> {
    if it.only_numbers() {
        return Some(Fit::copy(if it.epoch.is_some() && it.count > 1 { 0.6 } else { 1.0 }));
    }
    let mark = it.number_texts.filter(|_| it.texts + it.numbers == it.count)?;
    // `$5.25` is written for people; beside a plain number it is the copy.
    let score = if it.decorated { 0.85 } else { 0.95 };
    Some(Fit::by(score, Transform::Number { comma: mark == ',' }))
}

fn integer(it: &Profile) -> Option<Fit> {
    match it.only_numbers() {
        true if it.integers == it.count => Some(Fit::copy(1.0)),
        true => None,
        false => number(it),
    }
}

fn date(it: &Profile) -> Option<Fit> {
    if it.microsoft {
        let unit = EpochUnit::Milliseconds;
        return Some(Fit { score: 0.95, transforms: microsoft(Transform::EpochDate { unit }) });
    }
    if let Some(format) = it.days.filter(|_| it.only_texts()) {
        let is_bare = format == DateFormat::Iso && !it.with_time && it.longest == 10;
        let transforms = if is_bare { Vec::new() } else { vec![Transform::Date { format }] };
        return Some(Fit { score: 1.0, transforms });
    }
    counted(it, |unit| Transform::EpochDate { unit })
}

fn time(it: &Profile) -> Option<Fit> {
    if it.microsoft {
        let unit = EpochUnit::Milliseconds;
        return Some(Fit { score: 0.95, transforms: microsoft(Transform::EpochTime { unit }) });
    }
    if it.only_texts() && it.days == Some(DateFormat::Iso) && it.with_time {
        return Some(Fit::copy(1.0));
    }
    counted(it, |unit| Transform::EpochTime { unit })
}

/// A count of seconds or milliseconds, written as a number or as its text.
fn counted(it: &Profile, epoch: impl FnOnce(EpochUnit) -> Transform) -> Option<Fit> {
    let unit = it.epoch?;
    if it.only_numbers() {
        return Some(Fit::by(0.95, epoch(unit)));
    }
    let transforms = vec![Transform::Number { comma: false }, epoch(unit)];
    it.only_texts().then_some(Fit { score: 0.9, transforms })
}

/// `/Date(1767139200000+0000)/`
fn microsoft(epoch: Transform) -> Vec<Transform> {
    let mark = |it: &str| it.to_owned();
    vec![
        Transform::After { mark: mark("(") },
        Transform::Before { mark: mark(")") },
        Transform::Before { mark: mark("+") },
        Transform::Number { comma: false },
        epoch,
    ]
}

fn email(it: &Profile) -> Option<Fit> {
    if !it.only_texts() && !it.false_as_null {
        return None;
    }
    match it.emails > 0.5 {
        true => Some(Fit::copy(1.0)),
        false if it.addresses_within > 0.5 => Some(Fit::by(0.95, Transform::Address)),
        false => None,
    }
}

fn currency(it: &Profile) -> Option<Fit> {
    let fits = it.only_texts() && it.longest == 3 && it.currencies > 0.5;
    let lower = it.in_lower_case.then_some(Transform::Upper);
    fits.then(|| Fit { score: 1.0, transforms: lower.into_iter().collect() })
}

fn word(table: enums::Table, column: &Column<'_>) -> Option<Fit> {
    match table.map(&column.values) {
        Some((map, known)) => Some(Fit::by(0.85 + 0.15 * known, map)),
        // Unknown words all the same go somewhere, if the list has a place for them.
        None => match table.otherwise() {
            other @ Otherwise::Word(_) if column.profile.only_texts() => {
                Some(Fit::by(0.5, Transform::Enum { words: Default::default(), other }))
            }
            Otherwise::Keep | Otherwise::Null | Otherwise::Word(_) => None,
        },
    }
}

/// A truth value; or a word or a digit that says one.
fn boolean(column: &Column<'_>) -> Option<Fit> {
    const TRUE: [&str; 10] =
        ["true", "yes", "y", "1", "active", "enabled", "open", "live", "published", "enable"];
    const FALSE: [&str; 12] = [
        "false",
        "no",
        "n",
        "0",
        "inactive",
        "disabled",
        "archived",
        "closed",
        "deleted",
        "blocked",
        "suspended",
        "deactivated",
    ];
    if column.profile.only_booleans() {
        return Some(Fit::copy(1.0));
    }
    let says = |it: &&Value| {
        let text = it.as_str().map_or_else(|| it.to_string(), str::to_lowercase);
        TRUE.contains(&text.as_str()) || FALSE.contains(&text.as_str())
    };
    let words = TRUE.iter().map(|it| (*it).to_owned()).collect();
    column.values.iter().all(says).then(|| Fit::by(0.9, Transform::IsOneOf { words }))
}
