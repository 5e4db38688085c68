//! Pages without rows: the end, unless the server says that there is more behind.
//!
//! Servers that filter after they have cut their pages give empty ones in the middle.

use super::envelope::Said;
use super::window::Window;
use super::{Args, Paging, as_count};
use crate::Rows;

/// Empty pages in a row that are followed. Some servers give a new cursor for ever.
const MOST: u32 = 20;

impl Paging {
    /// The arguments of the call after an empty page, if the server promises more. Where there is
    /// no way on, rows are feared to be missing.
    pub(super) fn past_empty(
        &mut self,
        args: &Args,
        rows: &Rows,
        said: &Said,
        so_far: usize,
    ) -> Option<Args> {
        self.empty += 1;
        let is_over = said.more == Some(false)
            || said.is_last()
            || said.total.is_some_and(|it| it > 0 && it <= so_far);
        let promised = if is_over { None } else { self.promised(args, rows, said) };
        let next = promised.clone().filter(|_| self.empty <= MOST);
        let falls_short = said.total.is_some_and(|it| it > so_far) || said.truncated;
        let has_gap = self.window.as_ref().is_some_and(Window::has_gap);
        self.truncated = next.is_none()
            && (promised.is_some() || said.more == Some(true) || falls_short || has_gap);
        next
    }

    fn promised(&self, args: &Args, rows: &Rows, said: &Said) -> Option<Args> {
        let is_new = |it: &Args| it != args;
        self.next_cursor(args, rows, said, false)
            .or_else(|| self.next_link(args, said))
            .or_else(|| self.number_past_empty(args, said))
            .filter(is_new)
    }

    /// A page number or an offset leads on only where the server says so: behind the last page every
    /// number has an empty one.
    fn number_past_empty(&self, args: &Args, said: &Said) -> Option<Args> {
        let has_more = said.more == Some(true) || said.link.is_some();
        let number = |name: &str| self.get(args, name).and_then(as_count);
        if let Some(argument) = &self.names.page {
            let current = number(&argument.name).unwrap_or_else(|| self.first_page());
            let next = said.next_page.or(has_more.then(|| current.saturating_add(1)))?;
            return (next > current).then(|| self.with(args, &argument.name, argument.value(next)));
        }
        let argument = self.names.offset.as_ref()?;
        let current = number(&argument.name).unwrap_or(argument.start);
        let stride = self.size.or_else(|| u64::try_from(self.largest).ok()).unwrap_or_default();
        let next = said.next_offset.or(has_more.then(|| current.saturating_add(stride)))?;
        (next > current).then(|| self.with(args, &argument.name, argument.value(next)))
    }
}
