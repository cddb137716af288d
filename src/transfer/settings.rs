//! `config/transfer/<channel>.toml`: how a channel reaches the network.
//!
//! Must not: hold a password; it names credentials.

use crate::domain::TimeOfDay;
use crate::fault::{Fault, Place};
use serde::Deserialize;
use std::time::Duration;

/// One side of the line.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Side {
    /// 송신자명: at most 20 characters 0-9 A-Z.
    pub name: String,
    /// The name of the credential with its password.
    pub password: String,
    /// Where it listens, `host:port`; blank: it does not.
    pub address: String,
}

/// Which way a file goes, seen from the member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobDirection {
    /// From the member to the centre.
    Send,
    /// From the centre to the member.
    Receive,
}

/// A kind of file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// The first four characters of its names.
    pub code: String,
    /// Which way.
    pub direction: JobDirection,
    /// Length of a record: records are not split over messages.
    pub record_bytes: usize,
}

/// Times and how often.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Times {
    /// When we call, `HH:MM-HH:MM` in Korea.
    pub windows: Vec<String>,
    /// Between two looks into the outbox.
    pub look_seconds: u64,
    /// Between two calls that ask for files; 0: never.
    pub fetch_seconds: u64,
    /// For a connection.
    pub connect_seconds: u64,
    /// For an answer.
    pub answer_seconds: u64,
    /// For the next message of one who called.
    pub idle_seconds: u64,
    /// Before a failed call is tried again.
    pub retry_seconds: u64,
    /// How often a round is tried.
    pub tries: u32,
    /// How often the missing of one block are sent again.
    pub repair_rounds: u32,
    /// For how many days a name is remembered as received.
    pub remember_days: u32,
}

impl Times {
    /// Whether calls are made at this time of day.
    pub fn open_at(&self, time: TimeOfDay) -> bool {
        self.windows
            .iter()
            .filter_map(|text| window(text))
            .any(|(from, to)| (from..to).contains(&time.seconds()))
    }

    /// The patience with an answer.
    pub fn answer(&self) -> Duration {
        Duration::from_secs(self.answer_seconds)
    }

    /// The patience with the next message.
    pub fn idle(&self) -> Duration {
        Duration::from_secs(self.idle_seconds)
    }
}

/// The seconds of the day of a window.
fn window(text: &str) -> Option<(u32, u32)> {
    let (from, to) = text.split_once('-')?;
    let from: TimeOfDay = from.parse().ok()?;
    let to = if to == "24:00" { 86_400 } else { to.parse::<TimeOfDay>().ok()?.seconds() };
    (from.seconds() < to).then_some((from.seconds(), to))
}

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The description of the messages, counted from the folder that holds the config folder.
    pub layout: String,
    /// Which header.
    pub variant: String,
    /// 업무구분.
    pub business: String,
    /// 기관코드.
    pub institution: String,
    /// The member's 송수신 flag.
    pub member_flag: String,
    /// We.
    pub member: Side,
    /// The network.
    pub centre: Side,
    /// The files, in the order in which they are sent.
    pub job: Vec<Job>,
    /// Times.
    pub times: Times,
}

impl Settings {
    /// Reads and checks the file's text.
    pub fn from_toml(file: &str, text: &str) -> Result<Self, Fault> {
        let wrong = |what: String| {
            Fault::new(
                "transfer-settings-wrong",
                Place::file(file),
                what,
                "compare with config/transfer/bankingplus-seoul.toml as shipped; docs/transfer.md explains each key",
            )
        };
        let settings: Self = toml::from_str(text).map_err(|error| wrong(error.message().to_string()))?;
        settings.flaw().map_or(Ok(settings), |what| Err(wrong(what)))
    }

    fn flaw(&self) -> Option<String> {
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
        for side in [&self.member, &self.centre] {
            if side.name.is_empty() || side.name.len() > 20 || !plain(&side.name) {
                return Some(format!("the name {:?} is not 1-20 characters 0-9 A-Z", side.name));
            }
            let file_name =
                !side.password.is_empty() && !side.password.starts_with('.') && !side.password.contains('/');
            if !file_name {
                return Some("password names a credential: a file name without /".to_string());
            }
        }
        if !plain(&self.institution) || !matches!(self.institution.len(), 3 | 8) {
            return Some(format!("institution (기관코드) {:?} is not 8 or 3 characters", self.institution));
        }
        if let Some(text) = self.times.windows.iter().find(|text| window(text).is_none()) {
            return Some(format!("the window {text:?} is not HH:MM-HH:MM"));
        }
        let zero = [
            ("look_seconds", self.times.look_seconds),
            ("connect_seconds", self.times.connect_seconds),
            ("answer_seconds", self.times.answer_seconds),
            ("idle_seconds", self.times.idle_seconds),
            ("retry_seconds", self.times.retry_seconds),
            ("tries", self.times.tries.into()),
            ("repair_rounds", self.times.repair_rounds.into()),
        ];
        if let Some((key, _)) = zero.iter().find(|(_, value)| *value == 0) {
            return Some(format!("{key} must be above 0"));
        }
        let mut seen: Vec<&str> = Vec::new();
        for job in &self.job {
            if job.code.len() != 4
                || !plain(&job.code)
                || job.record_bytes == 0
                || seen.contains(&job.code.as_str())
            {
                return Some(format!(
                    "the job {:?} is not four characters 0-9 A-Z, named once, with record_bytes above 0",
                    job.code
                ));
            }
            seen.push(&job.code);
        }
        seen.is_empty().then(|| "there is no [[job]]".to_string())
    }
}
