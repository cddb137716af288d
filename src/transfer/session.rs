//! A station: one side of one channel's line. Opening a session (업무개시) as the one who calls or is called, and who
//! then sends files.
//!
//! Who calls says 업무개시 with its name, its coded password, and the 거래구분; after that the side whose files move
//! leads, as facts/kftc.md 7.2 lists it. That a member may also call to fetch (거래구분 S) is our reading: the sources
//! show the order for one sending only.
//!
//! Must not: move bytes of files.

use super::coding::{Secret, coded};
use super::link::{Broken, Link};
use super::settings::{JobDirection, Settings, Side};
use super::store::Store;
use super::wire::{Means, Message, Name, Reply, Wire};
use crate::clock::Clock;
use crate::domain::{Date, Instant};
use std::fmt;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};

/// Which side of the line this process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The institution.
    Member,
    /// The network: for tests and rehearsals.
    Centre,
}

/// Which way the files of a session go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The institution sends (거래구분 R).
    ToCentre,
    /// The centre sends (거래구분 S).
    ToMember,
}

/// One side of a channel's line, with all that it needs.
pub struct Station {
    /// Which side.
    pub role: Role,
    /// What the config says.
    pub settings: Settings,
    /// The messages.
    pub wire: Arc<Wire>,
    /// Folders and journals.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Our own password, where we call.
    pub ours: Option<Secret>,
    /// The other side's, where it calls.
    pub theirs: Option<Secret>,
    /// The longest file taken, in bytes.
    pub longest: u64,
}

impl fmt::Debug for Station {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Station({:?})", self.role)
    }
}

impl Station {
    pub(super) fn own_side(&self) -> &Side {
        match self.role {
            Role::Member => &self.settings.member,
            Role::Centre => &self.settings.centre,
        }
    }

    pub(super) fn other_side(&self) -> &Side {
        match self.role {
            Role::Member => &self.settings.centre,
            Role::Centre => &self.settings.member,
        }
    }

    /// The direction in which we send.
    pub fn sends(&self) -> Direction {
        match self.role {
            Role::Member => Direction::ToCentre,
            Role::Centre => Direction::ToMember,
        }
    }

    /// The direction in which we receive.
    pub fn receives(&self) -> Direction {
        match self.role {
            Role::Member => Direction::ToMember,
            Role::Centre => Direction::ToCentre,
        }
    }

    /// The place of a name among the files that go in a direction, and its record length; `None` for another's.
    pub(super) fn job(&self, name: &str, direction: Direction) -> Option<(usize, usize)> {
        let wanted = match direction {
            Direction::ToCentre => JobDirection::Send,
            Direction::ToMember => JobDirection::Receive,
        };
        let mut jobs = self.settings.job.iter().enumerate();
        let found = jobs.find(|(_, job)| job.direction == wanted && name.strip_prefix(&job.code).is_some());
        found.map(|(rank, job)| (rank, job.record_bytes))
    }

    /// The place among the files that we send.
    pub fn rank(&self, name: &str) -> Option<usize> {
        let well = is_file_name(name);
        self.job(name, self.sends()).filter(|_| well).map(|(rank, _)| rank)
    }

    /// A message of a session, its header filled.
    pub(super) fn message(&self, name: Name, direction: Direction) -> Message {
        let words = &self.wire.words;
        let flag = match self.role {
            Role::Centre => &words.centre,
            Role::Member => &self.settings.member_flag,
        };
        let towards = match direction {
            Direction::ToCentre => &words.to_centre,
            Direction::ToMember => &words.to_member,
        };
        Message::new(name)
            .with("business", self.settings.business.as_str())
            .with("institution", self.settings.institution.as_str())
            .with("direction", towards.as_str())
            .with("flag", flag.as_str())
            .with("response", self.wire.code(Reply::Ok))
    }

    /// A control message or its answer.
    pub(super) fn control(&self, name: Name, direction: Direction, control: &str) -> Message {
        self.message(name, direction)
            .with("at", mmddhhmmss(self.clock.now()))
            .with("control", control)
            .with("sender", self.own_side().name.as_str())
    }

    /// Whether a message carries our line's business, institution, and the other side's flag.
    pub(super) fn is_of_line(&self, message: &Message) -> bool {
        let flag = match self.role {
            Role::Member => &self.wire.words.centre,
            Role::Centre => &self.settings.member_flag,
        };
        message.get("business") == self.settings.business
            && message.get("institution") == self.settings.institution
            && message.get("flag") == flag
    }

