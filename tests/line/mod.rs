//! Two stations and the line between them, with somebody on it.
//!
//! Must not: assert what a test is about; only what must hold after every accident.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use sunap::clock::Manual;
use sunap::transfer::{Broken, Direction, Role, Secret, Settings, Station, Store, Wire};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

/// What happens on the line. Messages of both ways are counted together, from 0.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Accident {
    None,
    /// So many bytes of message `at` get through, then nothing ever; `None`: all of it, and nothing after.
    Cut {
        at: usize,
        part: Option<usize>,
    },
    Drop {
        at: usize,
    },
    Twice {
        at: usize,
    },
    Change {
        at: usize,
        byte: usize,
    },
    /// Message `at` says this from byte `from` on (0-based).
    Say {
        at: usize,
        from: usize,
        text: &'static str,
    },
}

#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) sender: Result<Vec<String>, Broken>,
    pub(crate) receiver: Result<Vec<String>, Broken>,
    /// Every message that came to the line, as text.
    pub(crate) messages: Vec<String>,
}

pub(crate) fn codes(messages: &[String]) -> Vec<&str> {
    messages.iter().map(|m| m.get(15..19).unwrap()).collect()
}

/// Both sides' folders, in one temporary folder.
pub(crate) struct Sides {
    dir: tempfile::TempDir,
    direction: Direction,
    member: Settings,
    centre: Settings,
    wire: Arc<Wire>,
    password: String,
    longest: u64,
}

const NAMES: [[&str; 2]; 2] = [["EB131123", "EB211124"], ["EB141123", "EB221124"]];

impl Sides {
    /// Two files wait where the direction begins: of seven messages (three blocks) and of two.
    pub(crate) fn new(variant: &str, direction: Direction) -> Self {
        let text = include_str!("../../config/transfer/bankingplus-seoul.toml");
        let mut settings = Settings::from_toml("t.toml", text).unwrap();
        if variant == "bank" {
            settings.institution = "012".into();
        }
        // Small blocks, so that a file of a few messages has several.
        let text = include_str!("../../formats/transfer/kftc.toml");
        let text =
            text.replace("block_messages = 100", "block_messages = 3").replace("len = 100,", "len = 3,  ");
        let wire = Arc::new(Wire::from_toml("kftc.toml", &text, variant).unwrap());
        // In memory where there is such a place: thousands of sessions, each with its fsyncs.
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        for side in ["member", "centre"] {
            Store::make_folders(&dir.path().join(side)).unwrap();
        }
        let (member, centre) = (settings.clone(), settings);
        let password = "ABC123".into();
        let sides = Self { dir, direction, member, centre, wire, password, longest: 1 << 30 };
        for (name, bytes) in sides.files() {
            fs::write(sides.from().join("outbox").join(&name), bytes).unwrap();
            fs::write(sides.from().join("outbox").join(format!("{name}.ok")), "").unwrap();
        }
        fs::create_dir(sides.dir.path().join("claimed")).unwrap();
        sides
    }

    pub(crate) fn with(mut self, change: impl Fn(&mut Settings, &mut Settings)) -> Self {
        change(&mut self.member, &mut self.centre);
        self
    }

    pub(crate) fn with_password(mut self, password: &str) -> Self {
        self.password = password.into();
        self
    }

    pub(crate) fn with_longest(mut self, longest: u64) -> Self {
        self.longest = longest;
        self
    }

