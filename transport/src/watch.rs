//! Notices the hub's socket when it appears, so that nobody waits out a delay for it.

use std::fs;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Watches the place of a socket between attempts to connect. Where the system cannot say what happens
/// in a directory, it never notices anything, and the delays between attempts are all there is.
#[derive(Debug)]
pub(crate) struct Watch {
    path: PathBuf,
    /// What was at the path before the last attempt.
    seen: Option<Identity>,
    /// Whether something has happened since.
    stirred: bool,
    directory: Option<directory::Directory>,
    /// Whether the system does not say what happens.
    blind: bool,
}

impl Watch {
    pub(crate) fn new(path: PathBuf) -> Self {
        Watch { path, seen: None, stirred: false, directory: None, blind: false }
    }

    /// An attempt begins: what is at the path now is no news.
    pub(crate) fn note(&mut self) {
        (self.directory, self.stirred, self.blind) = (None, false, false);
        self.seen = identity(&self.path);
    }

    /// Resolves when something else is at the path than before the attempt. May be dropped and called again.
    pub(crate) async fn appeared(&mut self) {
        while !self.begin() {
            match &self.directory {
                Some(directory) => directory.changed().await,
                None => std::future::pending().await,
            }
            self.look_anew();
        }
    }

    /// Whether something else is there by now. To be asked when [`Watch::descriptor`] can be read.
    pub(crate) fn has_appeared(&mut self) -> bool {
        loop {
            if self.begin() {
                return true;
            }
            if !self.directory.as_ref().is_some_and(directory::Directory::has_changed) {
                return false;
            }
            self.look_anew();
        }
    }

    /// What can be read when something has happened that may matter.
    pub(crate) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.directory.as_ref().map(directory::Directory::descriptor)
    }

    /// Begins to watch the nearest directory; answers whether something else is there already.
    fn begin(&mut self) -> bool {
        while self.directory.is_none() && !self.blind {
            let place = nearest(&self.path);
            let directory = place.and_then(|(dir, name)| directory::Directory::watch(dir, name));
            // Folders that came or went before the watch was set gave no sign.
            if nearest(&self.path) != place {
                continue;
            }
            self.blind = directory.is_none();
            self.directory = directory;
            // Nor did the socket.
            if !self.blind && self.is_news() {
                return true;
            }
        }
        false
    }

    /// The next part of the path may have come, or the directory may be gone.
    fn look_anew(&mut self) {
        (self.directory, self.stirred) = (None, true);
    }

    fn is_news(&self) -> bool {
        let found = identity(&self.path);
        found.is_some() && (self.stirred || found != self.seen)
    }
}

/// Device, inode and time of change: an inode alone is used again at once.
type Identity = (u64, u64, i64, i64);

fn identity(path: &Path) -> Option<Identity> {
    let found = fs::symlink_metadata(path).ok()?;
    Some((found.dev(), found.ino(), found.ctime(), found.ctime_nsec()))
}

/// The nearest directory above the path that is there, and the name below it that leads to the path.
fn nearest(path: &Path) -> Option<(&Path, &std::ffi::OsStr)> {
    path.ancestors().find_map(|below| {
        let dir = below.parent()?;
        dir.is_dir().then_some((dir, below.file_name()?))
    })
}

