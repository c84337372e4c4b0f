//! Tickets: what lets a reader in that can send no header, such as a browser's `EventSource`.

use std::time::Duration;

use choo_protocol::Timestamp;
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::token::Token;

/// How long a ticket is good for: 12 h.
pub(crate) const TICKET_LIFE: Duration = Duration::from_hours(12);

/// Apart from everything else that might ever be signed with the token.
const PURPOSE: &[u8] = b"choo ticket 1 view ";

/// Leave to read, for a while. It is the time it ends and a signature with the token (HMAC-SHA256, RFC 2104),
/// so nobody has to remember it and it outlives a restart of the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) text: String,
    pub(crate) expires: Timestamp,
}

impl Ticket {
    /// A ticket from now on.
    pub(crate) fn issue(token: &Token, now: Timestamp) -> Self {
        let seconds = now.unix_millis() / 1000 + i64::try_from(TICKET_LIFE.as_secs()).unwrap_or(0);
        let expires = Timestamp::from_unix_nanos(i128::from(seconds) * 1_000_000_000);
        let signature = BASE64URL_NOPAD.encode(&sign(token, seconds).finalize().into_bytes());
        Ticket { text: format!("{seconds}.{signature}"), expires }
    }

    /// Whether a text is a ticket that this token signed and that is still good. Takes the same time wherever
    /// a wrong signature differs.
    pub(crate) fn admits(text: &str, token: &Token, now: Timestamp) -> bool {
        let Some((expires, signature)) = text.split_once('.') else { return false };
        // The one way in which we write it, so that no two texts are the same ticket.
        let Some(seconds) = expires.parse().ok().filter(|seconds: &i64| seconds.to_string() == expires)
        else {
            return false;
        };
        let Ok(signature) = BASE64URL_NOPAD.decode(signature.as_bytes()) else { return false };
        sign(token, seconds).verify_slice(&signature).is_ok() && now.unix_millis() / 1000 < seconds
    }
}

fn sign(token: &Token, expires: i64) -> Hmac<Sha256> {
    let key = token.expose().as_bytes();
    // A key of any length will do for HMAC.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!("any length is a key"));
    mac.update(PURPOSE);
    mac.update(expires.to_string().as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Token {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        std::fs::write(&path, text).unwrap();
        Token::load(&path).unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_nanos(i128::from(seconds) * 1_000_000_000)
    }

    #[test]
    fn a_ticket_is_good_for_twelve_hours_and_for_its_token() {
        let (token, other) = (token("0123456789abcdef"), token("0123456789abcdeg"));
        let ticket = Ticket::issue(&token, at(1_800_000_000));
        assert_eq!(ticket.expires, at(1_800_000_000 + 12 * 3600));
        assert!(Ticket::admits(&ticket.text, &token, at(1_800_000_000)));
        assert!(Ticket::admits(&ticket.text, &token, at(1_800_000_000 + 12 * 3600 - 1)));
        assert!(!Ticket::admits(&ticket.text, &token, at(1_800_000_000 + 12 * 3600)));
        assert!(!Ticket::admits(&ticket.text, &other, at(1_800_000_000)));
        assert!(!ticket.text.contains("0123456789abcdef"));
    }

    #[test]
    fn nothing_else_is_a_ticket() {
        let token = token("0123456789abcdef");
        let ticket = Ticket::issue(&token, at(1_800_000_000)).text;
        let (expires, signature) = ticket.split_once('.').unwrap();
        let forged = [
            String::new(),
            ".".to_owned(),
            expires.to_owned(),
            format!("{expires}."),
            format!("1900000000.{signature}"),
            format!("+{ticket}"),
            format!("0{ticket}"),
            format!("{ticket}="),
            format!("{ticket}A"),
            ticket[..ticket.len() - 1].to_owned(),
            format!("{expires}.{}", signature.to_uppercase()),
            format!("99999999999999999999.{signature}"),
        ];
        for text in forged {
            assert!(!Ticket::admits(&text, &token, at(1_800_000_000)), "{text:?}");
        }
    }
}
