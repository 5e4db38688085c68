//! "Did you mean …?": the nearest right word to a wrong one.

/// The candidate that is most like `given`, if any is like it at all.
pub fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LIKE: f64 = 0.75;
    // Distances are quadratic: a hostile kilobyte is not worth a suggestion.
    if given.len() > 100 {
        return None;
    }
    candidates
        .into_iter()
        .map(|it| (strsim::jaro_winkler(given, it), it))
        .filter(|(likeness, _)| *likeness >= LIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, it)| it)
}

/// Up to `n` candidates, the most alike first.
pub fn nearest_few<'a>(
    given: &str,
    candidates: impl IntoIterator<Item = &'a str>,
    n: usize,
) -> Vec<&'a str> {
    let mut scored: Vec<_> =
        candidates.into_iter().map(|it| (strsim::jaro_winkler(given, it), it)).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.into_iter().take(n).map(|(_, it)| it).collect()
}
