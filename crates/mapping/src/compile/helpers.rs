//! The small functions that a compiled expression defines before it uses them.
//!
//! Each is total: a value that it is not made for goes through unchanged, so that one odd value
//! is rejected by the validator with its reason instead of ending the evaluation of its row.

/// A function in JSONata, by the name it is bound to.
#[derive(Debug)]
pub(super) struct Helper {
    pub(super) name: &'static str,
    /// Other helpers that the body calls, in the order of their definition.
    pub(super) needs: &'static [&'static Self],
    pub(super) body: &'static str,
}

pub(super) static TEXT: Helper = Helper {
    name: "text",
    needs: &[],
    body: r#"function($v) { $type($v) in ["number", "boolean"] ? $string($v) : $v }"#,
};

/// More digits than a number holds stay text: the validator reads them exactly.
pub(super) static PLAIN: Helper = Helper {
    name: "plain",
    needs: &[],
    body: r#"function($t, $v) { $contains($t, /^-?[0-9]+(\.[0-9]+)?$/) ? ($length($t) > 15 ? $t : $number($t)) : $v }"#,
};

pub(super) static NUMBER: Helper = Helper {
    name: "decimal",
    needs: &[&PLAIN],
    body: r#"function($v) { $type($v) = "string" ? $plain($replace($replace($v, /[^0-9.()\-]/, ""), /^\((.*)\)$/, "-$1"), $v) : $v }"#,
};

pub(super) static NUMBER_COMMA: Helper = Helper {
    name: "decimal_comma",
    needs: &[&PLAIN],
    body: r#"function($v) { $type($v) = "string" ? $plain($replace($replace($v, /[^0-9,()\-]/, ""), ",", "."), $v) : $v }"#,
};

/// Integers of more than 15 digits travel as text; their point is set by hand.
pub(super) static SHIFTED: Helper = Helper {
    name: "shifted",
    needs: &[],
    body: r#"function($v, $e) { $type($v) = "number" ? $v / $power(10, $e) : $type($v) = "string" ? ($contains($v, /^-?[0-9]+$/) ? ($length($v) <= 15 ? $number($v) / $power(10, $e) : $e > 0 ? $substring($v, 0, $length($v) - $e) & "." & $substring($v, -$e) : $v) : $v) : $v }"#,
};

pub(super) static CENTS: Helper =
    Helper { name: "cents", needs: &[&SHIFTED], body: "function($v) { $shifted($v, 2) }" };

pub(super) static MINOR: Helper = Helper {
    name: "minor",
    needs: &[&SHIFTED],
    body: r#"function($v, $c) { $shifted($v, $type($c) != "string" ? 2 : $uppercase($c) in ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"] ? 0 : $uppercase($c) in ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"] ? 3 : 2) }"#,
};

pub(super) static NEGATE: Helper = Helper {
    name: "negate",
    needs: &[],
    body: r#"function($v) { $type($v) = "number" ? 0 - $v : $type($v) = "string" ? ($contains($v, /^-/) ? $substring($v, 1) : $contains($v, /^[0-9]/) ? "-" & $v : $v) : $v }"#,
};

pub(super) static IS_ONE_OF: Helper = Helper {
    name: "is_one_of",
    needs: &[],
    body: r#"function($v, $words) { $type($v) in ["string", "number", "boolean"] ? $lowercase($string($v)) in $words : false }"#,
};

pub(super) static SAYS: Helper = Helper {
    name: "says",
    needs: &[],
    body: r#"function($v, $words) { $type($v) in ["string", "number", "boolean"] ? $lowercase($string($v)) in $words : null }"#,
};

pub(super) static SIGNED: Helper = Helper {
    name: "signed",
    needs: &[],
    body: r#"function($v, $negative) { $type($v) = "number" ? ($negative ? 0 - $abs($v) : $abs($v)) : $type($v) = "string" ? ($negative and $contains($v, /^[0-9]/) ? "-" & $v : $v) : $v }"#,
};

pub(super) static ONLY_IF: Helper =
    Helper { name: "only_if", needs: &[], body: "function($v, $holds) { $holds ? $v : 0 }" };

pub(super) static ABOVE: Helper = Helper {
    name: "above_zero",
    needs: &[],
    body: r#"function($v) { $type($v) = "number" ? ($v > 0 ? $v : 0) : $v }"#,
};

