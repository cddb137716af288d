//! `config/sftp/<channel>.toml`: how a channel reaches an SFTP server.
//!
//! Must not: hold a key that is secret; it names a credential.

use super::session::is_file_name;
use crate::domain::Date;
use crate::fault::{Fault, Place};
use serde::Deserialize;

/// What becomes of a file over there once we have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AfterFetch {
    /// It is removed.
    Remove,
    /// It stays; its name is remembered here.
    Keep,
}

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SftpSettings {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Our name there.
    pub user: String,
    /// The server's public key: type and base64.
    pub host_key: String,
    /// The credential with our private key.
    pub key: String,
    /// Their folder for our files.
    pub upload: String,
    /// Their folder with files for us.
    pub download: String,
    /// First four characters of the files that go out, in order.
    pub send: Vec<String>,
    /// First four characters of those that come.
    pub receive: Vec<String>,
    /// The end of the mark that says "complete" there; blank: none.
    pub marker: String,
    /// Whether names end in `_YYYY` there (facts/kftc.md 1).
    pub year_suffix: bool,
    /// What becomes of a fetched file.
    pub after_fetch: AfterFetch,
    /// For a connection.
    pub connect_seconds: u32,
    /// For how many days a name is remembered as received.
    pub remember_days: u32,
}

impl SftpSettings {
    /// Reads and checks the file's text.
    pub fn from_toml(file: &str, text: &str) -> Result<Self, Fault> {
        let wrong = |what: String| {
            Fault::new(
                "sftp-settings-wrong",
                Place::file(file),
                what,
                "compare with config/sftp/bankingplus-seoul.toml as shipped; docs/sftp.md explains each key",
            )
        };
        let settings: Self = toml::from_str(text).map_err(|error| wrong(error.message().to_string()))?;
        settings.flaw().map_or(Ok(settings), |what| Err(wrong(what)))
    }

    fn flaw(&self) -> Option<String> {
        // These become part of commands of sftp: nothing that it reads as a blank, a pattern or an option.
        let word = |text: &str| {
            let plain = |b: u8| b.is_ascii_alphanumeric() || b"._/-:".contains(&b);
            !text.is_empty() && !text.starts_with('-') && text.bytes().all(plain)
        };
        let words = [
            ("host", &self.host),
            ("user", &self.user),
            ("key", &self.key),
            ("upload", &self.upload),
            ("download", &self.download),
        ];
        if let Some((key, text)) = words.iter().find(|(_, text)| !word(text)) {
            return Some(format!("{key} = {text:?}: letters, digits and . _ / - only"));
        }
        if self.key.contains('/') {
            return Some("key names a credential: a file name without /".to_string());
        }
        let parts: Vec<&str> = self.host_key.split(' ').collect();
        let base64 = |text: &&str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
        if !matches!(parts.as_slice(), [kind, key] if word(kind) && base64(key) && key.len() > 40) {
            return Some("host_key is the server's public key: type, a blank, base64".to_string());
        }
        if !self.marker.is_empty() && (!word(&self.marker) || self.marker.contains('/')) {
            return Some(format!("marker = {:?}: the end of a file name", self.marker));
        }
        let all: Vec<&String> = self.send.iter().chain(&self.receive).collect();
        if all.is_empty() || all.iter().any(|code| !is_file_name(&format!("{code}0000"))) {
            return Some(
                "send and receive list the first four characters of file names, 0-9 A-Z".to_string(),
            );
        }
        (self.connect_seconds == 0).then(|| "connect_seconds must be above 0".to_string())
    }

    /// The place of a name among the files that go out.
    pub fn rank(&self, name: &str) -> Option<usize> {
        self.send.iter().position(|code| is_file_name(name) && name.starts_with(code))
    }

    /// What a file of ours is called there: with the year whose day MMDD lies nearest to today.
    pub(super) fn name_there(&self, name: &str, today: Date) -> Option<String> {
        if !self.year_suffix {
            return Some(name.to_string());
        }
        let (month, day) = (name.get(4..6)?.parse().ok()?, name.get(6..8)?.parse().ok()?);
        let years = [today.year().checked_sub(1)?, today.year(), today.year().checked_add(1)?];
        let days = years.into_iter().filter_map(|year| Date::new(year, month, day));
        let nearest = days.min_by_key(|date| date.days_since(today).abs())?;
        Some(format!("{name}_{}", nearest.year()))
    }

    /// What a file there is called here, where it is one for us.
    pub(super) fn name_here<'n>(&self, name: &'n str) -> Option<&'n str> {
        let (here, year) = if self.year_suffix { name.split_once('_')? } else { (name, "0000") };
        let well = is_file_name(here) && year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit());
        (well && self.receive.iter().any(|code| here.starts_with(code))).then_some(here)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_the_year_of_the_nearest_day() {
        let text = include_str!("../../config/sftp/bankingplus-seoul.toml");
        let plain = SftpSettings::from_toml("t", text).unwrap();
        let dated = SftpSettings { year_suffix: true, ..plain.clone() };
        for (today, name, there) in [
            ("2026-11-23", "EB211124", "EB211124_2026"),
            ("2026-12-31", "EB210104", "EB210104_2027"),
            ("2027-01-04", "EB221231", "EB221231_2026"),
        ] {
            assert_eq!(dated.name_there(name, today.parse().unwrap()).as_deref(), Some(there));
        }
        assert_eq!(dated.name_here("EB221231_2026"), Some("EB221231"));
        assert_eq!(plain.name_here("EB221231_2026"), None);
        for name in ["EB22123", "EB991231", "../EB22", "EB221231 ", ".EB22123"] {
            assert_eq!(plain.name_here(name), None, "{name}");
        }
    }
}
