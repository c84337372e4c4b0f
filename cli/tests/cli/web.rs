//! `choo web`: the socket, the address, and how it ends.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;

use crate::common::Home;

#[test]
fn s0_66_it_creates_the_socket_for_its_user_alone() {
    let home = Home::new();
    let hub = home.hub();
    let meta = fs::symlink_metadata(home.socket()).unwrap();
    assert!(meta.file_type().is_socket());
    assert_eq!(meta.permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(home.path().join(".choo")).unwrap().permissions().mode() & 0o777, 0o700);
    hub.stop().code(0);
    assert!(!home.socket().exists());
}

#[test]
fn the_first_line_is_the_address_with_the_token() {
    let home = Home::new();
    let hub = home.hub();
    let token = fs::read_to_string(home.path().join(".local/state/choo/token")).unwrap();
    assert!(hub.url.ends_with(&format!("/#token={}", token.trim())), "{}", hub.url);
    let ended = hub.stop().code(0);
    assert_eq!(ended.stdout.len(), 1, "{ended:#?}");
}

#[test]
fn data_token_file_and_no_token_decide_where_the_token_is() {
    let home = Home::new();
    for (args, file) in [
        (&["--data", "data"][..], Some("data/token")),
        (&["--token-file", "my-token"], Some("my-token")),
        (&["--no-token"], None),
    ] {
        let mut web = home.start([&["web", "--listen", "127.0.0.1:0"], args].concat());
        let url = web.out("http://");
        match file {
            Some(file) => {
                let token = fs::read_to_string(home.path().join(file)).unwrap();
                assert!(url.ends_with(&format!("#token={}", token.trim())), "{url}");
            }
            None => assert!(url.ends_with('/'), "{url}"),
        }
        web.signal(rustix::process::Signal::INT);
        web.end().code(0);
    }
}

#[test]
fn url_prints_the_address_of_the_hub_that_runs() {
    let home = Home::new();
    let ended = home.run(["web", "--url"]).code(1);
    assert!(ended.err().contains("no hub is running") && ended.err().contains("choo web"), "{ended:#?}");
    let hub = home.hub();
    let ended = home.run(["web", "--url"]).code(0);
    assert_eq!(ended.out(), hub.url);
    hub.kill();
    home.run(["web", "--url"]).code(1);
}

#[test]
fn a_second_hub_names_the_first_and_ends() {
    let home = Home::new();
    let hub = home.hub();
    let ended = home.run(["web", "--listen", "127.0.0.1:0"]).code(1);
    assert!(ended.stdout.is_empty(), "{ended:#?}");
    assert!(ended.err().contains("another hub is running") && ended.err().contains(&hub.url), "{ended:#?}");
    assert!(UnixStream::connect(home.socket()).is_ok(), "the first one still serves");
    hub.stop().code(0);
}

#[test]
fn what_cannot_be_a_socket_is_named() {
    let home = Home::new();
    fs::create_dir(home.path().join("dir")).unwrap();
    home.file("file", "");
    let long = "x".repeat(200);
    for (socket, word) in [("dir", "directory"), ("file", "file"), (long.as_str(), "bytes")] {
        let socket = home.path().join(socket);
        let args = ["web", "--listen", "127.0.0.1:0", "--socket", socket.to_str().unwrap()];
        let ended = home.run(args);
        assert!(matches!(ended.status.code(), Some(1 | 2)), "{ended:#?}");
        assert!(ended.stderr[0].starts_with("error: ") && ended.stderr[0].contains(word), "{ended:#?}");
    }
}

#[test]
fn only_loopback_is_listened_on() {
    let home = Home::new();
    let ended = home.run(["web", "--listen", "0.0.0.0:0"]).code(2);
    assert!(ended.err().contains("0.0.0.0:0 is not a loopback address"), "{ended:#?}");
    assert!(!home.socket().exists());
}

#[test]
fn wrong_sizes_and_hosts_are_usage_errors() {
    let home = Home::new();
    for args in [["--history-bytes", "lots"], ["--allow-origin", "not an origin"], ["--listen", "nowhere"]] {
        home.run([&["web"], &args[..]].concat()).code(2);
    }
}
