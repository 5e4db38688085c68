//! The frame of every page: rail, search, where we are, what was done last.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::assets;
use crate::session::{Anybody, Person, Theme};
use crate::view::act;

/// A place of the rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Overview,
    Connectors,
    Diagnostics,
    Issues,
    Records,
    Reasons,
    Settings,
    /// Not in the rail.
    Elsewhere,
}

const RAIL: &[(Place, &str, &str)] = &[
    (Place::Overview, "/", "Overview"),
    (Place::Connectors, "/connectors", "Connectors"),
    (Place::Diagnostics, "/diagnostics", "Diagnostics"),
    (Place::Issues, crate::page::issues::OPEN, "Issues"),
    (Place::Records, "/records", "Records"),
    (Place::Reasons, "/reasons", "Reasons"),
    (Place::Settings, "/settings", "Settings"),
];

/// What is around a page.
#[derive(Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) title: &'a str,
    pub(crate) place: Place,
    /// Breadcrumbs before the page itself: label and address.
    pub(crate) trail: &'a [(&'a str, String)],
}

impl Frame<'_> {
    /// A page of somebody who is signed in.
    pub(crate) fn around(&self, person: &Person, main: &Markup) -> Markup {
        let top = html! {
            span.workspace title="Workspace" { (person.session.workspace_name) }
            (search(person))
            (theme(&person.here))
            span.who title={ "Role " (person.tenant().role()) } { "key: " (person.session.key_name) }
            (act::button(person, "/sign-out", "Sign out"))
        };
        let told = told(person);
        self.whole(person.theme, &top, Some(&rail(self.place)), &html! { (told) (main) })
    }

    /// A page that anybody may read, with the rail for those who are signed in.
    pub(crate) fn for_anybody(&self, reader: &Anybody, main: &Markup) -> Markup {
        match &reader.0 {
            Ok(person) => self.around(person, main),
            Err(theme) => self.in_public(*theme, main),
        }
    }

    /// A page of those who are not signed in.
    pub(crate) fn in_public(&self, theme: Theme, main: &Markup) -> Markup {
        let top = html! {
            span.workspace {}
            nav.public aria-label="Public pages" {
                a href="/reasons" { "Reasons" } a href="/docs" { "API" } a href="/" { "Console" }
            }
        };
        self.whole(theme, &top, None, main)
    }

    fn whole(&self, theme: Theme, top: &Markup, rail: Option<&Markup>, main: &Markup) -> Markup {
        let theme = match theme {
            Theme::System => None,
            Theme::Light => Some("light"),
            Theme::Dark => Some("dark"),
        };
        html! {
            (DOCTYPE)
            html lang="en" data-theme=[theme] {
                head {
                    meta charset="utf-8";
                    title { (self.title) " · Wireline" }
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    link rel="icon" href=(assets::icon()) type="image/svg+xml";
                    link rel="stylesheet" href=(assets::style());
                    script src=(assets::script()) defer {}
                }
                body class=[rail.is_none().then_some("bare")] {
                    a.skip href="#main" { "Skip to the page" }
                    header.top {
                        a.brand href="/" { "Wireline" }
                        (top)
                    }
                    @if let Some(rail) = rail { (rail) }
                    main id="main" tabindex="-1" {
                        @if !self.trail.is_empty() { (self.crumbs()) }
                        (main)
                    }
                    @if rail.is_some() { (keys()) }
                }
            }
        }
    }

    fn crumbs(&self) -> Markup {
        html! {
            nav.crumbs aria-label="Breadcrumbs" {
                ol {
                    @for (label, to) in self.trail { li { a href=(to) { (label) } } }
                    li aria-current="page" { (self.title) }
                }
            }
        }
    }
}

fn rail(place: Place) -> Markup {
    html! {
        nav.rail aria-label="Console" {
            ul {
                @for (it, to, label) in RAIL {
                    li { a href=(to) aria-current=[(*it == place).then_some("page")] { (label) } }
                }
            }
        }
    }
}

