//! What holds for every value that is checked.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::today;
use crate::entity::*;

/// Any JSON, with the names of real attributes among its keys.
fn any_json() -> impl Strategy<Value = Value> {
    let names: Vec<String> = TargetModel::ALL
        .iter()
        .flat_map(|it| &it.schema().attributes)
        .flat_map(|it| std::iter::once(&it.name).chain(it.items.iter().map(|it| &it.name)))
        .cloned()
        .collect();
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-zA-Z0-9@.,:/ -]{0,12}".prop_map(Value::from),
        Just(json!("2026-05-01")),
        Just(json!("EUR")),
    ];
    leaf.prop_recursive(4, 48, 6, move |inner| {
        let name = proptest::sample::select(names.clone());
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((name, inner), 0..8)
                .prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn the_validator_is_total(value in any_json(), model in 0..TargetModel::ALL.len()) {
        let model = TargetModel::ALL[model];
        match check(model, &value, today()) {
            Ok(entity) => {
                prop_assert!(!entity.external_id.is_empty());
                prop_assert_eq!(entity.content_hash(), entity.clone().content_hash());
            }
            Err(causes) => prop_assert!(!causes.is_empty()),
        }
    }

    #[test]
    fn a_decimal_is_what_was_written(mantissa in -999_999_999_999_999_i64..=999_999_999_999_999, scale in 0_u32..8) {
        let written = rust_decimal::Decimal::new(mantissa, scale);
        let number: Value = serde_json::from_str(&written.to_string()).unwrap();
        let value = json!({ "account_external_id": "a", "type": "other", "balance": number });
        let entity = check(TargetModel::Account, &value, today()).unwrap();
        prop_assert_eq!(entity.values.get("balance"), Some(&FieldValue::Decimal(written)));
    }

    #[test]
    fn digits_beyond_a_double_survive_as_text(whole in 1_u64.., cents in 0_u8..100) {
        let text = format!("{whole}.{cents:02}");
        let value = json!({ "account_external_id": "a", "type": "other", "balance": text });
        let entity = check(TargetModel::Account, &value, today()).unwrap();
        let written = rust_decimal::Decimal::from_str_exact(&text).unwrap();
        prop_assert_eq!(entity.values.get("balance"), Some(&FieldValue::Decimal(written)));
    }

    #[test]
    fn one_wrong_digit_breaks_the_checksum(at in 4_usize..22, digit in 1_u8..10) {
        let mut iban = b"DE89370400440532013000".to_vec();
        iban[at] = b'0' + (iban[at] - b'0' + digit) % 10;
        prop_assert!(!is_iban(std::str::from_utf8(&iban).unwrap()));
    }
}
