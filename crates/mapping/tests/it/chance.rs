//! Plans and rows by chance come to the same either way.

use mapping::expression::{Limits, apply};
use mapping::native::Program;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::plans::{any_plan, any_row};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_plan_gives_what_its_expression_gives(plan in any_plan(), rows in vec(any_row(), 1..6)) {
        let source = mapping::compile(&plan);
        let program = Program::of(&plan);
        let outcomes = apply(&source, &rows, &Limits::default());
        let outcomes = outcomes.map_err(|it| TestCaseError::fail(format!("{it}\n{source}")))?;
        for (row, outcome) in rows.iter().zip(outcomes) {
            prop_assert_eq!(Ok(program.evaluate(row)), outcome, "{} of {}", source, row);
        }
    }
}
