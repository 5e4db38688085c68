//! An answer, spoilt: cut, nested, in wrong types, in wrong bytes. What goes on the wire is bytes,
//! not values: much of this no JSON value can hold.

use serde_json::{Value, json};

use crate::chance::Chance;

/// The message that answers a call, spoilt. `result`: what a healthy tool would have answered.
pub(crate) fn message(id: &Value, result: &Value, chance: &mut Chance) -> Vec<u8> {
    let payload = payload(result, chance);
    let result = framed(&payload, chance);
    let mut message =
        format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}").into_bytes();
    match chance.below(20) {
        0 => message.truncate(chance.below(message.len())),
        1 => flip(&mut message, chance),
        2 => message.extend_from_slice(b"\x00\xff trailing"),
        3 => insert(&mut message, chance, b"\xe9\xff\xfe"),
        _ => {}
    }
    message
}

/// The rows, as a JSON text that may be none.
fn payload(result: &Value, chance: &mut Chance) -> String {
    let mut value = result.clone();
    for _ in 0..=chance.below(3) {
        spoil(&mut value, chance);
    }
    let mut text = value.to_string();
    match chance.below(12) {
        0 => {
            let cut = chance.below(text.len());
            text = text.chars().take(cut).collect();
        }
        1 => text = text.replace(":\"", ":\"\\u0000"),
        2 => text = text.replace("e", "\\ud800"),
        3 => text = text.replace(':', ":1e400,\"x\":"),
        4 => text = text.replace("\":", "\":NaN,\"b\":"),
        5 => text = doubled(&text),
        6 => text = format!("{}{text}{}", "[".repeat(200), "]".repeat(200)),
        7 => text = format!("{}1{}", "{\"a\":".repeat(5_000), "}".repeat(5_000)),
        8 => text = format!("Here you are:\n```json\n{text}\n```\nand {text}"),
        _ => {}
    }
    text
}

/// Each member twice, with another value.
fn doubled(text: &str) -> String {
    text.replacen('{', "{\"id\":\"one\",\"id\":\"two\",", 1 + text.len() % 7)
}

/// One change in the value.
fn spoil(value: &mut Value, chance: &mut Chance) {
    let at = chance.below(14);
    match at {
        0 => *value = json!({ "result": value.to_string() }),
        1 => {
            for _ in 0..chance.below(90) {
                *value = json!({ "data": value.take() });
            }
        }
        2 => *value = (0..chance.below(3_000)).map(|it| json!(it)).collect(),
        3 => *value = json!([value.take(), 1, "x", null, [[]], {}]),
        4 => *value = odd(chance),
        _ => {
            if let Some(inner) = some_part(value, chance) {
                if at < 9 { *inner = odd(chance) } else { rename(inner, chance) }
            }
        }
    }
}

/// A part of the value, deeper or less deep.
fn some_part<'v>(value: &'v mut Value, chance: &mut Chance) -> Option<&'v mut Value> {
    let mut part = value;
    for _ in 0..=chance.below(4) {
        let size = match &*part {
            Value::Array(it) => it.len(),
            Value::Object(it) => it.len(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
        };
        if size == 0 {
            break;
        }
        let at = chance.below(size);
        part = match part {
            Value::Array(it) => it.get_mut(at)?,
            Value::Object(it) => it.values_mut().nth(at)?,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
        };
    }
    Some(part)
}

fn rename(value: &mut Value, chance: &mut Chance) {
    if let Value::Object(fields) = value
        && let Some(name) = fields.keys().nth(chance.below(fields.len())).cloned()
        && let Some(taken) = fields.shift_remove(&name)
    {
        let name = match chance.below(5) {
            0 => "k".repeat(100_000),
            1 => String::new(),
            2 => "a.b[0].\u{0}$".to_owned(),
            3 => format!("{name}\u{202e}\u{feff}"),
            _ => format!("{name}_v2"),
        };
        fields.insert(name, taken);
    }
}

/// A value that nobody expects where it stands.
fn odd(chance: &mut Chance) -> Value {
    match chance.below(18) {
        0 => Value::Null,
        1 => json!(-0.0),
        2 => json!(u64::MAX),
        3 => json!(1.7e308),
        4 => json!("1e400"),
        5 => json!("NaN"),
        6 => json!("\u{0}"),
        7 => json!("x".repeat(1 << (10 + chance.below(11)))),
        8 => json!([]),
        9 => json!({}),
        10 => json!([[[[1]]], "two", { "three": 3 }]),
        11 => json!("0000-00-00"),
        12 => json!("9999-99-99T99:99:99Z"),
        13 => json!(true),
        14 => json!("\u{1f469}\u{200d}\u{1f4bb}\u{0301}\u{fffd}"),
        15 => json!("'; drop table invoices; --"),
        16 => json!("-999999999999999999999999999999.999999999999"),
        _ => json!("${$eval('1')}"),
    }
}

/// The payload as the result of a call: structured, as text, both, or wrong.
fn framed(payload: &str, chance: &mut Chance) -> String {
    let text = Value::from(payload);
    match chance.below(12) {
        0 | 1 => format!("{{\"content\":[],\"structuredContent\":{payload}}}"),
        2 => format!(
            "{{\"content\":[{{\"type\":\"text\",\"text\":{text}}}],\"structuredContent\":{payload}}}"
        ),
        3 => format!(
            "{{\"content\":[{{\"type\":\"image\",\"data\":\"AAAA\",\"mimeType\":\"image/png\"}},\
             {{\"type\":\"text\",\"text\":{text}}},{{\"type\":\"text\",\"text\":\"and so on\"}},\
             {{\"type\":\"resource\",\"resource\":{{\"uri\":\"x://y\",\"text\":{text}}}}},\
             {{\"type\":\"riddle\"}}]}}"
        ),
        4 => format!("{{\"isError\":true,\"content\":[{{\"type\":\"text\",\"text\":{text}}}]}}"),
        5 => format!("{{\"content\":{text}}}"),
        6 => payload.to_owned(),
        7 => "{\"content\":null,\"structuredContent\":null}".to_owned(),
        8 => format!("{{\"isError\":\"perhaps\",\"content\":[{text},{payload}]}}"),
        _ => format!("{{\"content\":[{{\"type\":\"text\",\"text\":{text}}}]}}"),
    }
}

fn flip(message: &mut [u8], chance: &mut Chance) {
    for _ in 0..4 {
        let at = chance.below(message.len());
        if let Some(byte) = message.get_mut(at) {
            *byte ^= 1 << chance.below(8);
        }
    }
}

fn insert(message: &mut Vec<u8>, chance: &mut Chance, bytes: &[u8]) {
    let at = chance.below(message.len());
    message.splice(at..at, bytes.iter().copied());
}
