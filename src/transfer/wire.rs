//! The messages of the TCP file protocol as `formats/transfer/*.toml` describes them: bytes ⇄ named values.
//!
//! Source of the shipped description: facts/kftc.md 7.2. Strict: a digit field holds digits, a text field printable
//! ASCII, a length is exact.
//!
//! Must not: know the order of messages, or show a password.

use crate::fault::{Fault, Place};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use zeroize::Zeroize;

/// What a message is about, whatever its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Name {
    /// 업무개시, 파일 완료, 업무종료.
    Control,
    /// Its answer.
    ControlAnswer,
    /// 파일정보: name, size, bytes per message.
    FileInfo,
    /// Its answer: from where to go on.
    FileInfoAnswer,
    /// A piece of the file.
    Data,
    /// A piece sent again.
    MissingData,
    /// 결번확인 요청.
    MissingCheck,
    /// 결번확인 응답: which pieces came.
    MissingAnswer,
    /// 조회.
    Inquiry,
    /// Its answer.
    InquiryAnswer,
    /// 취소.
    Cancel,
    /// Its answer.
    CancelAnswer,
}

/// What a response code asks of the one who gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Means {
    /// Go on.
    Ok,
    /// Try again later.
    Retry,
    /// Nothing goes on until a person acts.
    Person,
    /// The other side has the file.
    Already,
    /// This file is refused; the others go on.
    File,
}

/// The responses that we give, by the names of the description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// 정상.
    Ok,
    /// 시스템장애.
    SystemTrouble,
    /// 송신자명 오류.
    SenderWrong,
    /// 송신자암호 오류.
    PasswordWrong,
    /// 기전송 파일.
    AlreadyReceived,
    /// 미등록 업무.
    JobUnknown,
    /// 파일명 오류.
    FileNameWrong,
    /// 전문 byte 수 오류.
    MessageBytesWrong,
    /// 처리완료 파일.
    AlreadyDone,
    /// FORMAT 오류.
    FormatWrong,
}

/// A response code as described.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Response {
    /// The digits.
    pub code: String,
    /// Its name here.
    pub name: Reply,
    /// Its words.
    pub ko: String,
    /// What it asks.
    pub means: Means,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum FieldType {
    Digits,
    Text,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    name: String,
    #[expect(dead_code, reason = "for the reader of the file")]
    ko: String,
    len: usize,
    #[serde(rename = "type")]
    kind: FieldType,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    name: Name,
    #[expect(dead_code, reason = "for the reader of the file")]
    ko: String,
    code: String,
    body: Vec<Field>,
    #[serde(default)]
    payload: Option<String>,
}

/// 거래구분 and the centre's 송수신 flag.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// The institution sends.
    pub to_centre: String,
    /// The centre sends.
    pub to_member: String,
    /// The centre's flag.
    pub centre: String,
}

/// 업무관리정보.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Controls {
    /// 업무개시.
    pub start: String,
    /// 파일 완료, 다음 있음.
    pub file_more: String,
    /// 파일 완료, 마지막.
    pub file_last: String,
    /// 업무종료.
    pub end: String,
    /// 장애.
    pub trouble: String,
    /// 회복.
    pub recovered: String,
    /// TEST.
    pub test: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    #[expect(dead_code, reason = "for the reader of the file")]
    name: String,
    #[expect(dead_code, reason = "for the reader of the file")]
    ko: String,
    length_digits: usize,
    max_message_bytes: usize,
    block_messages: usize,
    max_data_bytes: usize,
    variant: BTreeMap<String, Vec<Field>>,
    word: Words,
    control: Controls,
    message: Vec<Shape>,
    response: Vec<Response>,
}

/// A protocol, ready to read and write messages.
#[derive(Debug, Clone)]
pub struct Wire {
    header: Vec<Field>,
    shapes: Vec<Shape>,
    responses: Vec<Response>,
    /// 거래구분, flags.
    pub words: Words,
    /// 업무관리정보.
    pub controls: Controls,
    /// Digits of the length before a message.
    pub length_digits: usize,
    /// The longest message, its length included.
    pub max_message_bytes: usize,
    /// DATA messages in a block.
    pub block_messages: usize,
    max_data_bytes: usize,
}

/// A message, read or to be written. Debug shows its kind and block only.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// What it is.
    pub name: Name,
    values: BTreeMap<String, String>,
    /// 실 data.
    pub payload: Vec<u8>,
    /// What is wrong with its body, where the header could be read.
    pub flaw: Option<String>,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} response={} flaw={:?}", self.name, self.get("response"), self.flaw)
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        if let Some(password) = self.values.get_mut("password") {
            password.zeroize();
        }
    }
}