#[cfg(target_os = "linux")]
mod directory {
    use std::ffi::{OsStr, OsString};
    use std::mem::MaybeUninit;
    use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    use async_io::Async;
    use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};

    /// A directory in which a name is awaited.
    #[derive(Debug)]
    pub(super) struct Directory {
        inotify: Async<OwnedFd>,
        name: OsString,
        /// The watch on the directory above, and what the directory is called there.
        above: Option<(i32, OsString)>,
    }

    impl Directory {
        pub(super) fn watch(dir: &Path, name: &OsStr) -> Option<Self> {
            let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).ok()?;
            let entries = WatchFlags::CREATE | WatchFlags::MOVED_TO;
            let itself = WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF | WatchFlags::ONLYDIR;
            inotify::add_watch(&inotify, dir, entries | itself).ok()?;
            // A directory that is removed while somebody uses it, as a socket in it does, gives no sign
            // itself.
            let above = dir.parent().zip(dir.file_name()).and_then(|(above, own)| {
                let gone = WatchFlags::DELETE | WatchFlags::MOVED_FROM | WatchFlags::ONLYDIR;
                Some((inotify::add_watch(&inotify, above, gone).ok()?, own.to_owned()))
            });
            Some(Directory { inotify: Async::new_nonblocking(inotify).ok()?, name: name.to_owned(), above })
        }

        /// What can be read when something has happened in it.
        pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
            self.inotify.as_fd()
        }

        /// Resolves when the name has come or the directory itself has changed.
        pub(super) async fn changed(&self) {
            loop {
                if self.inotify.readable().await.is_err() || self.has_changed() {
                    return;
                }
            }
        }

        /// Whether that is so by what is to be read now.
        pub(super) fn has_changed(&self) -> bool {
            let mut buffer = [MaybeUninit::uninit(); 4 << 10];
            let mut events = inotify::Reader::new(&self.inotify, &mut buffer);
            while let Ok(event) = events.next() {
                let awaited = match &self.above {
                    Some((watch, own)) if *watch == event.wd() => own,
                    _ => &self.name,
                };
                let named = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()) == awaited);
                let about_itself = event.events().intersects(
                    ReadFlags::DELETE_SELF
                        | ReadFlags::MOVE_SELF
                        | ReadFlags::IGNORED
                        | ReadFlags::QUEUE_OVERFLOW,
                );
                if about_itself || named == Some(true) {
                    return true;
                }
            }
            false
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod directory {
    use std::ffi::OsStr;
    use std::os::fd::BorrowedFd;
    use std::path::Path;

    /// Nothing is known here of what happens in directories.
    #[derive(Debug)]
    pub(super) enum Directory {}

    impl Directory {
        pub(super) fn watch(_dir: &Path, _name: &OsStr) -> Option<Self> {
            None
        }

        pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
            match *self {}
        }

        pub(super) async fn changed(&self) {
            match *self {}
        }

        pub(super) fn has_changed(&self) -> bool {
            match *self {}
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::net::UnixListener;

    use futures_lite::future::{block_on, poll_once};

    use super::*;

    fn is_quiet(watch: &mut Watch) -> bool {
        block_on(poll_once(watch.appeared())).is_none()
    }

    #[test]
    fn a_socket_is_noticed_wherever_its_directories_begin() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b/web.sock");
        let mut watch = Watch::new(path.clone());
        watch.note();
        assert!(is_quiet(&mut watch));
        fs::write(root.path().join("other"), "").unwrap();
        fs::create_dir(root.path().join("a")).unwrap();
        assert!(is_quiet(&mut watch));
        fs::create_dir(root.path().join("a/b")).unwrap();
        let _socket = UnixListener::bind(&path).unwrap();
        async_io::block_on(watch.appeared());
    }

    /// A hub that has lost its folder goes on listening where nobody finds it.
    #[test]
    fn a_directory_that_is_removed_while_a_socket_in_it_lives_is_left() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("a");
        let path = dir.join("web.sock");
        fs::create_dir(&dir).unwrap();
        let _lost = UnixListener::bind(&path).unwrap();
        let mut watch = Watch::new(path.clone());
        watch.note();
        assert!(is_quiet(&mut watch));
        fs::remove_dir_all(&dir).unwrap();
        fs::create_dir(&dir).unwrap();
        let _found = UnixListener::bind(&path).unwrap();
        async_io::block_on(watch.appeared());
    }

    #[test]
    fn what_was_there_is_no_news_and_what_replaces_it_is() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("web.sock");
        drop(UnixListener::bind(&path).unwrap());
        let mut watch = Watch::new(path.clone());
        watch.note();
        assert!(is_quiet(&mut watch));
        let fresh = root.path().join("fresh");
        let _socket = UnixListener::bind(&fresh).unwrap();
        fs::rename(&fresh, &path).unwrap();
        async_io::block_on(watch.appeared());
        watch.note();
        assert!(is_quiet(&mut watch));
        // The directory goes, and another comes in its place.
        let away = root.path().with_extension("away");
        fs::rename(root.path(), &away).unwrap();
        assert!(is_quiet(&mut watch));
        fs::create_dir(root.path()).unwrap();
        assert!(is_quiet(&mut watch));
        let _another = UnixListener::bind(&path).unwrap();
        async_io::block_on(watch.appeared());
        fs::remove_dir_all(away).unwrap();
    }
}
