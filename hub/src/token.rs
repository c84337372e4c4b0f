//! The secret that keeps other users' processes and other pages out.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use data_encoding::BASE64URL_NOPAD;
use subtle::ConstantTimeEq;

/// A token; never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(String);

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The file holds no token; whoever wrote it is at fault.
    #[error("no token in the token file (a line of 16 to 256 of A-Z a-z 0-9 - _); correct or remove it: {}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The system would not read or make the file.
    #[error("cannot {doing} ({source}): {}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no home directory and so no place for the file.
    #[error("no home directory for the token file; name one with --token-file")]
    NoPlace,
}

/// Bytes of randomness in a token of ours.
const RANDOM_BYTES: usize = 32;

/// The lengths accepted from a file.
const LENGTHS: std::ops::RangeInclusive<usize> = 16..=256;

impl Token {
    /// The token in a file, which is made if it is not there: readable by its user alone from the first
    /// moment, and whole or not at all.
    pub(crate) fn load(path: &Path) -> Result<Self, TokenError> {
        match File::open(path) {
            Ok(file) => Token::read(file, path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Token::create(path),
            Err(source) => {
                Err(TokenError::Io { doing: "read the token file", path: path.to_owned(), source })
            }
        }
    }

    fn read(file: File, path: &Path) -> Result<Self, TokenError> {
        let failed = |source| TokenError::Io { doing: "read the token file", path: path.to_owned(), source };
        let mode = file.metadata().map_err(failed)?.permissions().mode();
        if mode & 0o077 != 0 {
            tracing::warn!(path = %path.display(), mode = format!("{:o}", mode & 0o777), "other users can read the token file");
        }
        let mut text = String::new();
        match file.take(1024).read_to_string(&mut text) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::InvalidData => text.clear(),
            Err(source) => return Err(failed(source)),
        }
        Token::parse(text.trim()).ok_or_else(|| TokenError::Malformed { path: path.to_owned() })
    }

    fn create(path: &Path) -> Result<Self, TokenError> {
        let failed = |doing| move |source| TokenError::Io { doing, path: path.to_owned(), source };
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(failed("make the token file's directory"))?;
        let mut random = [0; RANDOM_BYTES];
        getrandom::fill(&mut random)
            .map_err(|error| failed("get randomness for the token file")(error.into()))?;
        let token = Token(BASE64URL_NOPAD.encode(&random));

        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}", std::process::id()));
        let temporary = dir.join(name);
        let written = (|| {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
            file.write_all(token.0.as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            // Whoever made the file in the meantime keeps it.
            fs::hard_link(&temporary, path)
        })();
        let _ = fs::remove_file(&temporary);
        match written {
            Ok(()) => Ok(token),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Token::read(File::open(path).map_err(failed("read the token file"))?, path)
            }
            Err(source) => Err(failed("make the token file")(source)),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let fits = LENGTHS.contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        fits.then(|| Token(text.to_owned()))
    }

    /// Whether this is the token. Takes the same time wherever the first difference is.
    pub(crate) fn matches(&self, presented: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(presented).into()
    }

    /// The token as text, for the URL that its user is given.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once_for_its_user_alone_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data/token");
        let token = Token::load(&path).unwrap();
        assert_eq!(token.expose().len(), 43);
        assert_eq!(Token::load(&path).unwrap(), token);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing left beside it");
        assert_ne!(Token::load(&dir.path().join("another")).unwrap(), token);
    }

    #[test]
    fn only_the_token_matches() {
        let token = Token::parse("0123456789abcdef").unwrap();
        assert!(token.matches(b"0123456789abcdef"));
        for wrong in [&b""[..], b"0123456789abcde", b"0123456789abcdeF", b"0123456789abcdef0", b"\xff"] {
            assert!(!token.matches(wrong));
        }
        assert_eq!(format!("{token:?}"), "Token(..)");
    }

    #[test]
    fn a_file_without_a_token_is_refused_with_its_path() {
        let dir = tempfile::tempdir().unwrap();
        for content in [&b""[..], b"\n", b"short", b"with a blank in the middle", b"\xff\xfe0123456789abcdef"]
        {
            let path = dir.path().join("token");
            fs::write(&path, content).unwrap();
            let error = Token::load(&path).unwrap_err();
            assert!(matches!(error, TokenError::Malformed { .. }), "{error}");
            assert!(error.to_string().ends_with(path.to_str().unwrap()));
        }
        fs::write(dir.path().join("token"), "  0123456789abcdef\r\n").unwrap();
        assert_eq!(Token::load(&dir.path().join("token")).unwrap().expose(), "0123456789abcdef");
        assert!(matches!(Token::load(dir.path()), Err(TokenError::Io { .. })));
    }
}
