//! Where settings come from, and what is refused.

use super::*;

fn load(variables: &[(&str, &str)]) -> Result<Config> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::load(&Overrides::default(), variables)
}

#[test]
fn the_environment_overrides_the_defaults() {
    let config = load(&[("WIRELINE_RETENTION_DAYS", "7"), ("WIRELINE_DATA", "/x")]).unwrap();
    assert_eq!(config.retention.days, 7);
    assert_eq!(config.data().unwrap(), PathBuf::from("/x"));
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_name() {
    let error = format!("{:#}", load(&[("WIRELINE_SERVER_LISTNE", "x")]).unwrap_err());
    assert!(error.contains("did you mean listen?"), "{error}");
}

#[test]
fn a_value_out_of_range_names_the_range() {
    let error = format!("{:#}", load(&[("WIRELINE_RETENTION_DAYS", "0")]).unwrap_err());
    assert!(error.contains("1 to 3650"), "{error}");
}

#[test]
fn settings_never_print_their_secrets() {
    let config = load(&[("WIRELINE_DATABASE_URL", "postgres://me:hunter2@host/db")]).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
}