impl Message {
    /// A message without values: digits are zeros, text is blank.
    pub fn new(name: Name) -> Self {
        Self { name, values: BTreeMap::new(), payload: Vec::new(), flaw: None }
    }

    /// The same with a value.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<String>) -> Self {
        self.values.insert(field.to_string(), value.into());
        self
    }

    /// The same with a number; as wide as the field when printed.
    #[must_use]
    pub fn with_number(self, field: &str, value: u64) -> Self {
        self.with(field, value.to_string())
    }

    /// A value; blank where there is none.
    pub fn get(&self, field: &str) -> &str {
        self.values.get(field).map_or("", String::as_str)
    }

    /// A number; zero where there is none.
    pub fn number(&self, field: &str) -> u64 {
        self.get(field).parse().unwrap_or(0)
    }
}

impl Wire {
    /// Reads a description and chooses one of its headers.
    pub fn from_toml(file: &str, text: &str, variant: &str) -> Result<Self, Fault> {
        let wrong = |what: String| {
            Fault::new(
                "transfer-layout-wrong",
                Place::file(file),
                what,
                "take formats/transfer/kftc.toml as it was shipped and change it step by step",
            )
        };
        let told: Description = toml::from_str(text).map_err(|error| wrong(error.message().to_string()))?;
        let Some(header) = told.variant.get(variant) else {
            let known: Vec<&str> = told.variant.keys().map(String::as_str).collect();
            return Err(wrong(format!("there is no variant {variant:?}; there are: {}", known.join(", "))));
        };
        for needed in ["business", "institution", "message", "direction", "flag", "file", "response"] {
            if !header.iter().any(|field| field.name == needed) {
                return Err(wrong(format!("the header of variant {variant:?} lacks the field {needed:?}")));
            }
        }
        let wire = Self {
            header: header.clone(),
            shapes: told.message,
            responses: told.response,
            words: told.word,
            controls: told.control,
            length_digits: told.length_digits,
            max_message_bytes: told.max_message_bytes,
            block_messages: told.block_messages,
            max_data_bytes: told.max_data_bytes,
        };
        wire.lacks().map_or(Ok(wire), |what| Err(wrong(what)))
    }

    /// What a description must have besides its shape.
    fn lacks(&self) -> Option<String> {
        let names = [
            (Name::Control, &["at", "control", "sender", "password"][..]),
            (Name::ControlAnswer, &["at", "control"]),
            (Name::FileInfo, &["name", "size", "message_bytes"]),
            (Name::FileInfoAnswer, &["name", "size", "message_bytes"]),
            (Name::Data, &["block", "sequence", "bytes"]),
            (Name::MissingData, &["block", "sequence", "bytes"]),
            (Name::MissingCheck, &["block", "sequence"]),
            (Name::MissingAnswer, &["block", "sequence", "missing", "map"]),
        ];
        for (name, fields) in names {
            let Some(shape) = self.shapes.iter().find(|shape| shape.name == name) else {
                return Some(format!("the message {name:?} is not described"));
            };
            if let Some(field) = fields.iter().find(|f| !shape.body.iter().any(|has| has.name == **f)) {
                return Some(format!("the message {name:?} lacks the field {field:?}"));
            }
        }
        if self.responses.len() < 10 {
            return Some("all ten responses must be described".to_string());
        }
        let room = self.max_message_bytes < 10_usize.saturating_pow(u32::try_from(self.length_digits).ok()?);
        (!room || self.block_messages == 0)
            .then(|| "length_digits, max_message_bytes or block_messages do not fit".to_string())
    }

    /// How many bytes of a file with records of `record_bytes` go into one message of at most `message_bytes`: whole
    /// records, `None` where not even one fits.
    pub fn data_bytes(&self, record_bytes: usize, message_bytes: usize) -> Option<usize> {
        let shape = self.shapes.iter().find(|shape| shape.name == Name::Data)?;
        let around = self.length_digits + width(&self.header) + width(&shape.body);
        let room = message_bytes.min(self.max_message_bytes).checked_sub(around)?.min(self.max_data_bytes);
        let records = room.checked_div(record_bytes)?;
        records.checked_mul(record_bytes).filter(|bytes| *bytes > 0)
    }

    /// The digits of a response.
    pub fn code(&self, reply: Reply) -> &str {
        self.responses.iter().find(|r| r.name == reply).map_or("", |r| r.code.as_str())
    }

    /// What a response says; an unknown one needs a person.
    pub fn response(&self, code: &str) -> Option<&Response> {
        self.responses.iter().find(|r| r.code == code)
    }