    /// Sends a message and takes its answer, which must be of the kind `awaited`.
    pub(super) async fn ask<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        link: &mut Link<S>,
        message: &Message,
        awaited: Name,
    ) -> Result<Message, Broken> {
        let patience = self.settings.times.answer();
        link.send(message, patience).await?;
        let answer = link.receive(patience).await?;
        if let Some(flaw) = &answer.flaw {
            return Err(Broken::Violation(format!("{awaited:?}: {flaw}")));
        }
        if answer.name != awaited || !self.is_of_line(&answer) {
            return Err(Broken::Violation(format!("{:?} came where {awaited:?} was awaited", answer.name)));
        }
        Ok(answer)
    }

    /// What a response that is not 정상 makes of the session.
    pub(super) fn refused(&self, answer: &Message, doing: &str) -> Result<(), Broken> {
        let code = answer.get("response").to_string();
        let Some(response) = self.wire.response(&code) else {
            return Err(Broken::Person { what: format!("{doing}: an unknown response"), code });
        };
        let what = format!("{doing}: {}", response.ko);
        match response.means {
            Means::Ok => Ok(()),
            Means::Retry => Err(Broken::Later { code, what }),
            Means::Person | Means::Already | Means::File => Err(Broken::Person { code, what }),
        }
    }

    /// 업무개시 as the one who calls.
    async fn greet<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        link: &mut Link<S>,
        direction: Direction,
    ) -> Result<(), Broken> {
        let side = self.own_side();
        let now = self.clock.now();
        let password = self
            .ours
            .as_ref()
            .and_then(|secret| coded(secret, &self.settings.institution, now.date(), &side.name));
        let Some(password) = password else {
            let what = format!("there is no password {} to call with", side.password);
            return Err(Broken::Person { code: String::new(), what });
        };
        let hello = self
            .control(Name::Control, direction, &self.wire.controls.start)
            .with("password", password.as_str());
        let answer = self.ask(link, &hello, Name::ControlAnswer).await?;
        self.refused(&answer, "업무개시")
    }

    /// 업무개시 as the one who is called: the direction, once name and password are right.
    async fn admit<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        link: &mut Link<S>,
    ) -> Result<Direction, Broken> {
        let hello = link.receive(self.settings.times.idle()).await?;
        let words = &self.wire.words;
        let direction = match hello.get("direction") {
            text if text == words.to_centre => Some(Direction::ToCentre),
            text if text == words.to_member => Some(Direction::ToMember),
            _ => None,
        };
        let opens = hello.name == Name::Control && hello.get("control") == self.wire.controls.start;
        let (Some(direction), true, None) = (direction, opens && self.is_of_line(&hello), &hello.flaw) else {
            return Err(Broken::Violation("the first message is no 업무개시 of this line".to_string()));
        };
        let reply = if hello.get("sender") != self.other_side().name {
            Reply::SenderWrong
        } else if !self.knows_password(hello.get("password")) {
            Reply::PasswordWrong
        } else {
            Reply::Ok
        };
        let answer = self
            .control(Name::ControlAnswer, direction, &self.wire.controls.start)
            .with("response", self.wire.code(reply));
        link.send(&answer, self.settings.times.answer()).await?;
        if reply == Reply::Ok {
            return Ok(direction);
        }
        Err(Broken::Violation(format!("a caller was turned away ({})", self.wire.code(reply))))
    }

    /// The coding holds the day: yesterday's and tomorrow's are taken too, for clocks that differ around midnight.
    fn knows_password(&self, said: &str) -> bool {
        let today = self.clock.now().date();
        let days: [Date; 3] = [today, today.previous(), today.next()];
        let Some(secret) = &self.theirs else { return false };
        let name = &self.other_side().name;
        days.iter().any(|day| {
            coded(secret, &self.settings.institution, *day, name).is_some_and(|code| code.as_str() == said)
        })
    }

    /// A session over a line that we opened. The names sent or received.
    pub async fn call<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        direction: Direction,
    ) -> Result<Vec<String>, Broken> {
        let mut link = Link::new(stream, Arc::clone(&self.wire));
        self.greet(&mut link, direction).await?;
        self.work(&mut link, direction).await
    }

    /// A session over a line that the other side opened. The names sent or received.
    pub async fn answer<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> Result<Vec<String>, Broken> {
        let mut link = Link::new(stream, Arc::clone(&self.wire));
        let direction = self.admit(&mut link).await?;
        self.work(&mut link, direction).await
    }

    async fn work<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        link: &mut Link<S>,
        direction: Direction,
    ) -> Result<Vec<String>, Broken> {
        if direction == self.sends() { self.send_files(link).await } else { self.receive_files(link).await }
    }
}

/// Whether a text may be a file's name on the line: eight characters 0-9 A-Z.
pub(super) fn is_file_name(name: &str) -> bool {
    name.len() == 8 && name.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

/// An instant as MMDDhhmmss.
fn mmddhhmmss(now: Instant) -> String {
    let seconds = now.time().seconds();
    format!("{}{:02}{:02}{:02}", now.date().mmdd(), seconds / 3600, seconds / 60 % 60, seconds % 60)
}
