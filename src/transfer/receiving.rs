//! The side that takes files: answers 파일정보, gathers blocks, says what is missing, delivers on 파일 완료.
//!
//! A block is kept (durably) once nothing of it is missing; what is kept is where a later session goes on. A DATA
//! message that does not read is as one that did not come. The protocol has no checksum: bytes that arrive changed
//! inside a whole message are not noticed here; the file's own counts and sums find them.
//!
//! Must not: answer 정상 to 파일 완료 before the file is safe.

use super::link::{Broken, Link};
use super::session::{Station, is_file_name};
use super::store::Incoming;
use super::wire::{Message, Name, Reply};
use tokio::io::{AsyncRead, AsyncWrite};

/// A file that is arriving in this session.
struct Arriving {
    name: String,
    bytes: u64,
    kept: u64,
    /// The number of the block that is gathered; `None` before the first.
    block: Option<u64>,
    /// Which numbers the first may have: where a sender begins to count after a cut is not established.
    first: [u64; 2],
    pieces: Vec<Option<Vec<u8>>>,
}

impl Arriving {
    /// Whether this is the block that is gathered.
    fn gathers(&mut self, block: u64) -> bool {
        if self.block.is_none() && self.first.contains(&block) {
            self.block = Some(block);
        }
        self.block == Some(block)
    }
}

