//! Folder events as hints: what appears in an inbox wakes the engine at once instead of at the next scan.
//!
//! Events get lost: the queue overflows (an event without a path), a network file system sends none, a folder that is
//! deleted and made again falls silent. So every event is only a hint, an event without a path is one too, and the
//! watch on every folder is renewed at every scan (crates.md 1.3).
//!
//! Must not: read or touch a file.

use super::Hint;
use notify::event::{AccessKind, AccessMode, CreateKind, ModifyKind, RenameMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::path::PathBuf;
use std::sync::mpsc::Sender;

/// The watch on all inboxes; ends when dropped.
pub(super) struct Watch {
    watcher: Option<RecommendedWatcher>,
    inboxes: Vec<PathBuf>,
}

impl Watch {
    /// Watches the inboxes. Where the system refuses, the scan alone must do, and the log says so.
    pub(super) fn start(inboxes: &[PathBuf], post: Sender<Hint>) -> Self {
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if let Some(hint) = hint_of(event) {
                // Nobody listens any more when the daemon is about to end.
                let _engine_ended = post.send(hint);
            }
        });
        let watcher = watcher
            .inspect_err(
                |error| tracing::warn!(%error, "folders cannot be watched; the scan alone looks at them"),
            )
            .ok();
        let mut watch = Self { watcher, inboxes: inboxes.to_vec() };
        watch.renew();
        watch
    }

    /// Watches these inboxes from now on; those that are no more stay silent.
    pub(super) fn follow(&mut self, inboxes: Vec<PathBuf>) {
        self.inboxes = inboxes;
        self.renew();
    }

    /// Watches every inbox anew: one that was deleted and made again would stay silent otherwise.
    pub(super) fn renew(&mut self) {
        let Some(watcher) = &mut self.watcher else { return };
        for inbox in &self.inboxes {
            if let Err(error) = watcher.watch(inbox, RecursiveMode::NonRecursive) {
                tracing::debug!(inbox = %inbox.display(), %error, "not watched; the scan alone looks at it");
            }
        }
    }
}

/// What an event hints at; nothing for one that cannot mean a new file.
fn hint_of(event: notify::Result<Event>) -> Option<Hint> {
    let Ok(event) = event else { return Some(Hint::Look) };
    match event.kind {
        EventKind::Modify(ModifyKind::Name(RenameMode::To)) => Some(Hint::RenamedIn(event.paths)),
        EventKind::Modify(ModifyKind::Name(RenameMode::Both)) => {
            Some(Hint::RenamedIn(event.paths.into_iter().skip(1).collect()))
        }
        EventKind::Access(AccessKind::Close(AccessMode::Write))
        // A hard link comes with no other event.
        | EventKind::Create(CreateKind::File | CreateKind::Any | CreateKind::Other)
        | EventKind::Remove(_) => Some(Hint::Look),
        _ if event.need_rescan() => Some(Hint::Look),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::{Flag, ModifyKind};

    #[test]
    fn renames_tell_their_paths_and_overflows_are_hints_without_one() {
        let renamed =
            Event::new(EventKind::Modify(ModifyKind::Name(RenameMode::To))).add_path("inbox/a".into());
        assert!(
            matches!(hint_of(Ok(renamed)), Some(Hint::RenamedIn(paths)) if paths == [PathBuf::from("inbox/a")])
        );
        let overflow = Event::new(EventKind::Other).set_flag(Flag::Rescan);
        assert!(matches!(hint_of(Ok(overflow)), Some(Hint::Look)));
        let read = Event::new(EventKind::Access(AccessKind::Read));
        assert!(hint_of(Ok(read)).is_none());
        assert!(matches!(hint_of(Err(notify::Error::generic("lost"))), Some(Hint::Look)));
    }
}
