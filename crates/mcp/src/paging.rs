//! How to get the rest: read from a tool's schema, followed page by page.

mod empty;
mod envelope;
mod schema;
mod window;

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::{Rows, Tool};
use envelope::Said;
use schema::{Argument, Names};
use window::Window;

/// Counts at which servers cut without saying so.
const USUAL_CAPS: [usize; 9] = [10, 20, 25, 50, 100, 200, 250, 500, 1_000];
/// A size that is refused is halved down to this, then left to the server.
const SMALLEST_SIZE: u64 = 10;

/// The way a tool hands out more than one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// An opaque mark from one answer goes into the next call.
    Cursor,
    /// Page numbers.
    Page,
    /// A count of rows to skip.
    Offset,
    /// The answer holds the address of the next page, and an argument takes it.
    NextLink,
    /// A size and no way to go on.
    LimitOnly,
    /// A size and a span of dates: the span is narrowed to what is still unseen.
    Window,
    /// None of these: one call is all.
    Single,
}

/// Where we are in one tool's pages.
#[derive(Debug, Clone)]
pub struct Paging {
    names: Names,
    /// The page size asked for; `None` when the tool takes none or refused all that we tried.
    size: Option<u64>,
    window: Option<Window>,
    /// Fingerprints of the pages seen, to notice one that comes again.
    pages: HashSet<Fingerprint>,
    /// How often each row was seen; kept only where pages overlap.
    seen: HashMap<Fingerprint, usize>,
    /// Rows in the largest page so far.
    largest: usize,
    /// Of the last page, as JSON.
    bytes: u64,
    /// Pages without rows, in a row.
    empty: u32,
    truncated: bool,
}

type Fingerprint = [u8; 16];
type Args = Map<String, Value>;

/// Reads a plan from the names and bounds of the tool's arguments.
pub fn plan(tool: &Tool) -> Paging {
    let names = schema::names(tool);
    Paging {
        size: names.size.as_ref().map(|it| it.ask),
        window: names.window.clone().map(Window::new),
        names,
        pages: HashSet::new(),
        seen: HashMap::new(),
        largest: 0,
        bytes: 0,
        empty: 0,
        truncated: false,
    }
}

impl Paging {
    /// The same plan from its first page, for other arguments: with the size that the server took.
    #[must_use]
    pub fn again(&self) -> Self {
        Self {
            names: self.names.clone(),
            size: self.size,
            window: self.names.window.clone().map(Window::new),
            pages: HashSet::new(),
            seen: HashMap::new(),
            largest: 0,
            bytes: 0,
            empty: 0,
            truncated: false,
        }
    }

    /// What the schema promises. The answers may still show another way.
    pub fn style(&self) -> Style {
        let names = &self.names;
        match (&names.cursor, &names.page, &names.offset, &names.link) {
            (Some(_), ..) => Style::Cursor,
            (None, Some(_), ..) => Style::Page,
            (None, None, Some(_), _) => Style::Offset,
            (None, None, None, Some(_)) => Style::NextLink,
            (None, None, None, None) if names.size.is_none() => Style::Single,
            (None, None, None, None) if self.window.is_some() => Style::Window,
            (None, None, None, None) => Style::LimitOnly,
        }
    }

    /// The page size asked for, if any.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// The size of the last page's rows as JSON.
    pub fn bytes_of_last(&self) -> u64 {
        self.bytes
    }

    /// Whether rows are known or feared to be missing after the last page.
    pub fn truncated(&self) -> bool {
        self.truncated
    }

    /// The arguments of the first call: `base` and a page size. What `base` sets stands.
    pub fn first(&self, base: Args) -> Args {
        let mut args = base;
        if let (Some(argument), Some(size)) = (&self.names.size, self.size)
            && self.get(&args, &argument.name).is_none()
        {
            self.set(&mut args, &argument.name, argument.value(size));
        }
        let starts = [(&self.names.page, self.first_page()), (&self.names.offset, 0)];
        for (argument, start) in starts {
            if let Some(argument) = argument.as_ref().filter(|it| it.required)
                && self.get(&args, &argument.name).is_none()
            {
                self.set(&mut args, &argument.name, argument.value(start));
            }
        }
        args
    }