impl Station {
    /// Takes files until 업무종료. The names delivered.
    pub(super) async fn receive_files<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        link: &mut Link<S>,
    ) -> Result<Vec<String>, Broken> {
        let (idle, patience) = (self.settings.times.idle(), self.settings.times.answer());
        let mut received = Vec::new();
        let mut arriving: Option<Arriving> = None;
        loop {
            let message = link.receive(idle).await?;
            if matches!(message.name, Name::Data | Name::MissingData) {
                if let Some(file) = arriving.as_mut() {
                    self.gather(file, message);
                }
                continue;
            }
            if let Some(flaw) = &message.flaw {
                return Err(Broken::Violation(format!("{:?}: {flaw}", message.name)));
            }
            if !self.is_of_line(&message) {
                return Err(Broken::Violation(format!("{:?} is not of this line", message.name)));
            }
            let answer = match message.name {
                Name::FileInfo => self.judge(&message, &mut arriving)?,
                Name::MissingCheck => self.report(&message, arriving.as_mut())?,
                Name::Control => self.control_of(&message, &mut arriving, &mut received)?,
                Name::Inquiry => self
                    .message(Name::InquiryAnswer, self.receives())
                    .with("response", self.wire.code(Reply::JobUnknown)),
                Name::Cancel => self
                    .message(Name::CancelAnswer, self.receives())
                    .with("response", self.wire.code(Reply::JobUnknown)),
                other => return Err(Broken::Violation(format!("{other:?} has no place here"))),
            };
            link.send(&answer, patience).await?;
            if message.name == Name::Control && message.get("control") == self.wire.controls.end {
                return Ok(received);
            }
        }
    }

    /// 파일정보: whether we take it, and from where.
    fn judge(&self, info: &Message, arriving: &mut Option<Arriving>) -> Result<Message, Broken> {
        *arriving = None;
        let (name, bytes) = (info.get("name"), info.number("size"));
        let message_bytes = usize::try_from(info.number("message_bytes")).unwrap_or(0);
        let job = self.job(name, self.receives());
        let fits = job.is_some_and(|(_, record)| {
            message_bytes <= self.wire.max_message_bytes
                && self.wire.data_bytes(record, message_bytes).is_some()
        });
        let mut from = 0;
        let reply = if !is_file_name(name) || name != info.get("file") {
            Reply::FileNameWrong
        } else if job.is_none() {
            Reply::JobUnknown
        } else if !fits {
            Reply::MessageBytesWrong
        } else if bytes > self.longest {
            Reply::FormatWrong
        } else {
            match self.store.offered(name, bytes, self.clock.now().date())? {
                Incoming::Already => Reply::AlreadyReceived,
                Incoming::Other => Reply::AlreadyDone,
                Incoming::From(kept) => {
                    from = kept;
                    let piece =
                        job.and_then(|(_, record)| self.wire.data_bytes(record, message_bytes)).unwrap_or(0);
                    let block_bytes = (piece as u64).saturating_mul(self.wire.block_messages as u64);
                    let next = kept.checked_div(block_bytes).unwrap_or(0).saturating_add(1);
                    let (name, pieces) = (name.to_string(), Vec::new());
                    *arriving = Some(Arriving { name, bytes, kept, block: None, first: [1, next], pieces });
                    Reply::Ok
                }
            }
        };
        Ok(self
            .message(Name::FileInfoAnswer, self.receives())
            .with("file", info.get("file"))
            .with("name", name)
            .with_number("size", from)
            .with("message_bytes", info.get("message_bytes"))
            .with("response", self.wire.code(reply)))
    }

    /// A piece: put in its place. One that does not read, or of another block, is left out and asked for again; of two
    /// that claim one place with different bytes neither is believed.
    fn gather(&self, file: &mut Arriving, mut message: Message) {
        let (block, sequence) = (message.number("block"), message.number("sequence"));
        let readable =
            message.flaw.is_none() && self.is_of_line(&message) && message.get("file") == file.name;
        let place = usize::try_from(sequence).ok().and_then(|n| n.checked_sub(1));
        let place = place.filter(|at| *at < self.wire.block_messages);
        let (true, Some(place)) = (readable && !message.payload.is_empty() && file.gathers(block), place)
        else {
            return;
        };
        if file.pieces.len() <= place {
            file.pieces.resize(place + 1, None);
        }
        if let Some(slot) = file.pieces.get_mut(place) {
            let differs = slot.as_ref().is_some_and(|has| *has != message.payload);
            *slot = if differs { None } else { Some(std::mem::take(&mut message.payload)) };
        }
    }

    /// 결번확인: what is missing; a block of which nothing is missing is kept.
    fn report(&self, check: &Message, arriving: Option<&mut Arriving>) -> Result<Message, Broken> {
        let Some(file) = arriving else {
            return Err(Broken::Violation("결번확인 without a file".to_string()));
        };
        let (block, last) = (check.number("block"), check.number("sequence"));
        let count = usize::try_from(last).ok().filter(|n| (1..=self.wire.block_messages).contains(n));
        let known = file.gathers(block) || file.block.is_some_and(|current| block < current);
        let current = file.block.unwrap_or_default();
        let Some(count) = count.filter(|_| known && check.get("file") == file.name) else {
            return Err(Broken::Violation(format!("결번확인 of block {block}, sequence {last}")));
        };
        let here = |at: usize| block < current || file.pieces.get(at).is_some_and(Option::is_some);
        let digit = |at: usize| if at < count && here(at) { '1' } else { '0' };
        let map: String = (0..self.wire.block_messages).map(digit).collect();
        let missing = (0..count).filter(|at| !here(*at)).count();
        if missing == 0 && block == current {
            let mut bytes = Vec::new();
            for piece in file.pieces.drain(..).take(count).flatten() {
                bytes.extend_from_slice(&piece);
            }
            let kept = file.kept.saturating_add(bytes.len() as u64);
            if kept > file.bytes {
                return Err(Broken::Violation(format!("{} is longer than its 파일정보 said", file.name)));
            }
            self.store.append(&file.name, &bytes)?;
            file.kept = kept;
            file.block = Some(current.saturating_add(1));
        }
        Ok(self
            .message(Name::MissingAnswer, self.receives())
            .with("file", file.name.as_str())
            .with_number("block", block)
            .with_number("sequence", last)
            .with_number("missing", missing as u64)
            .with("map", map))
    }

    /// 파일 완료, 업무종료, and the words that change nothing.
    fn control_of(
        &self,
        message: &Message,
        arriving: &mut Option<Arriving>,
        received: &mut Vec<String>,
    ) -> Result<Message, Broken> {
        let controls = &self.wire.controls;
        let control = message.get("control");
        let mut reply = Reply::Ok;
        if control == controls.file_more || control == controls.file_last {
            reply = match arriving
                .take()
                .filter(|file| file.name == message.get("file") || message.get("file").is_empty())
            {
                Some(file) if self.store.complete(&file.name)? => {
                    received.push(file.name);
                    Reply::Ok
                }
                // Too short: what is kept stays, and the next session goes on with it.
                Some(_) => Reply::SystemTrouble,
                // Said again: as it was.
                None if self.store.received(message.get("file"), self.clock.now().date())? => Reply::Ok,
                None => Reply::FormatWrong,
            };
        } else if ![&controls.end, &controls.trouble, &controls.recovered, &controls.test]
            .contains(&&control.to_string())
        {
            reply = Reply::FormatWrong;
        }
        Ok(self
            .control(Name::ControlAnswer, self.receives(), control)
            .with("file", message.get("file"))
            .with("response", self.wire.code(reply)))
    }
}
