//! The side whose files move: 파일정보, DATA in blocks, 결번확인, 파일 완료, 업무종료.
//!
//! A file counts as sent only when the other side said so: 정상 to 파일 완료, or "already received" for bytes whose
//! sending we had begun. "Already received" for a file that we never began is no confirmation: a person must look.
//!
//! Must not: move a file before that.

use super::link::{Broken, Link};
use super::session::Station;
use super::store::{Offer, Verdict};
use super::wire::{Means, Message, Name};
use crate::fault::Trouble;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use tokio::io::{AsyncRead, AsyncWrite};

/// What 파일정보 was answered.
enum Start {
    /// Send from this byte on.
    From(u64),
    /// Nothing to send: the verdict is known.
    Settled,
}

/// The position of a block in a file.
struct Block {
    number: u64,
    pieces: Vec<Vec<u8>>,
}

impl Station {
    /// Sends all that waits, and ends the session. The names that the other side has now.
    pub(super) async fn send_files<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        link: &mut Link<S>,
    ) -> Result<Vec<String>, Broken> {
        let offers = self.store.waiting(|name| self.rank(name))?;
        let mut sent = Vec::new();
        for (at, offer) in offers.iter().enumerate() {
            let last = at + 1 == offers.len();
            if self.send_file(link, offer, last).await? {
                sent.push(offer.name.clone());
            }
        }
        let end = self.control(Name::Control, self.sends(), &self.wire.controls.end);
        let answer = self.ask(link, &end, Name::ControlAnswer).await?;
        self.refused(&answer, "업무종료")?;
        Ok(sent)
    }

    /// Sends one file; whether the other side has it.
    async fn send_file<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        link: &mut Link<S>,
        offer: &Offer,
        last: bool,
    ) -> Result<bool, Broken> {
        let Some((_, record_bytes)) = self.job(&offer.name, self.sends()) else { return Ok(false) };
        let Some(piece_bytes) = self.wire.data_bytes(record_bytes, self.wire.max_message_bytes) else {
            let what = format!("a record of {record_bytes} bytes does not fit into a message");
            return Err(Broken::Person { code: String::new(), what });
        };
        let Some(mut file) = self.store.open_offer(offer)? else { return Ok(false) };
        let from = match self.announce(link, offer).await? {
            Start::Settled => return Ok(true),
            Start::From(from) => from,
        };
        let block_bytes = (piece_bytes as u64).saturating_mul(self.wire.block_messages as u64);
        let mut number = from.checked_div(block_bytes).unwrap_or(0).saturating_add(1);
        let failed = |e| Trouble::new(format!("read outbox/{}", offer.name), e);
        file.seek(SeekFrom::Start(from)).map_err(failed)?;
        loop {
            let pieces = read_pieces(&mut file, piece_bytes, self.wire.block_messages).map_err(failed)?;
            if pieces.is_empty() {
                break;
            }
            self.send_block(link, &offer.name, &Block { number, pieces }).await?;
            number = number.saturating_add(1);
        }
        let controls = &self.wire.controls;
        let control = if last { &controls.file_last } else { &controls.file_more };
        let done = self.control(Name::Control, self.sends(), control).with("file", offer.name.as_str());
        let answer = self.ask(link, &done, Name::ControlAnswer).await?;
        self.refused(&answer, &format!("파일 완료 {}", offer.name))?;
        self.confirm(offer, answer.get("response"), "the other side has the file whole")?;
        Ok(true)
    }

    /// 파일정보.
    async fn announce<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        link: &mut Link<S>,
        offer: &Offer,
    ) -> Result<Start, Broken> {
        let begun = self.store.begun(offer)?;
        let info = self
            .message(Name::FileInfo, self.sends())
            .with("file", offer.name.as_str())
            .with("name", offer.name.as_str())
            .with_number("size", offer.bytes)
            .with_number("message_bytes", self.wire.max_message_bytes as u64);
        let answer = self.ask(link, &info, Name::FileInfoAnswer).await?;
        let code = answer.get("response").to_string();
        let response = self.wire.response(&code);
        match response.map(|r| r.means) {
            Some(Means::Ok) => {}
            Some(Means::Already) if begun => {
                self.confirm(offer, &code, "the other side had the file whole already")?;
                return Ok(Start::Settled);
            }
            Some(Means::Already) => {
                let what = format!(
                    "it has a file {} that did not come from here; the outbox's one was not sent. \
                     Hold it (`sunap file hold`) and ask the network",
                    offer.name
                );
                return Err(Broken::Person { code, what });
            }
            Some(Means::File) => {
                let why = response.map_or("", |r| r.ko.as_str());
                self.store.confirm(offer, Verdict::Refused, &code, why, self.clock.now())?;
                return Ok(Start::Settled);
            }
            Some(Means::Retry | Means::Person) | None => {
                self.refused(&answer, &format!("파일정보 {}", offer.name))?;
            }
        }
        let from = answer.number("size");
        if answer.get("name") != offer.name || from > offer.bytes || (from > 0 && !begun) {
            let what = format!("it asks to go on with {} from byte {from}", answer.get("name"));
            return Err(Broken::Violation(what));
        }
        // From here on the other side may have it all although we are cut off before it says so.
        self.store.begin(offer)?;
        Ok(Start::From(from))
    }

    fn confirm(&self, offer: &Offer, code: &str, why: &str) -> Result<(), Broken> {
        Ok(self.store.confirm(offer, Verdict::Accepted, code, why, self.clock.now())?)
    }

    /// A block, until nothing of it is missing.
    async fn send_block<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        link: &mut Link<S>,
        name: &str,
        block: &Block,
    ) -> Result<(), Broken> {
        let patience = self.settings.times.answer();
        for at in 0..block.pieces.len() {
            link.send(&self.piece(Name::Data, name, block, at), patience).await?;
        }
        for _ in 0..=self.settings.times.repair_rounds {
            let missing = self.missing(link, name, block).await?;
            if missing.is_empty() {
                return Ok(());
            }
            for at in missing {
                link.send(&self.piece(Name::MissingData, name, block, at), patience).await?;
            }
        }
        Err(Broken::Cut(format!("pieces of block {} of {name} go missing again and again", block.number)))
    }

    fn piece(&self, kind: Name, name: &str, block: &Block, at: usize) -> Message {
        let bytes = block.pieces.get(at).cloned().unwrap_or_default();
        let mut message = self
            .message(kind, self.sends())
            .with("file", name)
            .with_number("block", block.number)
            .with_number("sequence", (at as u64).saturating_add(1))
            .with_number("bytes", bytes.len() as u64);
        message.payload = bytes;
        message
    }

    /// 결번확인: the positions of the pieces that did not come.
    async fn missing<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        link: &mut Link<S>,
        name: &str,
        block: &Block,
    ) -> Result<Vec<usize>, Broken> {
        let last = block.pieces.len();
        let check = self
            .message(Name::MissingCheck, self.sends())
            .with("file", name)
            .with_number("block", block.number)
            .with_number("sequence", last as u64);
        let answer = self.ask(link, &check, Name::MissingAnswer).await?;
        self.refused(&answer, &format!("결번확인 {name}"))?;
        let map = answer.get("map").as_bytes();
        let missing: Vec<usize> = (0..last).filter(|at| map.get(*at) != Some(&b'1')).collect();
        let right = answer.number("block") == block.number
            && answer.number("sequence") == last as u64
            && answer.number("missing") == missing.len() as u64;
        if right {
            Ok(missing)
        } else {
            Err(Broken::Violation("the 결번 answer contradicts itself".to_string()))
        }
    }
}

/// The next pieces of a file: at most `most`, all but the last of `piece_bytes`.
fn read_pieces(file: &mut File, piece_bytes: usize, most: usize) -> std::io::Result<Vec<Vec<u8>>> {
    let mut pieces = Vec::new();
    while pieces.len() < most {
        let mut piece = Vec::with_capacity(piece_bytes);
        file.by_ref().take(piece_bytes as u64).read_to_end(&mut piece)?;
        if piece.is_empty() {
            break;
        }
        pieces.push(piece);
    }
    Ok(pieces)
}
