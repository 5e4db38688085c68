//! The checksum of an IBAN (ISO 13616).

/// Whether `text`, blanks aside, is an IBAN with the right check digits.
pub fn is_iban(text: &str) -> bool {
    let iban = compact(text);
    let bytes = iban.as_bytes();
    let shaped = (15..=34).contains(&bytes.len())
        && bytes.iter().take(2).all(u8::is_ascii_uppercase)
        && bytes.iter().skip(2).take(2).all(u8::is_ascii_digit)
        && bytes.iter().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit());
    shaped && remainder(bytes) == 1
}

/// Without blanks and hyphens, in capitals: the form that is stored.
pub(super) fn compact(text: &str) -> String {
    text.chars().filter(|it| !it.is_whitespace() && *it != '-').collect::<String>().to_uppercase()
}

/// The number that the IBAN spells with its first four characters moved to the end, modulo 97.
fn remainder(bytes: &[u8]) -> u32 {
    let rotated = bytes.iter().skip(4).chain(bytes.iter().take(4));
    rotated.fold(0, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte.wrapping_sub(b'A')) + 10) % 97,
    })
}
