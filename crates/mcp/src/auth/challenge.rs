//! The parameters of a `WWW-Authenticate` header.

/// The value of a parameter: `Bearer scope="a b", realm=x`.
pub(crate) fn parameter(challenge: &str, name: &str) -> Option<String> {
    let lower = challenge.to_ascii_lowercase();
    let word = format!("{name}=");
    let (at, _) = lower.match_indices(word.as_str()).find(|(at, _)| {
        let before = at.checked_sub(1).and_then(|it| lower.as_bytes().get(it));
        before.is_none_or(|it| matches!(it, b' ' | b','))
    })?;
    let rest = challenge.get(at + word.len()..)?;
    let value = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split([',', ' ']).next(),
    };
    value.map(str::to_owned)
}

/// The scopes that a challenge asks for.
pub(crate) fn scopes(challenge: &str) -> Vec<String> {
    let list = parameter(challenge, "scope").unwrap_or_default();
    list.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_from_a_challenge() {
        let scopes = |text| scopes(text).join("+");
        assert_eq!(scopes(r#"Bearer error="insufficient_scope", scope="a:read b""#), "a:read+b");
        assert_eq!(scopes("Bearer scope=a, realm=x"), "a");
        assert_eq!(scopes(r#"Bearer realm="max_scope=3""#), "");
        assert_eq!(scopes("Basic"), "");
    }

    #[test]
    fn other_parameters_are_read_as_well() {
        let text = r#"Bearer realm="x", resource_metadata="https://a.test/.well-known/x""#;
        let found = parameter(text, "resource_metadata");
        assert_eq!(found.as_deref(), Some("https://a.test/.well-known/x"));
    }
}
