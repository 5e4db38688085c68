//! An answer, read word for word. Whatever is not in the schema is refused, and so is what the
//! schema cannot say: a path that was not shown, a value that was made up.

use std::collections::BTreeSet;

use domain::redact::Redactor;
use serde::Deserialize;

use super::shown::Shown;
use super::{WORD, Wanted};
use crate::path::Path;
use crate::plan::{DateFormat, EpochUnit, Otherwise, Slot, Source, Transform, spelling};
use crate::seats::Failed;

/// Paths of a source, transforms of a slot, words of a transform: more is no plan but an attack.
const PATHS: usize = 5;
const TRANSFORMS: usize = 8;
const WORDS: usize = 100;
/// Marks between texts that are joined: with more room a text could be made up there.
const SEPARATOR: usize = 3;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    slots: Vec<Said>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    slot: String,
    source: Origin,
    transforms: Vec<By>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Origin {
    Path(String),
    FirstOf(Vec<String>),
    Concat { paths: Vec<String>, separator: String },
    Difference { plus: String, minus: String },
    Constant { value: String, reason: String },
    Null { reason: String },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum By {
    Text,
    Number { comma: bool },
    MinorUnits { currency: Option<String> },
    Negate,
    SignFrom { path: String, negative: Vec<String> },
    OnlyWhere { path: String, equals: String },
    Above,
    Below,
    Date { format: DateFormat },
    EpochDate { unit: EpochUnit },
    EpochTime { unit: EpochUnit },
    Enum { words: Vec<Pair>, other: Rest },
    Upper,
    Lower,
    IsOneOf { words: Vec<String> },
    Not,
    Before { mark: String },
    After { mark: String },
    AfterLast { mark: String },
    First,
    Last,
    FalseIsNull,
    Address,
    Domain,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    from: String,
    to: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Rest {
    Keep,
    Null,
}

/// The slots that the answer speaks of.
pub(super) fn slots(shown: &Shown, text: &str, redactor: &Redactor) -> Result<Vec<Slot>, Failed> {
    let answer: Answer = serde_json::from_str(text.trim())
        .map_err(|error| refused(&format!("its answer is not of the form asked for: {error}")))?;
    let mut named: BTreeSet<String> = BTreeSet::new();
    let mut slots = Vec::new();
    for said in answer.slots {
        let wanted = shown.slots.iter().find(|it| it.slot == said.slot);
        let wanted = wanted
            .ok_or_else(|| refused(&format!("it names a slot `{}`, not asked for", said.slot)))?;
        if !named.insert(said.slot.clone()) {
            return Err(refused(&format!("it fills slot `{}` twice", said.slot)));
        }
        slots.push(Reader { shown, wanted, redactor }.slot(said)?);
    }
    Ok(slots)
}

/// Cut short: the text of a model is of any length.
fn refused(why: &str) -> Failed {
    let text = format!("the model's plan is refused: {why}");
    Failed::because(text.chars().take(WORD).collect::<String>())
}

struct Reader<'a> {
    shown: &'a Shown,
    wanted: &'a Wanted,
    redactor: &'a Redactor,
}

impl Reader<'_> {
    fn slot(&self, said: Said) -> Result<Slot, Failed> {
        if said.transforms.len() > TRANSFORMS {
            return Err(self.refused("has too many transforms"));
        }
        let source = self.source(said.source)?;
        let is_read = !matches!(source, Source::Constant { .. } | Source::Null { .. });
        let transforms =
            said.transforms.into_iter().filter(|_| is_read).map(|it| self.transform(it));
        Ok(Slot { slot: said.slot, source, transforms: transforms.collect::<Result<_, _>>()? })
    }

    fn source(&self, from: Origin) -> Result<Source, Failed> {
        Ok(match from {
            Origin::Path(path) => Source::Path(self.path(&path)?),
            Origin::FirstOf(paths) => Source::FirstOf(self.paths(&paths)?),
            Origin::Concat { paths, separator } => {
                let is_mark = separator.chars().count() <= SEPARATOR
                    && !separator.contains(char::is_alphanumeric);
                if !is_mark {
                    return Err(self.refused("is joined by more than a mark"));
                }
                Source::Concat { paths: self.paths(&paths)?, separator }
            }
            Origin::Difference { plus, minus } => {
                Source::Difference { plus: self.path(&plus)?, minus: self.path(&minus)? }
            }
            Origin::Constant { value, reason } => {
                if self.wanted.constant.as_ref() != Some(&value) {
                    return Err(self.refused(
                        "is given a value that stands neither in the rows nor in the tool",
                    ));
                }
                Source::Constant { value: value.into(), reason: self.reason(&reason) }
            }
            Origin::Null { reason } => Source::Null { reason: self.reason(&reason) },
        })
    }

    fn transform(&self, by: By) -> Result<Transform, Failed> {
        Ok(match by {
            By::Text => Transform::Text,
            By::Number { comma } => Transform::Number { comma },
            By::MinorUnits { currency } => {
                let currency = currency.map(|it| self.path(&it)).transpose()?;
                Transform::MinorUnits { currency }
            }
            By::Negate => Transform::Negate,
            By::SignFrom { path, negative } => {
                Transform::SignFrom { path: self.path(&path)?, negative: self.words(negative)? }
            }
            By::OnlyWhere { path, equals } => {
                Transform::OnlyWhere { path: self.path(&path)?, equals: self.word(equals)? }
            }
            By::Above => Transform::Above,
            By::Below => Transform::Below,
            By::Date { format } => Transform::Date { format },
            By::EpochDate { unit } => Transform::EpochDate { unit },
            By::EpochTime { unit } => Transform::EpochTime { unit },
            By::Enum { words, other } => self.closed(words, other)?,
            By::Upper => Transform::Upper,
            By::Lower => Transform::Lower,
            By::IsOneOf { words } => Transform::IsOneOf { words: self.words(words)? },
            By::Not => Transform::Not,
            By::Before { mark } => Transform::Before { mark: self.word(mark)? },
            By::After { mark } => Transform::After { mark: self.word(mark)? },
            By::AfterLast { mark } => Transform::AfterLast { mark: self.word(mark)? },
            By::First => Transform::First,
            By::Last => Transform::Last,
            By::FalseIsNull => Transform::FalseIsNull,
            By::Address => Transform::Address,
            By::Domain => Transform::Domain,
        })
    }

    /// Words for words: only into the words of a closed list, for in any other slot the table would
    /// be a way to write whatever one likes.
    fn closed(&self, words: Vec<Pair>, other: Rest) -> Result<Transform, Failed> {
        if words.len() > WORDS {
            return Err(self.refused("has too many words"));
        }
        if let Some(pair) = words.iter().find(|it| !self.wanted.allowed.contains(&it.to)) {
            return Err(self.refused(&format!("has no word `{}`", pair.to)));
        }
        let pairs = words.into_iter().map(|it| Ok((spelling(&self.word(it.from)?), it.to)));
        let other = match other {
            Rest::Keep => Otherwise::Keep,
            Rest::Null => Otherwise::Null,
        };
        Ok(Transform::Enum { words: pairs.collect::<Result<_, Failed>>()?, other })
    }

    fn paths(&self, paths: &[String]) -> Result<Vec<Path>, Failed> {
        if paths.is_empty() || paths.len() > PATHS {
            return Err(self.refused(&format!("is read from {} paths", paths.len())));
        }
        paths.iter().map(|it| self.path(it)).collect()
    }

    fn path(&self, path: &str) -> Result<Path, Failed> {
        let known = self.shown.paths.get(path).cloned();
        known.ok_or_else(|| {
            self.refused(&format!("is read from `{path}`, a path not in the sample"))
        })
    }

    fn words(&self, words: Vec<String>) -> Result<Vec<String>, Failed> {
        if words.len() > WORDS {
            return Err(self.refused("has too many words"));
        }
        words.into_iter().map(|it| self.word(it)).collect()
    }

    fn word(&self, word: String) -> Result<String, Failed> {
        match word.is_empty() || word.len() > WORD {
            true => Err(self.refused("has a word that is empty or too long")),
            false => Ok(word),
        }
    }

    fn reason(&self, reason: &str) -> String {
        let short: String = reason.chars().take(WORD).collect();
        self.redactor.text(&short).into_owned()
    }

    fn refused(&self, why: &str) -> Failed {
        refused(&format!("slot `{}` {why}", self.wanted.slot))
    }
}