pub(super) static BELOW: Helper = Helper {
    name: "below_zero",
    needs: &[],
    body: r#"function($v) { $type($v) = "number" ? ($v < 0 ? 0 - $v : 0) : $v }"#,
};

pub(super) static YMD: Helper = Helper {
    name: "ymd",
    needs: &[],
    body: r#"function($m, $y, $mo, $d, $v) { $exists($m) ? $m.groups[$y] & "-" & $pad($m.groups[$mo], -2, "0") & "-" & $pad($m.groups[$d], -2, "0") : $v }"#,
};

pub(super) static MONTH: Helper = Helper {
    name: "month",
    needs: &[],
    body: r#"function($t) { $lookup({"jan": "01", "feb": "02", "mar": "03", "apr": "04", "may": "05", "jun": "06", "jul": "07", "aug": "08", "sep": "09", "oct": "10", "nov": "11", "dec": "12"}, $lowercase($substring($t, 0, 3))) }"#,
};

pub(super) static DATE_ISO: Helper = Helper {
    name: "date",
    needs: &[],
    body: r#"function($v) { $type($v) = "string" ? $substring($v, 0, 10) : $v }"#,
};

pub(super) static DATE_COMPACT: Helper = Helper {
    name: "date_compact",
    needs: &[&YMD],
    body: r#"function($v) { $type($v) in ["string", "number"] ? $ymd($match($string($v), /^([0-9]{4})([0-9]{2})([0-9]{2})/), 0, 1, 2, $v) : $v }"#,
};

pub(super) static DATE_DAY_FIRST: Helper = Helper {
    name: "date_day_first",
    needs: &[&YMD],
    body: r#"function($v) { $type($v) = "string" ? $ymd($match($v, /^([0-9]{1,2})[^0-9]([0-9]{1,2})[^0-9]([0-9]{4})/), 2, 1, 0, $v) : $v }"#,
};

pub(super) static DATE_MONTH_FIRST: Helper = Helper {
    name: "date_month_first",
    needs: &[&YMD],
    body: r#"function($v) { $type($v) = "string" ? $ymd($match($v, /^([0-9]{1,2})[^0-9]([0-9]{1,2})[^0-9]([0-9]{4})/), 2, 0, 1, $v) : $v }"#,
};

pub(super) static DATE_YEAR_FIRST: Helper = Helper {
    name: "date_year_first",
    needs: &[&YMD],
    body: r#"function($v) { $type($v) = "string" ? $ymd($match($v, /^([0-9]{4})[^0-9]([0-9]{1,2})[^0-9]([0-9]{1,2})/), 0, 1, 2, $v) : $v }"#,
};

pub(super) static DATE_DAY_NAME: Helper = Helper {
    name: "date_day_name",
    needs: &[&YMD, &MONTH],
    body: r#"function($v) { $type($v) = "string" ? ($m := $match($v, /([0-9]{1,2})[. -]+([A-Za-z]{3})[A-Za-z]*[., -]+([0-9]{4})/); $n := $month($m[0].groups[1]); $exists($n) ? $m[0].groups[2] & "-" & $n & "-" & $pad($m[0].groups[0], -2, "0") : $v) : $v }"#,
};

pub(super) static DATE_MONTH_NAME: Helper = Helper {
    name: "date_month_name",
    needs: &[&YMD, &MONTH],
    body: r#"function($v) { $type($v) = "string" ? ($m := $match($v, /([A-Za-z]{3})[A-Za-z]*[. -]+([0-9]{1,2})[a-z]*[, -]+([0-9]{4})/); $n := $month($m[0].groups[0]); $exists($n) ? $m[0].groups[2] & "-" & $n & "-" & $pad($m[0].groups[1], -2, "0") : $v) : $v }"#,
};

/// Milliseconds from the year 1 to 1970: a count beyond this, on either side, is no date.
pub(super) static EPOCH_DATE: Helper = Helper {
    name: "epoch_date",
    needs: &[],
    body: r#"function($v, $ms) { $type($v) = "number" and $abs($v) < 62135596800000 / $ms ? $substring($fromMillis($floor($v * $ms)), 0, 10) : $v }"#,
};

