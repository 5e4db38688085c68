//! As much Markdown as our own pages use: headings, paragraphs, lists, tables, code and links.
//! Everything is escaped first, so that no text becomes markup by itself.

use super::escape;

/// A page's body.
pub fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let mut block = |starts: fn(&str) -> bool| {
            let mut taken = vec![line];
            while let Some(next) = lines.next_if(|it| starts(it)) {
                taken.push(next);
            }
            taken
        };
        if line.starts_with("```") {
            let mut code = block(|it| !it.starts_with("```"));
            code.remove(0);
            lines.next();
            out.push_str(&format!("<pre><code>{}</code></pre>\n", escape(&code.join("\n"))));
        } else if let Some((level, title)) = heading(line) {
            out.push_str(&format!("<h{level}>{}</h{level}>\n", inline(title)));
        } else if line.starts_with('|') {
            out.push_str(&table(&block(|it| it.starts_with('|'))));
        } else if is_item(line) {
            out.push_str(&list("ul", &block(is_item)));
        } else if is_step(line) {
            out.push_str(&list("ol", &block(is_step)));
        } else if !line.trim().is_empty() {
            let paragraph =
                block(|it| !it.trim().is_empty() && heading(it).is_none() && !is_item(it));
            out.push_str(&format!("<p>{}</p>\n", inline(&paragraph.join(" "))));
        }
    }
    out
}

fn heading(line: &str) -> Option<(usize, &str)> {
    let title = line.trim_start_matches('#');
    let level = line.len() - title.len();
    (1..=4).contains(&level).then(|| (level, title.trim()))
}

fn is_item(line: &str) -> bool {
    line.starts_with("- ")
}

fn is_step(line: &str) -> bool {
    line.split_once(". ").is_some_and(|(number, _)| {
        !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit())
    })
}

fn list(tag: &str, lines: &[&str]) -> String {
    let item = |line: &&str| {
        let text = line.split_once(' ').map_or("", |it| it.1);
        format!("<li>{}</li>\n", inline(text))
    };
    format!("<{tag}>\n{}</{tag}>\n", lines.iter().map(item).collect::<String>())
}

fn table(lines: &[&str]) -> String {
    let mut rows = String::new();
    let mut tag = "th";
    for line in lines {
        if line.bytes().all(|it| b"|-: ".contains(&it)) {
            tag = "td";
            continue;
        }
        let cells = line.trim().trim_matches('|').split('|');
        let cells: String =
            cells.map(|it| format!("<{tag}>{}</{tag}>", inline(it.trim()))).collect();
        rows.push_str(&format!("<tr>{cells}</tr>\n"));
    }
    format!("<table>\n{rows}</table>\n")
}

/// Code, bold and links inside a line.
pub(crate) fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    for (index, part) in text.split('`').enumerate() {
        if index % 2 == 1 {
            out.push_str(&format!("<code>{}</code>", escape(part)));
        } else {
            out.push_str(&bold(&escape(part)));
        }
    }
    // Last, since a label may be code.
    links(&out)
}

fn bold(text: &str) -> String {
    let parts = text.split("**").enumerate();
    parts
        .map(
            |(index, part)| if index % 2 == 1 { format!("<b>{part}</b>") } else { part.to_owned() },
        )
        .collect()
}

fn links(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, label, to, after)) = next_link(rest) {
        out.push_str(before);
        out.push_str(&format!("<a href=\"{to}\">{label}</a>"));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// `[label](to)`, where `to` is a path of ours or an address.
fn next_link(text: &str) -> Option<(&str, &str, &str, &str)> {
    let middle = text.find("](")?;
    let (head, tail) = (text.get(..middle)?, text.get(middle + 2..)?);
    let (before, label) = head.rsplit_once('[')?;
    let (to, after) = tail.split_once(')')?;
    let is_sound = to.starts_with('/') || to.starts_with("https://") || to.starts_with('#');
    is_sound.then_some((before, label, to, after))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn our_pages_become_html_and_nothing_else_does() {
        let page = "# A\n\nSee **b** & `<c>`, [d](/e), [`f`](/g).\n\n- one\n- two\n\n1. x\n2. y\n\n| h |\n|---|\n| <i> |\n\n```json\n{\"a\":1}\n```\n";
        expect![[r#"
            <h1>A</h1>
            <p>See <b>b</b> &amp; <code>&lt;c&gt;</code>, <a href="/e">d</a>, <a href="/g"><code>f</code></a>.</p>
            <ul>
            <li>one</li>
            <li>two</li>
            </ul>
            <ol>
            <li>x</li>
            <li>y</li>
            </ol>
            <table>
            <tr><th>h</th></tr>
            <tr><td>&lt;i&gt;</td></tr>
            </table>
            <pre><code>{&quot;a&quot;:1}</code></pre>
        "#]]
        .assert_eq(&markdown(page));
    }
}
