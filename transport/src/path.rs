//! Where the socket is.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The longest socket path in bytes that every supported system takes (macOS: `sun_path` has 104 bytes,
/// one of them for the closing NUL; Linux takes four more).
pub const MAX_SOCKET_PATH: usize = 103;

/// A path that cannot name the socket; the caller's configuration is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SocketPathError {
    /// Longer than [`MAX_SOCKET_PATH`].
    #[error(
        "socket path has {bytes} bytes, the system takes {limit}; choose a shorter one, or set \
         XDG_RUNTIME_DIR to a short directory: {}", path.display()
    )]
    TooLong {
        /// The path.
        path: PathBuf,
        /// Its length.
        bytes: usize,
        /// The longest one that would do.
        limit: usize,
    },
    /// Relative to a directory that may change, so that hub and pusher would not meet.
    #[error("socket path must be absolute, such as /run/user/1000/choo/web.sock: {}", path.display())]
    Relative {
        /// The path.
        path: PathBuf,
    },
    /// Empty, or ends in a directory.
    #[error("socket path must name a file, such as /run/user/1000/choo/web.sock: {}", path.display())]
    NoFile {
        /// The path.
        path: PathBuf,
    },
    /// Neither `XDG_RUNTIME_DIR` nor the home directory is an absolute path.
    #[error("no place for the socket: set XDG_RUNTIME_DIR or HOME to an absolute path, or name the socket")]
    NoHome,
}

/// Where hub and pusher meet by default: `$XDG_RUNTIME_DIR/choo/web.sock`, else `~/.choo/web.sock`.
///
/// A relative or empty `XDG_RUNTIME_DIR` is ignored, as its specification asks.
pub fn default_socket_path() -> Result<PathBuf, SocketPathError> {
    socket_path_in(std::env::var_os("XDG_RUNTIME_DIR"), etcetera::home_dir().ok())
}

/// Whether `path` can name the socket on every supported system. Looks at the text only, not at the
/// disk.
///
/// ```
/// use std::path::Path;
/// assert!(choo_transport::check_socket_path(Path::new("/run/user/1000/choo/web.sock")).is_ok());
/// assert!(choo_transport::check_socket_path(Path::new("web.sock")).is_err());
/// ```
pub fn check_socket_path(path: &Path) -> Result<(), SocketPathError> {
    let bytes = path.as_os_str().len();
    if path.file_name().is_none() || path.as_os_str().as_bytes().ends_with(b"/") {
        return Err(SocketPathError::NoFile { path: path.to_owned() });
    }
    if path.is_relative() {
        return Err(SocketPathError::Relative { path: path.to_owned() });
    }
    if bytes > MAX_SOCKET_PATH {
        return Err(SocketPathError::TooLong { path: path.to_owned(), bytes, limit: MAX_SOCKET_PATH });
    }
    Ok(())
}

fn socket_path_in(runtime: Option<OsString>, home: Option<PathBuf>) -> Result<PathBuf, SocketPathError> {
    let runtime = runtime.map(PathBuf::from).filter(|dir| dir.is_absolute());
    let path = match (runtime, home.filter(|dir| dir.is_absolute())) {
        (Some(dir), _) => dir.join("choo/web.sock"),
        (None, Some(dir)) => dir.join(".choo/web.sock"),
        (None, None) => return Err(SocketPathError::NoHome),
    };
    check_socket_path(&path).map(|()| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_dirs(runtime: Option<&str>, home: Option<&str>) -> Result<PathBuf, SocketPathError> {
        socket_path_in(runtime.map(OsString::from), home.map(PathBuf::from))
    }

    #[test]
    fn s0_61_runtime_dir_first_then_home() {
        assert_eq!(in_dirs(Some("/run/user/7"), Some("/home/u")), Ok("/run/user/7/choo/web.sock".into()));
        assert_eq!(in_dirs(None, Some("/home/u")), Ok("/home/u/.choo/web.sock".into()));
    }

    #[test]
    fn s0_b22_relative_directories_are_ignored_and_no_directory_is_an_error() {
        assert_eq!(in_dirs(Some("run"), Some("/home/u")), Ok("/home/u/.choo/web.sock".into()));
        assert_eq!(in_dirs(Some(""), Some("/home/u")), Ok("/home/u/.choo/web.sock".into()));
        assert_eq!(in_dirs(None, Some("home")), Err(SocketPathError::NoHome));
        assert_eq!(in_dirs(Some(""), None), Err(SocketPathError::NoHome));
    }

    #[test]
    fn s0_b22_the_longest_path_fits_and_one_more_does_not() {
        let of_len = |len: usize| format!("/{}", "d".repeat(len - 1));
        assert_eq!(check_socket_path(Path::new(&of_len(103))), Ok(()));
        let error = check_socket_path(Path::new(&of_len(104))).unwrap_err();
        assert!(matches!(error, SocketPathError::TooLong { bytes: 104, limit: 103, .. }));
        assert!(error.to_string().contains("choose a shorter one"), "{error}");
        let dir = of_len(95);
        assert!(matches!(in_dirs(Some(&dir), None), Err(SocketPathError::TooLong { .. })));
    }

    #[test]
    fn a_path_must_be_absolute_and_name_a_file() {
        for bad in ["", "/", "/run/", ".."] {
            assert!(
                matches!(check_socket_path(Path::new(bad)), Err(SocketPathError::NoFile { .. })),
                "{bad}"
            );
        }
        for bad in ["web.sock", "./web.sock"] {
            assert!(
                matches!(check_socket_path(Path::new(bad)), Err(SocketPathError::Relative { .. })),
                "{bad}"
            );
        }
    }
}