    pub(crate) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let names = if self.direction == Direction::ToCentre { NAMES[0] } else { NAMES[1] };
        let bytes = |record: usize, records: usize| -> Vec<u8> {
            (0..records * record).map(|n| b'0' + u8::try_from(n * 7 % 73).unwrap()).collect()
        };
        vec![(names[0].into(), bytes(120, 33 * 6 + 5)), (names[1].into(), bytes(150, 28))]
    }

    fn side(&self, sends: bool) -> &'static str {
        if sends == (self.direction == Direction::ToCentre) { "member" } else { "centre" }
    }

    pub(crate) fn from(&self) -> PathBuf {
        self.dir.path().join(self.side(true))
    }

    pub(crate) fn to(&self) -> PathBuf {
        self.dir.path().join(self.side(false))
    }

    pub(crate) fn sender_own(&self) -> PathBuf {
        self.dir.path().join(format!("{}.own", self.side(true)))
    }

    pub(crate) fn receiver_own(&self) -> PathBuf {
        self.dir.path().join(format!("{}.own", self.side(false)))
    }

    pub(crate) fn sender_store(&self) -> Store {
        Store::open(&self.from(), &self.sender_own(), 180).unwrap()
    }

    pub(crate) fn receiver_store(&self) -> Store {
        Store::open(&self.to(), &self.receiver_own(), 180).unwrap()
    }

    fn station(&self, role: Role) -> Station {
        let (name, settings) = match role {
            Role::Member => ("member", &self.member),
            Role::Centre => ("centre", &self.centre),
        };
        let (folder, own) = (self.dir.path().join(name), self.dir.path().join(format!("{name}.own")));
        Station {
            role,
            settings: settings.clone(),
            wire: Arc::clone(&self.wire),
            store: Store::open(&folder, &own, 180).unwrap(),
            clock: Arc::new(Manual::new("2026-11-23 10:00:00".parse().unwrap())),
            ours: Secret::new(&self.password),
            theirs: Secret::new("ABC123"),
            longest: self.longest,
        }
    }

    /// The daemon takes what is in the inbox; a second file of a name is seen as one.
    pub(crate) fn claim(&self) {
        let claimed = self.dir.path().join("claimed");
        for (name, _) in visible(&self.to().join("inbox")) {
            assert!(!claimed.join(&name).exists(), "{name} arrived twice");
            fs::rename(self.to().join("inbox").join(&name), claimed.join(&name)).unwrap();
        }
    }

    /// Nothing that arrived differs from what was sent.
    pub(crate) fn nothing_torn(&self) {
        self.claim();
        let files = self.files();
        for (name, bytes) in visible(&self.dir.path().join("claimed")) {
            let same = files.iter().any(|(n, b)| (*n == name || name.len() == 8) && *b == bytes);
            assert!(same, "{name} is torn");
        }
    }

    /// All arrived once, whole, and all is put away.
    pub(crate) fn arrived_once(&self) {
        self.claim();
        let mut files = self.files();
        files.sort();
        assert_eq!(visible(&self.dir.path().join("claimed")), files);
        assert_eq!(names(&self.from().join("outbox")), Vec::<String>::new());
        let mut sent = Vec::new();
        for (name, bytes) in files {
            assert_eq!(fs::read(self.from().join("sent").join(&name)).unwrap(), bytes);
            sent.extend([name.clone(), format!("{name}.receipt")]);
        }
        assert_eq!(names(&self.from().join("sent")), sent);
        assert_eq!(names(&self.to().join("inbox")), Vec::<String>::new(), "no part is left");
        assert_eq!(names(&self.sender_own().join("out")), Vec::<String>::new());
    }

    pub(crate) fn nothing_moved(&self) {
        for (name, bytes) in self.files() {
            assert_eq!(fs::read(self.from().join("outbox").join(&name)).unwrap(), bytes);
            assert!(self.from().join("outbox").join(format!("{name}.ok")).exists());
        }
        assert!(visible(&self.to().join("inbox")).is_empty());
    }
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn visible(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let visible = names(dir).into_iter().filter(|name| !name.starts_with('.'));
    visible.map(|name| (name.clone(), fs::read(dir.join(&name)).unwrap())).collect()
}

/// One session between both sides, started from what is on the disk.
pub(crate) async fn meet(sides: &Sides, sender_calls: bool, accident: Accident) -> Seen {
    let (member, centre) = (sides.station(Role::Member), sides.station(Role::Centre));
    let (sender, receiver) =
        if sides.direction == Direction::ToCentre { (&member, &centre) } else { (&centre, &member) };
    let (near, near_line) = duplex(1 << 20);
    let (far, far_line) = duplex(1 << 20);
    let (caller, called) = if sender_calls { (sender, receiver) } else { (receiver, sender) };
    let call = Box::pin(caller.call(near, sides.direction));
    let answer = Box::pin(called.answer(far));
    let (called_as, answered_as, messages) = tokio::join!(call, answer, carry(near_line, far_line, accident));
    let (sender, receiver) = if sender_calls { (called_as, answered_as) } else { (answered_as, called_as) };
    Seen { sender, receiver, messages }
}

/// Carries messages one at a time, until both sides are gone or the accident ends it.
pub(crate) async fn carry(mut near: DuplexStream, mut far: DuplexStream, accident: Accident) -> Vec<String> {
    let mut messages = Vec::new();
    let (mut from_near, mut from_far) = (Vec::new(), Vec::new());
    loop {
        let (mut a, mut b) = (vec![0_u8; 8192], vec![0_u8; 8192]);
        let (forward, read) = tokio::select! {
            biased;
            read = near.read(&mut a) => (true, read),
            read = far.read(&mut b) => (false, read),
            () = tokio::time::sleep(Duration::from_secs(3600)) => return messages,
        };
        let Some(count) = read.ok().filter(|count| *count > 0) else { return messages };
        let (gathered, to) = if forward {
            from_near.extend_from_slice(&a[..count]);
            (&mut from_near, &mut far)
        } else {
            from_far.extend_from_slice(&b[..count]);
            (&mut from_far, &mut near)
        };
        while let Some(mut message) = whole(gathered) {
            let at = messages.len();
            messages.push(String::from_utf8_lossy(&message).into_owned());
            let mut times = 1;
            match accident {
                Accident::Cut { at: cut, part } if cut == at => {
                    let through =
                        part.unwrap_or(message.len()).min(message.len() - usize::from(part.is_some()));
                    let _gone = to.write_all(&message[..through]).await;
                    return messages;
                }
                Accident::Drop { at: lost } if lost == at => times = 0,
                Accident::Twice { at: twice } if twice == at => times = 2,
                Accident::Change { at: changed, byte } if changed == at && byte < message.len() => {
                    message[byte] = if message[byte] == b'1' { b'2' } else { b'1' };
                }
                Accident::Say { at: said, from, text } if said == at => {
                    message[from..from + text.len()].copy_from_slice(text.as_bytes());
                }
                _ => {}
            }
            for _ in 0..times {
                if to.write_all(&message).await.is_err() {
                    return messages;
                }
            }
        }
    }
}

/// The first whole message of what was gathered, taken out.
fn whole(gathered: &mut Vec<u8>) -> Option<Vec<u8>> {
    let length: usize = std::str::from_utf8(gathered.get(..4)?).ok()?.parse().ok()?;
    (gathered.len() >= length + 4).then(|| gathered.drain(..length + 4).collect())
}
