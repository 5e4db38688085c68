//! Buttons that change something: a form each, with the session's token.

use maud::{Markup, html};

use crate::form::TOKEN;
use crate::session::Person;

/// The hidden member that every form of a session carries.
pub(crate) fn token(person: &Person) -> Markup {
    html! { input type="hidden" name=(TOKEN) value=(person.session.csrf); }
}

/// A button that posts to a path.
pub(crate) fn button(person: &Person, to: &str, label: &str) -> Markup {
    html! { form.act method="post" action=(to) { (token(person)) button type="submit" { (label) } } }
}

/// The same with members beside the token.
pub(crate) fn button_with(
    person: &Person,
    to: &str,
    label: &str,
    members: &[(&str, &str)],
) -> Markup {
    html! {
        form.act method="post" action=(to) {
            (token(person))
            @for (name, value) in members { input type="hidden" name=(name) value=(value); }
            button type="submit" { (label) }
        }
    }
}

/// An act that takes something away: it asks first, with the name of what goes.
pub(crate) fn careful(
    person: &Person,
    to: &str,
    label: &str,
    question: &str,
    members: &[(&str, &str)],
) -> Markup {
    html! {
        details.careful {
            summary { (label) }
            form method="post" action=(to) {
                (token(person))
                @for (name, value) in members { input type="hidden" name=(name) value=(value); }
                p { (question) }
                button.danger type="submit" { "Yes, " (label.to_lowercase()) }
            }
        }
    }
}
