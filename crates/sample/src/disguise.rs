//! Rows that are hard to map: each leaves the data as it is and hides what it means.

use serde_json::{Map, Value, json};

type Fields = Map<String, Value>;

/// A field under a name that says nothing.
pub(crate) fn nameless(fields: &mut Fields, name: &str) {
    if let Some(value) = fields.shift_remove(name) {
        fields.insert("f1".to_owned(), value);
    }
}

/// The same, one level down.
pub(crate) fn buried(fields: &mut Fields, name: &str) {
    if let Some(value) = fields.shift_remove(name) {
        fields.insert("extra".to_owned(), json!({ "f1": value }));
    }
}

/// No name and no value says anything.
pub(crate) fn opaque(fields: &mut Fields) {
    let count = fields.len();
    fields.clear();
    fields.extend((0..count).map(|it| (format!("c{it}"), json!("lorem"))));
}

/// A movement in the words of the target model, whose status is a paragraph of its own.
pub(crate) fn wordy(fields: &mut Fields, index: usize) {
    let text = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let cents = fields.get("amount_cents").and_then(Value::as_i64).unwrap_or_default();
    let clause = format!("booked in the batch of run {index} after a check of the counterparty, ");
    let movement = json!({
        "transaction_external_id": text("transaction_id"),
        "booking_date": text("booked_on"),
        "instructed_amount": {
            "amount": crate::data::decimal(cents).parse::<f64>().unwrap_or_default(),
            "currency": text("currency"),
        },
        "status": clause.repeat(16),
    });
    *fields = crate::listing::object(movement);
}

/// The telephone number two ways: deep down under its name, and at hand under another.
pub(crate) fn two_readings(fields: &mut Fields) {
    if let Some(phone) = fields.shift_remove("phone") {
        fields
            .insert("contact".to_owned(), json!({ "primary": { "billing": { "phone": phone } } }));
        fields.insert("telefono".to_owned(), json!("+39 06 0000 0000"));
    }
}

/// A total under a better name, which is not always there; and the memo is gone.
pub(crate) fn decoy(fields: &mut Fields, is_filled: bool) {
    fields.shift_remove("memo");
    let total = fields.get("total").and_then(|it| it.get("amount")?.as_str()?.parse::<f64>().ok());
    let total = total.filter(|_| is_filled);
    fields.insert("total_including_tax".to_owned(), json!(total));
}