pub(super) static EPOCH_TIME: Helper = Helper {
    name: "epoch_time",
    needs: &[],
    body: r#"function($v, $ms) { $type($v) = "number" and $abs($v) < 62135596800000 / $ms ? $fromMillis($floor($v * $ms)) : $v }"#,
};

pub(super) static ENUM: Helper = Helper {
    name: "word",
    needs: &[],
    body: r#"function($v, $table, $other) { $type($v) in ["string", "number", "boolean"] ? ($w := $lookup($table, $replace($lowercase($string($v)), /[_\-]/, " ")); $exists($w) ? $w : $other) : $other }"#,
};

pub(super) static ENUM_OR_KEEP: Helper = Helper {
    name: "word_or_same",
    needs: &[],
    body: r#"function($v, $table) { $type($v) in ["string", "number", "boolean"] ? ($w := $lookup($table, $replace($lowercase($string($v)), /[_\-]/, " ")); $exists($w) ? $w : $v) : $v }"#,
};

pub(super) static UPPER: Helper = Helper {
    name: "upper",
    needs: &[],
    body: r#"function($v) { $type($v) = "string" ? $uppercase($v) : $v }"#,
};

pub(super) static LOWER: Helper = Helper {
    name: "lower",
    needs: &[],
    body: r#"function($v) { $type($v) = "string" ? $lowercase($v) : $v }"#,
};

pub(super) static NOT: Helper = Helper {
    name: "opposite",
    needs: &[],
    body: r#"function($v) { $type($v) = "boolean" ? $not($v) : $v }"#,
};

pub(super) static BEFORE: Helper = Helper {
    name: "before",
    needs: &[],
    body: r#"function($v, $mark) { $type($v) = "string" ? $trim($substringBefore($v, $mark)) : $v }"#,
};

pub(super) static AFTER: Helper = Helper {
    name: "after",
    needs: &[],
    body: r#"function($v, $mark) { $type($v) = "string" ? ($contains($v, $mark) ? $trim($substringAfter($v, $mark)) : null) : $v }"#,
};

pub(super) static AFTER_LAST: Helper = Helper {
    name: "afterLast",
    needs: &[],
    body: r#"function($v, $mark) { $type($v) = "string" ? $trim($split($v, $mark)[-1]) : $v }"#,
};

pub(super) static FIRST: Helper = Helper {
    name: "first",
    needs: &[],
    body: r#"function($v) { $type($v) = "array" ? $v[0] : $v }"#,
};

pub(super) static LAST: Helper = Helper {
    name: "last",
    needs: &[],
    body: r#"function($v) { $type($v) = "array" ? $v[-1] : $v }"#,
};

pub(super) static DOMAIN: Helper = Helper {
    name: "domain",
    needs: &[],
    body: r#"function($v) { $type($v) = "string" ? $replace($split($replace($lowercase($v), /^([a-z]+:\/\/|.*@)/, ""), /[\/?#:]/)[0], /^www\./, "") : $v }"#,
};

pub(super) static FALSE_IS_NULL: Helper =
    Helper { name: "false_is_null", needs: &[], body: "function($v) { $v = false ? null : $v }" };

pub(super) static ADDRESS: Helper = Helper {
    name: "address",
    needs: &[],
    body: r#"function($v) { $type($v) = "string" ? ($m := $match($v, /[^\s<>"',;:()]+@[^\s<>"',;:()]+/); $exists($m) ? $m[0].match : $v) : $v }"#,
};

pub(super) static DIFFERENCE: Helper = Helper {
    name: "difference",
    needs: &[&PLAIN, &NUMBER],
    body: r#"function($plus, $minus) { ($p := $decimal($plus); $m := $decimal($minus); $type($p) = "number" ? ($type($m) = "number" ? $p - $abs($m) : $p) : $type($m) = "number" ? 0 - $abs($m) : $p) }"#,
};

pub(super) static FIRST_OF: Helper = Helper {
    name: "first_of",
    needs: &[],
    body: r#"function($values) { $filter($values, function($v) { $v != null and $v != "" })[0] }"#,
};

pub(super) static JOINED: Helper = Helper {
    name: "joined",
    needs: &[],
    body: r#"function($values, $mark) { $join($map($filter($values, function($v) { $type($v) in ["string", "number"] and $v != "" }), function($v) { $string($v) }), $mark) }"#,
};
