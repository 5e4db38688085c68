//! Slots that a person fixed: to a path, or to nothing. A pin wins over whatever was drawn.

use domain::schema::Attribute;

use super::{Draft, Sketch, fit};
use crate::path::{NotAPath, Path};
use crate::plan::{Slot, Source, Transform};

/// A slot and where it is to be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Pin {
    pub slot: String,
    /// None: the slot stays empty.
    pub path: Option<Path>,
    pub reason: String,
}

impl Pin {
    /// As it is written down.
    ///
    /// # Errors
    /// The path is none.
    pub fn of(slot: &str, path: Option<&str>, reason: &str) -> Result<Self, NotAPath> {
        let path = path.map(str::parse).transpose()?;
        Ok(Self { slot: slot.to_owned(), path, reason: reason.to_owned() })
    }
}

/// Puts the pins in the place of what was drawn. The values still decide how they are read: a pin
/// says where a date stands, not how it is written.
pub(super) fn apply(sketch: &Sketch<'_, '_>, pins: &[Pin], drafts: &mut [Draft]) {
    for pin in pins {
        let Some(draft) = drafts.iter_mut().find(|it| it.slot.slot == pin.slot) else { continue };
        draft.confidence = 1.0;
        match &pin.path {
            None => draft.slot = Slot::null(&pin.slot, pin.reason.clone()),
            // It was drawn from there anyway, perhaps with a sign of its own.
            Some(path) if draft.slot.source == Source::Path(path.clone()) => {}
            Some(path) => {
                let transforms = transforms(sketch, &pin.slot, path);
                let source = Source::Path(path.clone());
                draft.slot = Slot { slot: pin.slot.clone(), source, transforms };
            }
        }
    }
}

pub(super) fn transforms(sketch: &Sketch<'_, '_>, slot: &str, path: &Path) -> Vec<Transform> {
    let column = sketch.columns.columns.iter().find(|it| it.path == *path);
    let Some((column, attribute)) = column.zip(attribute(sketch, slot)) else { return Vec::new() };
    let role = fit::role(sketch.target, slot, attribute);
    fit::fit(role, column, sketch.money).map(|it| it.transforms).unwrap_or_default()
}

fn attribute<'t>(sketch: &Sketch<'t, '_>, slot: &str) -> Option<&'static Attribute> {
    let schema = sketch.target.schema();
    match slot.split_once('.') {
        None => schema.attribute(slot),
        Some((name, member)) => schema.attribute(name)?.items.iter().find(|it| it.name == member),
    }
}
