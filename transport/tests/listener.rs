//! The hub's end of the socket, on a real file system.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use choo_transport::{ListenError, Listener, SocketPathError};

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

fn scratch() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("choo/web.sock");
    (dir, path)
}

#[test]
fn s0_66_the_socket_is_made_at_its_path_for_its_user_alone() {
    let (_dir, path) = scratch();
    let listener = Listener::bind(&path).unwrap();
    assert!(fs::symlink_metadata(&path).unwrap().file_type().is_socket());
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    let mut names: Vec<_> =
        fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["web.sock", "web.sock.lock"], "nothing is left of the making");

    let mut client = UnixStream::connect(&path).unwrap();
    client.write_all(b"x").unwrap();
    drop(client);
    let (stream, peer) = smol::block_on(listener.accept()).unwrap();
    if cfg!(target_os = "linux") {
        assert_eq!(peer.pid, Some(std::process::id()));
    }
    let mut stream = stream.into_inner().unwrap();
    stream.set_nonblocking(false).unwrap();
    let mut got = String::new();
    stream.read_to_string(&mut got).unwrap();
    assert_eq!(got, "x");

    drop(listener);
    assert!(!path.exists());
}

#[test]
fn an_existing_directory_keeps_its_mode() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let path = dir.path().join("web.sock");
    let _listener = Listener::bind(&path).unwrap();
    assert_eq!(mode(dir.path()), 0o755);
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn a_second_hub_learns_of_the_first_and_harms_nothing() {
    let (_dir, path) = scratch();
    let first = Listener::bind(&path).unwrap();
    let Err(ListenError::AlreadyRunning { announced: None, .. }) = Listener::bind(&path) else {
        panic!("two hubs on one socket");
    };
    first.announce("http://127.0.0.1:8080/#token=abc").unwrap();
    let error = Listener::bind(&path).unwrap_err();
    assert!(error.to_string().contains("running at http://127.0.0.1:8080/#token=abc;"), "{error}");
    UnixStream::connect(&path).expect("the first hub's socket is still there");
    drop(first);
    Listener::bind(&path).expect("the place is free again");
}

#[test]
fn what_a_killed_hub_left_is_taken_over() {
    let (_dir, path) = scratch();
    fs::create_dir(path.parent().unwrap()).unwrap();
    // A bound socket that is closed without being removed is exactly what SIGKILL leaves.
    drop(UnixListener::bind(&path).unwrap());
    let _listener = Listener::bind(&path).unwrap();
    UnixStream::connect(&path).unwrap();
}

#[test]
fn a_listener_without_a_lock_is_not_pushed_out() {
    let (_dir, path) = scratch();
    fs::create_dir(path.parent().unwrap()).unwrap();
    let _other = UnixListener::bind(&path).unwrap();
    let Err(ListenError::AlreadyRunning { announced: None, .. }) = Listener::bind(&path) else {
        panic!("took a socket that was in use");
    };
    UnixStream::connect(&path).unwrap();
}

#[test]
fn only_its_own_socket_is_removed() {
    let (_dir, path) = scratch();
    let first = Listener::bind(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let _other = UnixListener::bind(&path).unwrap();
    drop(first);
    UnixStream::connect(&path).expect("somebody else's socket is still there");
}

#[test]
fn each_unusable_path_is_named_with_its_remedy() {
    let (dir, path) = scratch();
    let error = Listener::bind(dir.path()).unwrap_err();
    assert!(matches!(error, ListenError::IsDirectory { .. }));
    assert_eq!(
        error.to_string(),
        format!("socket path is a directory; name a file in it: {}", dir.path().display())
    );

    fs::create_dir(path.parent().unwrap()).unwrap();
    fs::write(&path, "precious").unwrap();
    assert!(matches!(Listener::bind(&path), Err(ListenError::NotASocket { .. })));
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    assert!(!path.with_extension("sock.lock").exists(), "no lock file beside a mistyped path");

    let Err(ListenError::Path(SocketPathError::Relative { .. })) = Listener::bind("web.sock") else {
        panic!("relative path taken");
    };
    let long = dir.path().join("d".repeat(100));
    let Err(ListenError::Path(SocketPathError::TooLong { .. })) = Listener::bind(&long) else {
        panic!("long path taken");
    };
    // A file where a directory should be.
    assert!(matches!(Listener::bind(path.join("web.sock")), Err(ListenError::Io { .. })));
}

#[test]
fn an_unwritable_directory_is_a_matter_of_permission() {
    if rustix::process::geteuid().is_root() {
        // No mode keeps root out, but nothing can be made in /proc.
        let error = Listener::bind("/proc/choo/web.sock").unwrap_err();
        assert!(error.to_string().contains("/proc/choo"), "{error}");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let error = Listener::bind(dir.path().join("web.sock")).unwrap_err();
    assert!(matches!(error, ListenError::Permission { .. }), "{error}");
}

#[test]
fn the_longest_path_works_with_the_usual_name() {
    let dir = tempfile::tempdir().unwrap();
    let room = 103 - dir.path().as_os_str().len() - "//web.sock".len();
    let path = dir.path().join("d".repeat(room)).join("web.sock");
    assert_eq!(path.as_os_str().len(), 103);
    let _listener = Listener::bind(&path).unwrap();
    UnixStream::connect(&path).unwrap();
}

#[test]
fn what_a_hub_announced_is_told_while_it_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("web.sock");
    assert_eq!(Listener::announced(&path), None);
    let listener = Listener::bind(&path).unwrap();
    assert_eq!(Listener::announced(&path), None);
    listener.announce("http://127.0.0.1:8080/").unwrap();
    assert_eq!(Listener::announced(&path).as_deref(), Some("http://127.0.0.1:8080/"));
    drop(listener);
    assert_eq!(Listener::announced(&path), None);
}