    /// The arguments of the next call, or `None` when that was the last page. Rows which an earlier
    /// page gave already are taken out of `rows`, so keep them only afterwards.
    ///
    /// `args`: of the call that gave `rows`; `so_far`: rows kept before this page.
    pub fn next(&mut self, args: &Args, rows: &mut Rows, so_far: usize) -> Option<Args> {
        let said = Said::by(rows.envelope.as_ref());
        let count = rows.rows.len();
        let (print, bytes) = fingerprint(&rows.rows);
        self.bytes = bytes;
        if count == 0 {
            return self.past_empty(args, rows, &said, so_far);
        }
        self.empty = 0;
        if !self.pages.insert(print) {
            // The server took no notice of the argument.
            rows.rows.clear();
            self.truncated = said.more != Some(false) && said.total.is_none_or(|it| it > so_far);
            return None;
        }
        let was_largest = self.largest;
        self.largest = self.largest.max(count);
        if self.style() == Style::Window {
            return self.next_window(args, rows, &said);
        }
        if said.more == Some(false) || said.is_last() {
            return None;
        }
        let may_go_on = self.may_be_full(count, was_largest) || said.more == Some(true);
        let next = self
            .next_cursor(args, rows, &said, may_go_on)
            .or_else(|| self.next_link(args, &said))
            .or_else(|| self.next_number(args, (so_far, count), &said, may_go_on));
        if next.is_none() {
            self.truncated = self.is_cut(count, so_far, &said);
        }
        next
    }

    /// Lowers the page size after the server refused it: half, and below ten none at all. Returns
    /// the arguments to try instead, or `None` when there is no size to lower or rows were read
    /// with the old one.
    pub fn step_down(&mut self, args: &Args) -> Option<Args> {
        let argument = self.names.size.clone()?;
        if !self.pages.is_empty() {
            return None;
        }
        let mut lower = args.clone();
        self.size = self.size.filter(|it| *it > SMALLEST_SIZE).map(|it| it / 2);
        match self.size {
            Some(size) => self.set(&mut lower, &argument.name, argument.value(size)),
            None => {
                self.unset(&mut lower, &argument.name)?;
            }
        }
        Some(lower)
    }

    /// As [`Paging::step_down`], heeding what the server said: a maximum that it names is taken.
    pub fn step_down_to(&mut self, args: &Args, said: &str) -> Option<Args> {
        let named = schema::named_maximum(said);
        match named.filter(|it| self.size.is_some_and(|size| *it < size)) {
            Some(named) => {
                let argument = self.names.size.clone().filter(|_| self.pages.is_empty())?;
                self.size = Some(named);
                Some(self.with(args, &argument.name, argument.value(named)))
            }
            None => self.step_down(args),
        }
    }

    fn next_cursor(&self, args: &Args, rows: &Rows, said: &Said, may_go_on: bool) -> Option<Args> {
        let argument = self.names.cursor.as_ref()?;
        let sent = self.get(args, &argument.name);
        let next = if argument.takes_row_id {
            rows.rows.last().and_then(|it| it.get("id")).filter(|_| may_go_on).cloned()
        } else {
            said.cursor(&argument.name).filter(|it| Some(it) != sent)
        };
        Some(self.with(args, &argument.name, argument.same_type(next?)))
    }

    fn next_link(&self, args: &Args, said: &Said) -> Option<Args> {
        let argument = self.names.link.as_ref()?;
        let link = said.link.clone()?;
        Some(self.with(args, &argument.name, Value::String(link)))
    }

    /// `counts`: rows before this page, and in it.
    fn next_number(
        &self,
        args: &Args,
        counts: (usize, usize),
        said: &Said,
        may_go_on: bool,
    ) -> Option<Args> {
        let (so_far, count) = counts;
        let read = so_far.saturating_add(count);
        // A total that equals a full first page may be no more than the size of the page.
        let all_read = said.total.is_some_and(|it| it <= read && (it > count || !may_go_on));
        let more_to_come = said.total.is_some_and(|it| it > read);
        if all_read || !(may_go_on || more_to_come) {
            return None;
        }
        let number = |argument: &Argument| self.get(args, &argument.name).and_then(as_count);
        if let Some(argument) = &self.names.page {
            let current = number(argument).unwrap_or_else(|| self.first_page());
            let next = said.next_page.unwrap_or(current.saturating_add(1));
            return Some(self.with(args, &argument.name, argument.value(next)));
        }
        let argument = self.names.offset.as_ref()?;
        let current = number(argument).unwrap_or(argument.start);
        let next = current.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        Some(self.with(args, &argument.name, argument.value(said.next_offset.unwrap_or(next))))
    }

    fn first_page(&self) -> u64 {
        self.names.page.as_ref().map_or(1, |it| it.start)
    }

