//! Python literals: what `repr` of a list of dictionaries looks like. Nothing is evaluated.

use serde_json::{Map, Number, Value};

use super::DEPTH;

/// Reads one literal and nothing after it. Tuples and sets become arrays; `Decimal('1.2')` and its
/// like become the text in them, dates become ISO 8601.
pub(super) fn parse(text: &str) -> Option<Value> {
    let mut reader = Reader { rest: text.trim(), whole: text.trim() };
    let value = reader.value(DEPTH)?;
    reader.skip_space();
    reader.rest.is_empty().then_some(value)
}

struct Reader<'a> {
    rest: &'a str,
    whole: &'a str,
}

impl<'a> Reader<'a> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, token: &str) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|it| !wanted(it)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        self.skip_space();
        match self.rest.chars().next()? {
            '[' => self.sequence("[", "]", depth),
            '(' => self.sequence("(", ")", depth),
            '{' => self.braces(depth),
            '\'' | '"' => self.string(false).map(Value::String),
            '-' | '+' | '.' | '0'..='9' => self.number(),
            it if it.is_alphabetic() || it == '_' => self.word(depth),
            _ => None,
        }
    }

    fn sequence(&mut self, open: &str, close: &str, depth: usize) -> Option<Value> {
        if !self.eat(open) {
            return None;
        }
        let mut items = Vec::new();
        loop {
            if self.eat(close) {
                return Some(Value::Array(items));
            }
            items.push(self.value(depth)?);
            if !self.eat(",") && !self.peek(close) {
                return None;
            }
        }
    }

    fn peek(&mut self, token: &str) -> bool {
        self.skip_space();
        self.rest.starts_with(token)
    }

    /// A dictionary, or a set.
    fn braces(&mut self, depth: usize) -> Option<Value> {
        if !self.eat("{") {
            return None;
        }
        let mut fields = Map::new();
        let mut items = Vec::new();
        loop {
            if self.eat("}") {
                let is_set = !items.is_empty();
                return Some(if is_set { Value::Array(items) } else { Value::Object(fields) });
            }
            let key = self.value(depth)?;
            if self.eat(":") {
                let name = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
                fields.insert(name, self.value(depth)?);
            } else {
                items.push(key);
            }
            if !self.eat(",") && !self.peek("}") {
                return None;
            }
        }
    }

    fn string(&mut self, is_raw: bool) -> Option<String> {
        let quote =
            ["'''", "\"\"\"", "'", "\""].into_iter().find(|it| self.rest.starts_with(it))?;
        self.rest = self.rest.strip_prefix(quote)?;
        let mut text = String::new();
        loop {
            if let Some(rest) = self.rest.strip_prefix(quote) {
                self.rest = rest;
                return Some(text);
            }
            let mut chars = self.rest.chars();
            let next = chars.next()?;
            self.rest = chars.as_str();
            if next == '\\' && !is_raw {
                text.push_str(&self.escape()?);
            } else {
                text.push(next);
            }
        }
    }

    fn escape(&mut self) -> Option<String> {
        let mut chars = self.rest.chars();
        let mark = chars.next()?;
        self.rest = chars.as_str();
        let digits = match mark {
            'n' => return Some("\n".to_owned()),
            't' => return Some("\t".to_owned()),
            'r' => return Some("\r".to_owned()),
            '\n' => return Some(String::new()),
            '\\' | '\'' | '"' => return Some(mark.to_string()),
            'x' => 2,
            'u' => 4,
            'U' => 8,
            other => return Some(format!("\\{other}")),
        };
        let (code, rest) = self.rest.split_at_checked(digits)?;
        self.rest = rest;
        // Half of a surrogate pair is no character; Python prints such only for broken text.
        let code = u32::from_str_radix(code, 16).ok()?;
        Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER).to_string())
    }

    fn number(&mut self) -> Option<Value> {
        let text =
            self.take_while(|it| it.is_ascii_alphanumeric() || matches!(it, '-' | '+' | '.' | '_'));
        let text = text.replace('_', "");
        let plain = text.strip_prefix('+').unwrap_or(&text);
        if matches!(plain, "-inf" | "-nan") {
            return Some(Value::Null);
        }
        if let Ok(whole) = plain.parse::<i64>() {
            return Some(Value::from(whole));
        }
        let fraction = plain.parse::<f64>().ok().filter(|it| it.is_finite())?;
        let is_long_integer = plain.trim_start_matches('-').bytes().all(|it| it.is_ascii_digit());
        if is_long_integer {
            // It would lose digits as a number.
            return Some(Value::String(plain.to_owned()));
        }
        Number::from_f64(fraction).map(Value::Number)
    }

    fn word(&mut self, depth: usize) -> Option<Value> {
        let word = self.take_while(|it| it.is_alphanumeric() || matches!(it, '_' | '.'));
        if matches!(self.rest.chars().next(), Some('\'' | '"')) && word.len() <= 2 {
            let lower = word.to_ascii_lowercase();
            return self.string(lower.contains('r')).map(Value::String);
        }
        match word {
            "None" | "null" | "nan" | "NaN" | "inf" | "Infinity" | "NaT" => Some(Value::Null),
            "True" | "true" => Some(Value::Bool(true)),
            "False" | "false" => Some(Value::Bool(false)),
            _ if self.peek("(") => self.call(word, depth),
            _ => None,
        }
    }

    /// A constructor whose meaning is plain from its name.
    fn call(&mut self, name: &str, depth: usize) -> Option<Value> {
        let name = name.rsplit('.').next()?;
        if matches!(name, "datetime" | "date" | "Timestamp" | "time") && !self.rest.contains("('") {
            return self.moment();
        }
        let Value::Array(args) = self.sequence("(", ")", depth)? else { return None };
        let first = args.into_iter().next();
        match name {
            "Decimal" | "UUID" | "ObjectId" | "Timestamp" | "str" | "date" | "datetime" => {
                match first? {
                    Value::String(text) => Some(Value::String(text)),
                    Value::Number(number) => Some(Value::String(number.to_string())),
                    Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
                }
            }
            "OrderedDict" | "defaultdict" | "set" | "frozenset" | "list" | "tuple" | "dict" => {
                Some(first.unwrap_or_else(|| Value::Array(Vec::new())))
            }
            _ => None,
        }
    }

    /// `datetime.date(2026, 1, 31)` and `datetime.datetime(2026, 1, 31, 9, 5, tzinfo=…)`.
    fn moment(&mut self) -> Option<Value> {
        if !self.eat("(") {
            return None;
        }
        let inside = self.take_while(|it| it != ')');
        let parts: Vec<u32> = inside.split(',').map_while(|it| it.trim().parse().ok()).collect();
        let has_zone = inside.contains("tzinfo");
        // The zone may be a call of its own.
        while self.eat(")") && has_zone && self.whole.len() > self.rest.len() && self.peek(")") {}
        match parts.as_slice() {
            [year, month, day] => Some(Value::String(format!("{year:04}-{month:02}-{day:02}"))),
            [year, month, day, hour, minute, rest @ ..] => {
                let second = rest.first().copied().unwrap_or_default();
                let zone = if inside.contains("utc") || inside.contains("UTC") { "Z" } else { "" };
                Some(Value::String(format!(
                    "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}"
                )))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn literals_read_as_python_writes_them() {
        let text = r#"[{'id': 1, 'name': "O'Hara", 'paid': True, 'note': None, 'x': (1, 2.5,)},
            {'id': 2, 'name': 'caf\xe9 \u20ac', 'total': Decimal('10.50'), 'tags': {'a'}}]"#;
        let expected = json!([
            {"id": 1, "name": "O'Hara", "paid": true, "note": null, "x": [1, 2.5]},
            {"id": 2, "name": "café €", "total": "10.50", "tags": ["a"]},
        ]);
        assert_eq!(parse(text), Some(expected));
    }

    #[test]
    fn dates_become_iso() {
        let text = "[datetime.date(2026, 1, 31), datetime.datetime(2026, 1, 31, 9, 5), \
                    datetime.datetime(2026, 1, 31, 9, 5, 7, tzinfo=datetime.timezone.utc)]";
        let expected = json!(["2026-01-31", "2026-01-31T09:05:00", "2026-01-31T09:05:07Z"]);
        assert_eq!(parse(text), Some(expected));
    }

    #[test]
    fn what_is_not_a_literal_is_refused() {
        for text in ["", "[1", "{'a': }", "__import__('os')", "[1] and more", "open('x')", "a"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&"[".repeat(100_000)), None);
    }

    #[test]
    fn a_long_integer_keeps_its_digits() {
        assert_eq!(parse("123456789012345678901"), Some(json!("123456789012345678901")));
    }
}
