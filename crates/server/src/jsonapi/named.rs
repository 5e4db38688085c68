//! The query of an operation that is no list: a few parameters, each by its name. Nothing is ignored.

use axum::http::Uri;
use domain::nearest::nearest;

use crate::code::Code;
use crate::problem::Problem;

/// A parameter that an operation takes.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) takes: Takes,
    /// For the documentation.
    pub(crate) says: &'static str,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Takes {
    Text,
    Id,
    Time,
    /// The word of a target model.
    Model,
}

/// What was given: each known, and each once.
#[derive(Debug)]
pub(crate) struct Parameters(Vec<(&'static str, String)>);

impl Parameters {
    pub(crate) fn read(uri: &Uri, known: &'static [Parameter]) -> Result<Self, Problem> {
        let mut given: Vec<(&'static str, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            let Some(found) = known.iter().find(|it| it.name == name) else {
                let detail = match nearest(&name, known.iter().map(|it| it.name)) {
                    Some(near) => format!("this has no meaning here; did you mean `{near}`?"),
                    None => "this has no meaning here".to_owned(),
                };
                let name = name.replace(['\u{fffd}', '\0'], "?");
                return Err(Problem::parameter(Code::UnknownParameter, name, detail));
            };
            let refuse = |detail: &'static str| {
                Problem::parameter(Code::InvalidParameter, found.name, detail)
            };
            if value.contains(['\u{fffd}', '\0']) {
                return Err(refuse("is not UTF-8 text"));
            }
            if value.trim().is_empty() {
                return Err(refuse("is empty"));
            }
            if given.iter().any(|it| it.0 == found.name) {
                return Err(refuse("is given twice"));
            }
            given.push((found.name, value.trim().to_owned()));
        }
        Ok(Self(given))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|it| it.0 == name).map(|it| it.1.as_str())
    }
}
