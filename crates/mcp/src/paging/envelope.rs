//! What an answer says about its pages, beside its rows.

use serde_json::Value;

use super::as_count;

/// How deep beside the rows we look: `response.meta.pagination.next`.
const LEVELS: usize = 4;

const TOTALS: [&str; 11] = [
    "total",
    "totalcount",
    "totalitems",
    "totalresults",
    "totalrecords",
    "totalsize",
    "totalrows",
    "totalhits",
    "totalelements",
    "totalentries",
    "odatacount",
];
const MORE: [&str; 10] = [
    "hasmore",
    "hasnext",
    "hasnextpage",
    "more",
    "moreitemsincollection",
    "moreavailable",
    "moreresults",
    "hasmoreresults",
    "hasmoreitems",
    "hasadditional",
];
const LAST: [&str; 4] = ["islast", "islastpage", "lastpagereached", "isfinal"];
const CUT: [&str; 5] =
    ["truncated", "istruncated", "resulttruncated", "resultstruncated", "limited"];
const CURSORS: [&str; 13] = [
    "nextcursor",
    "nextpagetoken",
    "nexttoken",
    "endcursor",
    "nextpagecursor",
    "continuationtoken",
    "nextskiptoken",
    "skiptoken",
    "nextmarker",
    "scrollid",
    "nextbookmark",
    "bookmark",
    "cursor",
];
const LINKS: [&str; 6] =
    ["next", "nextlink", "nexturl", "nextpageurl", "odatanextlink", "nextpagelink"];

/// The part of an envelope that is about pages.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Whether there are more pages.
    pub(super) more: Option<bool>,
    /// Rows in all pages.
    pub(super) total: Option<usize>,
    pub(super) truncated: bool,
    /// The address of the next page.
    pub(super) link: Option<String>,
    pub(super) next_page: Option<u64>,
    pub(super) next_offset: Option<u64>,
    page: Option<u64>,
    pages: Option<u64>,
    /// Names without separators, and values, of what may be a cursor.
    marks: Vec<(String, Value)>,
}

impl Said {
    pub(super) fn by(envelope: Option<&Value>) -> Self {
        let mut said = Self::default();
        if let Some(envelope) = envelope {
            said.read(envelope, LEVELS, "");
        }
        said
    }

    /// Whether the page is by its own number the last.
    pub(super) fn is_last(&self) -> bool {
        matches!((self.page, self.pages), (Some(page), Some(pages)) if page >= pages && pages > 0)
    }

    /// The mark to send next in the argument of that name, from a field or from the next link.
    pub(super) fn cursor(&self, argument: &str) -> Option<Value> {
        let argument = plain(argument);
        let by_name = |want: &str| self.marks.iter().find(|(name, _)| name == want);
        let found = CURSORS
            .iter()
            .find_map(|it| by_name(it))
            .or_else(|| by_name(&format!("next{argument}")))
            .or_else(|| by_name("next"))
            .or_else(|| by_name(&argument));
        match found {
            Some((_, Value::String(text))) if text.contains("://") || text.starts_with('/') => {
                in_query(text, &argument)
            }
            Some((_, mark)) => Some(mark.clone()),
            None => in_query(self.link.as_deref()?, &argument),
        }
    }

    fn read(&mut self, value: &Value, levels: usize, above: &str) {
        let Some(fields) = value.as_object().filter(|_| levels > 0) else { return };
        for (key, value) in fields {
            let name = plain(key);
            self.read_field(&name, value);
            if above == "next" && matches!(name.as_str(), "after" | "cursor") && is_mark(value) {
                self.marks.push(("nextcursor".to_owned(), value.clone()));
            }
            if above == "next" && matches!(name.as_str(), "link" | "href" | "url") {
                self.link = self.link.take().or_else(|| value.as_str().map(str::to_owned));
            }
            self.read(value, levels - 1, &name);
        }
    }

    fn read_field(&mut self, name: &str, value: &Value) {
        if let Some(flag) = value.as_bool() {
            self.read_flag(name, flag);
        } else if TOTALS.contains(&name) {
            let total = as_count(value).and_then(|it| usize::try_from(it).ok());
            self.total = self.total.or(total);
        } else if let Some(number) = value.as_u64() {
            self.read_number(name, number);
        } else if let Some(link) = value.as_str().filter(|it| !it.is_empty())
            && LINKS.contains(&name)
        {
            self.link = self.link.take().or_else(|| Some(link.to_owned()));
        }
        let may_be_mark = CURSORS.contains(&name) || name.starts_with("next") || name == "after";
        if may_be_mark && is_mark(value) {
            self.marks.push((name.to_owned(), value.clone()));
        }
    }

    fn read_flag(&mut self, name: &str, flag: bool) {
        if MORE.contains(&name) {
            self.more = self.more.or(Some(flag));
        } else if LAST.contains(&name) {
            self.more = self.more.or(Some(!flag));
        } else if CUT.contains(&name) {
            self.truncated |= flag;
        }
    }

    fn read_number(&mut self, name: &str, number: u64) {
        match name {
            "nextpage" => self.next_page = Some(number),
            "nextoffset" | "nextstart" | "nextskip" => self.next_offset = Some(number),
            "page" | "currentpage" | "pagenumber" => self.page = Some(number),
            "pages" | "totalpages" | "lastpage" | "pagecount" => self.pages = Some(number),
            _ => {}
        }
    }
}

fn is_mark(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Number(_) => true,
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|it| it.to_ascii_lowercase()).collect()
}

/// A parameter of an address, by its name without separators.
fn in_query(link: &str, argument: &str) -> Option<Value> {
    let base = reqwest::Url::parse("http://localhost").ok()?;
    let url = base.join(link).ok()?;
    let found = url.query_pairs().find(|(name, _)| plain(name) == *argument)?;
    Some(Value::String(found.1.into_owned()))
}