fn search(person: &Person) -> Markup {
    let asked = crate::view::link::parameter(&person.uri, "q")
        .filter(|_| person.uri.path() == "/search")
        .unwrap_or_default();
    html! {
        search {
            form.find method="get" action="/search" {
                label.sr for="find" { "Find a record or paste an id" }
                input id="find" type="search" name="q" value=(asked) autocomplete="off"
                    placeholder="Find a record or paste an id" maxlength="200";
            }
        }
    }
}

/// Kept in a cookie, so that a page comes in the right colours from its first byte.
fn theme(back: &str) -> Markup {
    html! {
        details.theme {
            summary { "Theme" }
            form method="post" action="/theme" {
                input type="hidden" name="back" value=(back);
                @for (name, label) in [("system", "As the system"), ("light", "Light"), ("dark", "Dark")] {
                    button type="submit" name="theme" value=(name) { (label) }
                }
            }
        }
    }
}

/// What the last act came to: it was redirected here with a word of ours.
fn told(person: &Person) -> Markup {
    let Some(done) = crate::view::link::parameter(&person.uri, "done") else { return html! {} };
    let Some(sentence) = sentence(&done) else { return html! {} };
    html! { p.told role="status" { (sentence) } }
}

/// A closed list: an address cannot put words into our mouth.
fn sentence(done: &str) -> Option<&'static str> {
    Some(match done {
        "paused" => "Paused. No run starts by itself until it is resumed.",
        "resumed" => "Resumed. It syncs again as scheduled.",
        "cancelling" => "Asked to stop. The run ends after the page it is reading.",
        "pinned" => "Pinned. The next run draws the mapping with it.",
        "unpinned" => "The pin is gone. The next run draws the slot again.",
        "regenerating" => "The next run draws this mapping again.",
        "restored" => "This version is the one in use from now on.",
        "issue-mute" => "Muted.",
        "issue-resolve" => "Resolved. A row under a mapping that is no older brings it back.",
        "issue-open" => "Open again.",
        "issue-note" => "The note is kept.",
        "kept" => "Kept.",
        "key-off" => "The key is switched off. It opens nothing from now on.",
        "key-on" => "The key is switched on again.",
        "viewer-ended" => "The link is ended. Whoever has it open reads nothing more.",
        "webhook-kept" => "Kept. What comes from now on goes out so.",
        "webhook-on" => "Enabled. What waited goes out now.",
        "webhook-off" => "Disabled. Nothing is sent there until it is enabled.",
        "webhook-test" => "A test is on its way. Reload in a moment to see what came of it.",
        "webhook-replayed" => "On its way again. Reload in a moment to see what came of it.",
        "webhook-deleted" => "The webhook is deleted, with what was still to be sent.",
        "key-deleted" => "The key is deleted.",
        "synced_recently" => domain::run::Refusal::SyncedRecently.sentence(),
        "already_running" => domain::run::Refusal::AlreadyRunning.sentence(),
        "not_startable" => domain::run::Refusal::NotStartable.sentence(),
        _ => return None,
    })
}

/// The list of keys, opened by `?`.
fn keys() -> Markup {
    const KEYS: [(&str, &str); 5] = [
        ("/", "Search"),
        ("j", "Next row"),
        ("k", "Row before"),
        ("Enter", "Open the row"),
        ("?", "This list"),
    ];
    html! {
        dialog #keys aria-labelledby="keys-title" {
            h2 #keys-title { "Keys" }
            dl { @for (key, does) in KEYS { dt { kbd { (key) } } dd { (does) } } }
            form method="dialog" { button { "Close" } }
        }
    }
}

/// Something that is not there yet, and what to do about it.
pub(crate) fn empty(title: &str, next: &Markup) -> Markup {
    html! { div.empty { p { strong { (title) } } p { (next) } } }
}

/// A place in a page where a part comes later.
pub(crate) fn cut() -> Markup {
    PreEscaped(crate::answer::CUT.to_owned())
}