    /// The width of a header field.
    pub fn header_width(&self, field: &str) -> usize {
        self.header.iter().find(|f| f.name == field).map_or(0, |f| f.len)
    }

    /// The bytes of a message, its length in front.
    pub fn print(&self, message: &Message) -> Result<Vec<u8>, String> {
        let shape = self.shapes.iter().find(|shape| shape.name == message.name);
        let shape = shape.ok_or_else(|| format!("{:?} is not described", message.name))?;
        let mut body = Vec::with_capacity(128 + message.payload.len());
        for field in &self.header {
            let value = if field.name == "message" { &shape.code } else { message.get(&field.name) };
            put(&mut body, field, value)?;
        }
        for field in &shape.body {
            put(&mut body, field, message.get(&field.name))?;
        }
        body.extend_from_slice(&message.payload);
        let whole = body.len() + self.length_digits;
        if whole > self.max_message_bytes {
            return Err(format!("a message of {whole} bytes is above {}", self.max_message_bytes));
        }
        let mut out = format!("{:0width$}", body.len(), width = self.length_digits).into_bytes();
        out.append(&mut body);
        Ok(out)
    }

    /// How many bytes follow a length, or why it is none.
    pub fn length(&self, digits: &[u8]) -> Result<usize, String> {
        let text = std::str::from_utf8(digits).ok().filter(|t| t.bytes().all(|b| b.is_ascii_digit()));
        let length: usize = text.and_then(|t| t.parse().ok()).ok_or("the length is not digits")?;
        if length < width(&self.header) || length.saturating_add(self.length_digits) > self.max_message_bytes
        {
            return Err(format!("a length of {length} is not that of a message"));
        }
        Ok(length)
    }

    /// Reads a message from the bytes after its length. A wrong header is an error; a wrong body is a flaw of the
    /// message, because a DATA message with one is simply missing (결번).
    pub fn parse(&self, bytes: &[u8]) -> Result<Message, String> {
        let mut values = BTreeMap::new();
        let mut rest = bytes;
        for field in &self.header {
            let (value, after) = take(rest, field)?;
            values.insert(field.name.clone(), value);
            rest = after;
        }
        let code = values.get("message").map_or("", String::as_str);
        let shape = self.shapes.iter().find(|shape| shape.code == code);
        let shape = shape.ok_or_else(|| format!("there is no message {code}"))?;
        let mut message = Message { name: shape.name, values, payload: Vec::new(), flaw: None };
        for field in &shape.body {
            match take(rest, field) {
                Ok((value, after)) => {
                    message.values.insert(field.name.clone(), value);
                    rest = after;
                }
                Err(flaw) => {
                    message.flaw = Some(flaw);
                    return Ok(message);
                }
            }
        }
        let counted = shape.payload.as_ref().map_or(0, |field| message.number(field));
        if counted == rest.len() as u64 {
            message.payload = rest.to_vec();
        } else {
            message.flaw = Some(format!("{} bytes of data follow where {counted} are said", rest.len()));
        }
        Ok(message)
    }
}

fn width(fields: &[Field]) -> usize {
    fields.iter().map(|field| field.len).sum()
}

fn put(out: &mut Vec<u8>, field: &Field, value: &str) -> Result<(), String> {
    let (name, len) = (&field.name, field.len);
    let fits = match field.kind {
        FieldType::Digits => value.bytes().all(|b| b.is_ascii_digit()),
        FieldType::Text => value.bytes().all(|b| (0x20..0x7f).contains(&b)),
    };
    if !fits || value.len() > len {
        return Err(format!("the value of {name} does not fit into {len} bytes"));
    }
    match field.kind {
        FieldType::Digits => out.extend_from_slice(format!("{value:0>len$}").as_bytes()),
        FieldType::Text => out.extend_from_slice(format!("{value:<len$}").as_bytes()),
    }
    Ok(())
}

/// A field's value, blanks at the end left out, and the bytes after it.
fn take<'b>(bytes: &'b [u8], field: &Field) -> Result<(String, &'b [u8]), String> {
    let name = &field.name;
    let (head, rest) =
        bytes.split_at_checked(field.len).ok_or_else(|| format!("the message ends within {name}"))?;
    let fits = match field.kind {
        FieldType::Digits => head.iter().all(u8::is_ascii_digit),
        FieldType::Text => head.iter().all(|b| (0x20..0x7f).contains(b)),
    };
    let text = std::str::from_utf8(head).ok().filter(|_| fits);
    let text = text.ok_or_else(|| format!("{name} holds a byte that it may not"))?;
    Ok((text.trim_end().to_string(), rest))
}