    /// Whether a page of so many rows may have others after it: as large as asked, or as large as
    /// the largest before it, or cut at a usual cap by a server that never said what its cap is.
    fn may_be_full(&self, count: usize, was_largest: usize) -> bool {
        let asked = self.asked();
        let is_first = was_largest == 0;
        match asked {
            Some(asked) if count >= asked => true,
            Some(_) | None if !is_first => count >= was_largest,
            Some(_) if self.names.size.as_ref().is_some_and(|it| it.is_certain) => false,
            Some(_) => USUAL_CAPS.contains(&count),
            None => true,
        }
    }

    fn asked(&self) -> Option<usize> {
        self.size.and_then(|it| usize::try_from(it).ok())
    }

    /// Whether the end of what we can read is not the end of what there is.
    fn is_cut(&self, count: usize, so_far: usize, said: &Said) -> bool {
        let total_tells_more = said.total.is_some_and(|it| it > so_far.saturating_add(count));
        let flagged = said.more == Some(true) || said.truncated;
        let on_limit = self.style() == Style::LimitOnly
            && said.total.is_none()
            && (self.may_be_full(count, 0) && (self.size.is_some() || USUAL_CAPS.contains(&count)));
        flagged || total_tells_more || on_limit
    }

    fn next_window(&mut self, args: &Args, rows: &mut Rows, said: &Said) -> Option<Args> {
        let count = rows.rows.len();
        let is_cut = self.is_window_full(count, said);
        let dates = window::dates(&rows.rows);
        let repeated = self.drop_seen(rows);
        let kept = rows.rows.len();
        let mut window = self.window.take()?;
        let step = window.step(dates.as_ref(), repeated, kept, is_cut);
        self.truncated = window.has_gap() || (is_cut && step.is_none());
        let bound = step.map(|it| (window.argument(&it).to_owned(), it.date));
        self.window = Some(window);
        let (name, date) = bound?;
        Some(self.with(args, &name, Value::String(date)))
    }

    fn is_window_full(&self, count: usize, said: &Said) -> bool {
        said.truncated || said.more == Some(true) || {
            said.more.is_none()
                && said.total.is_none_or(|it| it > count)
                && self.may_be_full(count, 0)
        }
    }

    /// Takes out the rows that earlier pages gave; how many.
    fn drop_seen(&mut self, rows: &mut Rows) -> usize {
        let before = rows.rows.len();
        let mut here: HashMap<Fingerprint, usize> = HashMap::new();
        let seen = &self.seen;
        rows.rows.retain(|row| {
            let (print, _) = fingerprint(std::slice::from_ref(row));
            let times = here.entry(print).or_default();
            *times += 1;
            // Rows that are equal by right are on one page together, too.
            *times > seen.get(&print).copied().unwrap_or_default()
        });
        for (print, times) in here {
            let most = self.seen.entry(print).or_default();
            *most = times.max(*most);
        }
        before - rows.rows.len()
    }

    fn with(&self, args: &Args, name: &str, value: Value) -> Args {
        let mut args = args.clone();
        self.set(&mut args, name, value);
        args
    }

    fn get<'a>(&self, args: &'a Args, name: &str) -> Option<&'a Value> {
        match &self.names.group {
            Some(group) => args.get(group)?.get(name),
            None => args.get(name),
        }
        .filter(|it| !it.is_null())
    }

    fn set(&self, args: &mut Args, name: &str, value: Value) {
        let Some(group) = &self.names.group else {
            args.insert(name.to_owned(), value);
            return;
        };
        let inner = args.entry(group.clone()).or_insert_with(|| Value::Object(Args::new()));
        if let Some(inner) = inner.as_object_mut() {
            inner.insert(name.to_owned(), value);
        }
    }

    fn unset(&self, args: &mut Args, name: &str) -> Option<Value> {
        match &self.names.group {
            Some(group) => args.get_mut(group)?.as_object_mut()?.shift_remove(name),
            None => args.shift_remove(name),
        }
    }
}

fn as_count(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// With the size of what it was taken of.
fn fingerprint(rows: &[Value]) -> (Fingerprint, u64) {
    let mut hash = Sha256::new();
    let mut bytes = 0;
    for row in rows {
        let text = row.to_string();
        bytes += text.len() as u64;
        hash.update(text);
        hash.update([0]);
    }
    let mut print = Fingerprint::default();
    print.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
    (print, bytes)
}

#[cfg(test)]
mod tests;
