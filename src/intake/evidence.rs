//! 출금동의 증빙자료 as a creditor drops it: `evidence-<payer_no>-<item>.<ext>`, or a zip of such files
//! ([`bundle`]). Says whose it is, of what type and kind, and whether the network takes it
//! (facts/kftc.md 3, EI13 22; codes 0101-0105).
//!
//! Must not: open files, know the ledger, or decide whether the mandate may go (that is `rules`).

pub mod answer;
pub mod bundle;
#[cfg(test)]
mod tests;

use crate::domain::{ItemCode, PayerNo};
use crate::rules::{Name, Refused};

/// The most bytes that the network takes of one evidence: 300 KB (facts/kftc.md, EI13 file limits; code 0103).
pub const MAX_BYTES: u64 = 307_200;

/// So many bytes from the beginning are enough to tell a type.
pub const HEAD_BYTES: usize = 16;

/// How the name of every file of evidence begins, in upper or lower case.
const PREFIX: &str = "evidence";

/// The file types that the network takes (code 0102).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileType {
    /// JPEG, named `.jpg`.
    Jpg,
    /// JPEG, named `.jpeg`.
    Jpeg,
    /// GIF.
    Gif,
    /// TIFF.
    Tif,
    /// MPEG audio.
    Mp3,
    /// RIFF WAVE.
    Wav,
    /// Windows Media Audio.
    Wma,
}

impl FileType {
    /// All of them.
    pub const ALL: [Self; 7] = [Self::Jpg, Self::Jpeg, Self::Gif, Self::Tif, Self::Mp3, Self::Wav, Self::Wma];

    /// The extension, as in names and on the wire (EI13 22, 108-112).
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpg => "jpg",
            Self::Jpeg => "jpeg",
            Self::Gif => "gif",
            Self::Tif => "tif",
            Self::Mp3 => "mp3",
            Self::Wav => "wav",
            Self::Wma => "wma",
        }
    }

    /// The type of an extension in upper or lower case.
    pub fn of_extension(extension: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.extension().eq_ignore_ascii_case(extension))
    }

    /// Whether bytes that begin so can be of this type.
    pub fn begins(self, head: &[u8]) -> bool {
        match self {
            Self::Jpg | Self::Jpeg => head.starts_with(&[0xff, 0xd8, 0xff]),
            Self::Gif => head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a"),
            Self::Tif => head.starts_with(b"II*\0") || head.starts_with(b"MM\0*"),
            Self::Mp3 => head.starts_with(b"ID3") || is_mpeg_frame(head),
            Self::Wav => head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WAVE".as_slice()),
            Self::Wma => head.starts_with(&ASF),
        }
    }

    /// What kind of consent such a file shows unless the list of mandates says otherwise (동의유형): a picture is a
    /// paper that was signed, a sound is a recorded call.
    pub const fn usual_kind(self) -> ConsentKind {
        match self {
            Self::Jpg | Self::Jpeg | Self::Gif | Self::Tif => ConsentKind::Paper,
            Self::Mp3 | Self::Wav | Self::Wma => ConsentKind::Recording,
        }
    }
}

/// The first bytes of the ASF header object, in which WMA is packed.
const ASF: [u8; 16] =
    [0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11, 0xa6, 0xd9, 0x00, 0xaa, 0x00, 0x62, 0xce, 0x6c];

/// An MPEG audio frame without a tag: eleven bits of sync, and neither version nor layer of the reserved value.
fn is_mpeg_frame(head: &[u8]) -> bool {
    let [0xff, second, ..] = head else { return false };
    second & 0xe0 == 0xe0 && second & 0x18 != 0x08 && second & 0x06 != 0
}

/// 동의자료 구분: how the payer consented (EI13 22, 107). The words are those of `formats/ei13.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConsentKind {
    /// 서면.
    Paper,
    /// 공동인증 전자서명.
    CertifiedSignature,
    /// 일반 전자서명.
    Signature,
    /// 녹취.
    Recording,
    /// ARS.
    Ars,
    /// 기타.
    Other,
}

impl ConsentKind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Paper, Self::CertifiedSignature, Self::Signature, Self::Recording, Self::Ars, Self::Other];

    /// The word in layouts.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::CertifiedSignature => "certified-signature",
            Self::Signature => "signature",
            Self::Recording => "recording",
            Self::Ars => "ars",
            Self::Other => "other",
        }
    }

    /// What people write in 동의유형.
    pub const fn ko(self) -> &'static str {
        match self {
            Self::Paper => "서면",
            Self::CertifiedSignature => "공동인증",
            Self::Signature => "전자서명",
            Self::Recording => "녹취",
            Self::Ars => "ARS",
            Self::Other => "기타",
        }
    }

    /// The kind of a Korean word.
    pub fn of_ko(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.ko().eq_ignore_ascii_case(text))
    }
}

/// Whose evidence a file is, by its name, and of what type it says to be.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Label {
    /// The payer.
    pub payer_no: PayerNo,
    /// The charge item of the mandate.
    pub item: ItemCode,
    /// The type that the extension says.
    pub file_type: FileType,
}

/// Whether a dropped file of this name is evidence or an archive of it.
pub fn is_evidence(file_name: &str) -> bool {
    let head = file_name.as_bytes().get(..PREFIX.len());
    head.is_some_and(|head| head.eq_ignore_ascii_case(PREFIX.as_bytes()))
}

impl Label {
    /// Reads `evidence-<payer_no>-<item>.<ext>`. The item is what follows the last `-`, so that a payer number may
    /// hold some.
    pub fn of_name(file_name: &str) -> Result<Self, Refused> {
        let unnamed = || Refused::new(Name::EvidenceName);
        let (stem, extension) = file_name.rsplit_once('.').ok_or_else(unnamed)?;
        let (prefix, rest) = stem.split_once('-').ok_or_else(unnamed)?;
        let (payer_no, item) = rest.rsplit_once('-').ok_or_else(unnamed)?;
        if !prefix.eq_ignore_ascii_case(PREFIX) {
            return Err(unnamed());
        }
        Ok(Self {
            payer_no: payer_no.parse().map_err(|_| unnamed())?,
            item: item.parse().map_err(|_| unnamed())?,
            file_type: FileType::of_extension(extension).ok_or_else(|| Refused::new(Name::EvidenceType))?,
        })
    }

    /// Whether the network takes a file of this label with these first bytes ([`HEAD_BYTES`] of them, or all) and
    /// this length.
    pub fn check(&self, head: &[u8], bytes: u64) -> Result<(), Refused> {
        if bytes == 0 {
            return Err(Refused::new(Name::EvidenceEmpty));
        }
        if bytes > MAX_BYTES {
            return Err(Refused::new(Name::EvidenceTooLarge));
        }
        if !self.file_type.begins(head) {
            return Err(Refused::new(Name::EvidenceContent));
        }
        Ok(())
    }
}
