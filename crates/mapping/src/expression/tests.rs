//! Tests of the walls around the engine.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// What an expression gives for a row, in one line.
fn told(source: &str, row: &Value, limits: &Limits) -> String {
    let outcome = Expression::parse(source, limits).and_then(|it| it.evaluate(row));
    outcome.map_or_else(|error| format!("error {error}"), |it| it.to_string())
}

#[expect(clippy::needless_pass_by_value, reason = "literals at every call")]
fn check(source: &str, row: Value, expected: Expect) {
    expected.assert_eq(&told(source, &row, &Limits::default()));
}

#[test]
fn a_row_becomes_an_object() {
    check(
        r#"{ "id": $string(id), "amount": cents / 100, "gone": nothing, "none": null }"#,
        json!({ "id": 7, "cents": 1999 }),
        expect![[r#"{"id":"7","amount":19.99,"none":null}"#]],
    );
}

#[test]
fn a_long_integer_keeps_its_digits() {
    let row = json!({ "id": 12_345_678_901_234_567_890_u64, "short": 999_999_999_999_999_i64 });
    check(
        "[id, $string(id), short]",
        row,
        expect![[r#"["12345678901234567890","12345678901234567890",999999999999999]"#]],
    );
}

#[test]
fn what_is_not_allowed_is_refused_before_it_runs() {
    for source in [
        "$eval('1')",
        "$random()",
        "$now()",
        "$millis()",
        "$shuffle([1, 2])",
        "$error('x')",
        "[1].$eval('2')",
        "$map(['1'], $eval)",
        "($e := $eval; $e('1'))",
        "('1' ~> $eval)",
        "x[$eval('1')]",
        "x^($random())",
        "{ 'a': $now() }",
        "x{ $now(): 1 }",
        "-$random()",
        "$eval(?)",
        "x ? $now() : 1",
        "function($x) { $now() }",
        "$unknown(1)",
    ] {
        let error = Expression::parse(source, &Limits::default()).unwrap_err();
        assert_eq!(error.code, "W0003", "{source}: {error}");
    }
}

#[test]
fn a_forbidden_name_cannot_be_defined_in_one_place_and_used_in_another() {
    for source in [
        "(($eval := function($x) { $x }); $eval('1'))",
        "($f := function($string) { $string }; $string(1))",
    ] {
        let error = Expression::parse(source, &Limits::default()).unwrap_err();
        assert_eq!(error.code, "W0003", "{source}: {error}");
    }
}

#[test]
fn an_expression_may_define_functions_of_its_own() {
    check("($double := function($n) { $n * 2 }; $double(x))", json!({ "x": 4 }), expect!["8"]);
    check("$map(x, function($v, $i) { $v + $i })", json!({ "x": [1, 2] }), expect!["[1,3]"]);
    check("x@$v.{ 'a': $v }", json!({ "x": [1, 2] }), expect![[r#"[{"a":1},{"a":2}]"#]]);
}

#[test]
fn capped_builtins_behave_as_the_ones_that_they_replace() {
    let row =
        json!({ "n": 1.0, "f": 0.1, "o": { "a": [1, "x", null] }, "t": ["a", "b"], "s": "a.b.c" });
    for (source, expected) in [
        ("$string(n)", r#""1""#),
        ("$string(0.1 + 0.2)", r#""0.3""#),
        ("$string(1e-6)", r#""0.000001""#),
        ("$string(1e20)", r#""100000000000000000000""#),
        ("$string([1e21, 0.00000012, -0])", r#""[1e+21,1.2e-7,0]""#),
        ("$string(o)", r#""{\"a\":[1,\"x\",null]}""#),
        ("$string(missing)", "null"),
        ("s.$string()", r#""a.b.c""#),
        ("$map([1, 2], $string)", r#"["1","2"]"#),
        ("5 ~> $string()", r#""5""#),
        ("5 ~> $string", r#""5""#),
        ("$join(t)", r#""ab""#),
        ("$join(t, '-')", r#""a-b""#),
        ("$join('one', '-')", r#""one""#),
        ("$pad('x', 3)", r#""x  ""#),
        ("$pad('x', -3, '.')", r#""..x""#),
        ("$pad('xyz', 2)", r#""xyz""#),
        ("$pad('x', -2.7, '.')", r#"".x""#),
        ("$pad(n, 3)", "error T0410: $pad takes a text"),
        ("$replace(s, '.', '-')", r#""a-b-c""#),
        ("$replace(s, '.', '-', 1)", r#""a-b.c""#),
        ("$replace('John Smith', /(\\w+)\\s(\\w+)/, '$2, $1')", r#""Smith, John""#),
        ("$replace('265USD', /([0-9]+)USD/, '$$$1')", r#""$265""#),
        ("$replace('abc', /(a)(b)/, '$2$1$12$3$x$')", r#""baa2$x$c""#),
        ("$replace(n, '1', '2')", "error T0410: $replace takes a text"),
        ("$replace(s, 'a', 'b', -1)", "error D3011: the limit of $replace is negative"),
        ("$replace(s, /x*/, 'b')", "error D1004: the regular expression matches nothing"),
        ("$replace('a/b', /\\//, '-')", r#""a-b""#),
    ] {
        let source = source.replace("\\\\", "\\");
        assert_eq!(told(&source, &row, &Limits::default()), expected, "{source}");
    }
}

#[test]
fn a_regular_expression_means_the_same_wherever_it_stands() {
    let row = json!({ "x": "1a/b 2", "n": 1 });
    for (source, expected) in [
        (r"$map([1, 2], function($n) { $contains(x, /A\/B/) })", "[false,false]"),
        (r"$contains(x, /A\/B/i)", "true"),
        (r"x ~> $contains(/a/)", "true"),
        ("$contains(none, /a/)", "null"),
        (r"$split(x, /[\/ ]/)", r#"["1a","b","2"]"#),
        ("$match(x, /[a-z]/).match", r#"["a","b"]"#),
        ("$match(x, /(b) /)", r#"{"match":"b ","index":3,"groups":["b"]}"#),
        ("$match(x, /z/)", "null"),
        ("($contains := function($a, $b) { $a }; $contains(1, /a/))", "1"),
    ] {
        assert_eq!(told(source, &row, &Limits::default()), expected, "{source}");
    }
    assert!(told("$contains(n, /a/)", &row, &Limits::default()).starts_with("error T0410"));
}

#[test]
fn what_would_blow_up_ends_with_an_error() {
    let limits =
        Limits { timeout_ms: 300, text_bytes: 10_000, output_nodes: 1_000, ..Limits::default() };
    let grow = "$reduce([1..30], function($s, $i) { [[$s], [$s]] }, 'x')";
    for (source, code) in [
        ("$pad('x', 2000000000)", "D3137"),
        ("$replace($pad('', 9000, 'a'), /a/, $pad('', 9000, 'b'))", "D3137"),
        ("$join($map([1..9000], function($i) { 'abc' }), 'def')", "D3137"),
        (&format!("$string({grow})"), "D3137"),
        (grow, "W0004"),
        ("[1..9999999]", "D2015"),
        ("($f := function($n) { $f($n + 1) + 1 }; $f(1))", "D1011"),
        ("($f := function($n) { $f($n + 1) }; $f(1))", "D1012"),
        ("function($x) { $x }", "W0005"),
    ] {
        let outcome = Expression::parse(source, &limits).and_then(|it| it.evaluate(&Value::Null));
        assert_eq!(outcome.unwrap_err().code, code, "{source}");
    }
}

#[test]
fn a_value_is_copied_out_down_to_a_depth() {
    let limits = Limits { output_depth: 3, ..Limits::default() };
    assert_eq!(told("[[1]]", &Value::Null, &limits), "[[1]]");
    assert_eq!(
        told("[[[1]]]", &Value::Null, &limits),
        "error W0004: the outcome has too many levels"
    );
}

#[test]
fn an_expression_has_a_length() {
    let source = format!("'{}'", "x".repeat(20_000));
    let error = Expression::parse(&source, &Limits::default()).unwrap_err();
    assert_eq!(error.code, "W0001");
}

#[test]
fn a_syntax_error_says_where() {
    check(
        "{ 'a': id, 'b' }",
        json!({}),
        expect![[r#"error S0202: Expected Colon, got RightBrace at position 15"#]],
    );
    check(
        "a + ",
        json!({}),
        expect![[r#"error S0207: Unexpected end of expression at position 4"#]],
    );
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    for mark in ["(", "[", "-", "a."] {
        let source = mark.repeat(5_000);
        assert!(Expression::parse(&source, &Limits::default()).is_err(), "{mark}");
    }
}

#[test]
fn a_row_that_fails_fails_alone() {
    let rows = [json!({ "n": 1 }), json!({ "n": "x" }), json!({ "n": 3 })];
    let outcomes = apply("n + 1", &rows, &Limits::default()).unwrap();
    let lines: Vec<String> = outcomes
        .into_iter()
        .map(|it| it.map_or_else(|error| error.code, |value| value.to_string()))
        .collect();
    assert_eq!(lines, ["2", "T2001", "4"]);
}

#[test]
fn a_panic_of_the_engine_is_an_error() {
    let outcome: Result<(), ExpressionError> =
        guarded(|| std::panic::panic_any("as the engine does"));
    assert_eq!(outcome.unwrap_err().code, "W0002");
}

proptest! {
    #[test]
    fn parsing_is_total(source in "[-$a-z0-9 .,:()\\[\\]{}\"'/?@#%^&*+=<>~|!]{0,60}") {
        if let Ok(expression) = Expression::parse(&source, &Limits::default()) {
            let limits = Limits { timeout_ms: 200, ..Limits::default() };
            let expression = Expression { limits, ..expression };
            drop(expression.evaluate(&json!({ "a": [1, { "b": "x" }] })));
        }
    }

    #[test]
    fn numbers_pass_through_unchanged(number in any::<f64>().prop_filter("finite", |it| it.is_finite())) {
        let row = json!({ "n": number });
        let expression = Expression::parse("n", &Limits::default()).unwrap();
        let outcome = expression.evaluate(&row).unwrap();
        prop_assert_eq!(outcome.as_f64(), Some(number));
    }
}

#[test]
fn an_expression_that_takes_too_long_is_given_up_after_a_few_rows() {
    let limits = Limits { timeout_ms: 20, ..Limits::default() };
    let endless = "($f := function($n) { $f($n + 1) }; $f(1))";
    let rows = vec![Value::Null; 6];
    let outcomes = apply(endless, &rows, &limits).unwrap();
    let codes: Vec<String> = outcomes.into_iter().map(|it| it.unwrap_err().code).collect();
    assert_eq!(codes, ["D1012", "D1012", "D1012", "W0007", "W0007", "W0007"]);
}
