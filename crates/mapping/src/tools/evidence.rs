//! What speaks for and against a tool: what it speaks of, what it does, what it asks for.

use domain::TargetModel;

use super::arguments::{self, Supplied};
use super::chain::Supply;
use super::name::{Verb, raw};
use super::nouns::Found;
use super::server::{Read, Server};
use super::words::among;
use super::{Asked, Judgement, ToolSpec, apposition, dispatch, nouns};

/// What the tool speaks of: by its name, else by the first sentence of its description, or by what
/// that puts beside a noun that is open.
pub(super) fn object(target: TargetModel, read: &Read, server: &Server) -> Option<Judgement> {
    let object = &read.name.object;
    let weighed = |mut it: Found| {
        it.score *= server.weight(target, it.word, read);
        it
    };
    let by_name = nouns::matching(target, object).map(weighed).map(|it| (it, "name"));
    let is_open = apposition::is_open(object);
    let by_description = read.described.as_ref().and_then(|it| nouns::matching(target, &it.object));
    // A description adds to a name that says nothing, not to one that says something else, unless it
    // says that this is what is asked for: invoices that are "invoice documents".
    let described = read.described.as_ref().map(|it| it.object.as_slice()).unwrap_or_default();
    let is_told_of = |of: &[String]| described.len() > of.len() && described.starts_with(of);
    let adds = by_name.is_some() || !nouns::is_known(object) || is_told_of(object);
    let by_description = by_description.filter(|_| adds).map(|mut it| {
        it.score *= 0.8;
        let mut it = weighed(it);
        // Where the name speaks of it too, the description adds little to how well.
        if let Some((named, _)) = &by_name {
            it.score = it.score.min(named.score + 0.05);
        }
        (it, "description")
    });
    let beside = read.beside.names(target).filter(|_| is_open).map(|mut it| {
        it.score *= 0.93;
        (weighed(it), "description, in explaining its noun,")
    });
    let all = [by_name, by_description, beside].into_iter().flatten();
    let (found, whence) = all.max_by(|left, right| left.0.score.total_cmp(&right.0.score))?;
    let mut judgement = vec![(found.score, format!("{whence} speaks of {}", found.word))];
    let explained =
        is_open || (target == TargetModel::People && matches!(found.word, "customer" | "client"));
    if explained && whence != "description, in explaining its noun," && read.beside.excludes(target)
    {
        judgement.push((0.5, "description explains the noun as something else".to_owned()));
    }
    Some(judgement)
}

/// Whether the tool lists, rather than fetches one or does something else.
pub(super) fn verb(read: &Read, tool: &ToolSpec<'_>) -> Option<(f64, String)> {
    let Read { name, described, .. } = read;
    let told = described.as_ref().is_some_and(|it| it.lists);
    let many = name.is_plural || described.as_ref().is_some_and(|it| it.is_plural);
    // What must be told which one to look for finds one.
    let asks = !arguments::required(tool).is_empty();
    let said = |factor: f64, why: &str| Some((factor, why.to_owned()));
    match name.verb {
        // An export may be a file.
        Verb::Lists if name.exports => said(0.93, "name exports"),
        _ if name.sums_up => said(0.5, "name sums up"),
        Verb::Lists if name.searches && !many && asks => said(0.85, "name searches for one"),
        Verb::Lists if name.searches => said(0.98, "name searches"),
        Verb::Lists => said(1.0, "name lists"),
        Verb::Reads if name.is_plural => said(0.92, "name reads many"),
        Verb::Reads if told && many => said(0.85, "description lists"),
        Verb::Reads if !asks && is_own(read) => said(0.72, "name reads the one that there is"),
        Verb::Reads => said(0.4, "name reads one"),
        Verb::None if told && name.is_plural => said(0.95, "description lists"),
        Verb::None if told => said(0.9, "description lists"),
        Verb::None if name.is_plural => said(0.75, "name is plural"),
        Verb::None => said(0.45, "no verb"),
        Verb::Changes => None,
    }
}

/// What the tool requires, and whether we have it.
pub(super) fn supply(target: TargetModel, asked: Asked<'_>) -> Judgement {
    let Asked { tool, read, catalogue } = asked;
    let selected = dispatch::selected(target, tool).map(|it| it.arguments).unwrap_or_default();
    let given = super::arguments(target, tool);
    let chained = match catalogue.supply(tool, &given, |_| true) {
        Supply::Chained(chain) => Some(chain),
        Supply::Ready | Supply::ParentScoped { .. } | Supply::Unknown { .. } => None,
    };
    let factor = |(name, supplied): (String, Supplied)| {
        let parent = chained.as_ref().filter(|it| it.argument == name);
        let parent = parent.and_then(|it| catalogue.tools().get(it.parent)).map(|it| it.name);
        let of_itself = is_of_itself(&name, read, tool.name);
        let (factor, why) = match (supplied, parent) {
            (Supplied::Value(_), _) => return None,
            (Supplied::OneRecord | Supplied::Unknown, _) if of_itself => {
                (0.35, "by which it fetches what is known already".to_owned())
            }
            (_, Some(parent)) => (0.88, format!("which {parent} lists")),
            (Supplied::Guess, None) => (0.9, "which may be left wide".to_owned()),
            (Supplied::OneRecord | Supplied::FromAnother, None) => {
                (0.8, "which no tool lists".to_owned())
            }
            (Supplied::Unknown, None) => (0.8, "which nobody knows".to_owned()),
        };
        Some((factor, format!("requires {name}, {why}")))
    };
    let needed =
        arguments::required(tool).into_iter().filter(|(name, _)| !selected.contains_key(name));
    needed.filter_map(factor).collect()
}

/// `get_company()` reads one's own, which is a company as well.
fn is_own(read: &Read) -> bool {
    let own = |it: &String| among("company organization org", it);
    let told = |it: &String| among("info detail profile information", it);
    let object = &read.name.object;
    object.iter().any(own) && object.iter().all(|it| own(it) || told(it))
}

/// `get_messages(message_ids)` fetches messages that are known; `list_attachments(message_id)`
/// lists.
fn is_of_itself(argument: &str, read: &Read, tool: &str) -> bool {
    let object = &read.name.object;
    let parts = raw(argument);
    let keys = "id ids uid uids uuid uuids number numbers";
    let identifies = parts.last().is_some_and(|it| among(keys, it));
    let own = crate::draw::words(argument);
    let noun = own.get(..own.len().saturating_sub(1)).unwrap_or_default();
    let many = parts.last().is_some_and(|it| among("ids uids uuids numbers", it));
    let scoped = raw(tool).iter().any(|it| among("for of by in from", it));
    let is_child = object.last().is_some_and(|it| among("attachment line payment allocation", it));
    let bare = noun.is_empty() && !scoped && (many || (read.name.verb == Verb::Reads && !is_child));
    identifies && (bare || (!noun.is_empty() && object.ends_with(noun)))
}
