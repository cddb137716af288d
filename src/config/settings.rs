//! `sunap.toml`: where the folders are, how the inboxes are watched, what is logged.
//!
//! A relative path is counted from the folder that holds the config folder: with `/srv/sunap/config/sunap.toml`,
//! `spool = "spool"` is `/srv/sunap/spool`.

use super::document::{At, Document, Section};
use super::retention::{self, Retention};
use crate::domain::TimeOfDay;
use std::path::{Component, Path, PathBuf};

/// How large a dropped file may be, in bytes, by whose inbox it lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileLimits {
    /// A bank's file.
    pub channel_file_bytes: u64,
    /// A creditor's list.
    pub creditor_file_bytes: u64,
    /// An operator's order.
    pub order_bytes: u64,
    /// Bytes that must be free for spool and state; with fewer no window opens.
    pub least_free_bytes: u64,
}

/// What is logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: &'static str,
    /// One JSON object per line instead of text.
    pub json: bool,
}

/// What papers (출력) are printed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaperSettings {
    /// The typeface of the text; it needs Hangul.
    pub font: PathBuf,
    /// The typeface of titles.
    pub font_bold: PathBuf,
}

/// The values of sunap.toml.
pub(super) struct Settings {
    pub(super) spool_dir: PathBuf,
    pub(super) state_dir: PathBuf,
    pub(super) quiet_ms: u64,
    pub(super) unfinished_ms: u64,
    pub(super) retention: Option<Retention>,
    pub(super) summary_at: Option<TimeOfDay>,
    pub(super) scan_seconds: u64,
    pub(super) limits: FileLimits,
    pub(super) log: LogSettings,
    pub(super) papers: PaperSettings,
    pub(super) keys_dir: PathBuf,
}

const LEVELS: [(&str, &str); 5] =
    [("error", "error"), ("warn", "warn"), ("info", "info"), ("debug", "debug"), ("trace", "trace")];

/// Where Debian's fonts-nanum puts them.
const NANUM: &str = "/usr/share/fonts/truetype/nanum/NanumGothic.ttf";
const NANUM_BOLD: &str = "/usr/share/fonts/truetype/nanum/NanumGothicBold.ttf";

/// An hour: longer than any upload of a list takes.
const UNFINISHED_MINUTES: i64 = 60;

/// 64 MiB: room for one day of a large agent.
const LEAST_FREE_BYTES: u64 = 64 << 20;

/// 1 TiB: more is a slip of the pen.
const MOST_BYTES: i64 = 1 << 40;

/// Reads and checks sunap.toml.
///
/// `credentials` is the folder of systemd's credentials, where there is one: the keys are there unless `[keys]` says otherwise.
pub(super) fn read(document: &Document<'_>, root: &Path, credentials: Option<&Path>) -> Option<Settings> {
    let mut file = document.root();
    let spool = folder(&mut file, "spool", root);
    let state = folder(&mut file, "state", root);
    let formats = folder(&mut file, "formats", root);
    let quiet = file.number("quiet_ms", 0..=600_000);
    let unfinished = match file.has("unfinished_minutes") {
        true => file.number("unfinished_minutes", 1..=10_080).map(|minutes| minutes.value),
        false => Some(UNFINISHED_MINUTES),
    };
    let scan = file.number("scan_seconds", 1..=3_600);
    let limits = file.section("limits").and_then(file_limits);
    let log = file.section("log").and_then(log_settings);
    let papers = if file.has("papers") {
        file.section("papers").and_then(|section| paper_settings(section, root))
    } else {
        Some(PaperSettings { font: NANUM.into(), font_bold: NANUM_BOLD.into() })
    };
    let keys = match file.has("keys") {
        true => file.section("keys").and_then(|section| keys_folder(section, root)),
        false => Some(credentials.map_or_else(|| root.join("keys"), Path::to_path_buf)),
    };
    let retention = match file.has("retention") {
        true => file.section("retention").and_then(retention::read).map(Some),
        false => Some(None),
    };
    let summary_at = match file.has("summary_at") {
        true => file.parsed::<TimeOfDay>("summary_at").map(|at| Some(at.value)),
        false => Some(None),
    };
    file.finish();
    if let (Some(spool), Some(state)) = (&spool, &state)
        && (spool.value.starts_with(&state.value) || state.value.starts_with(&spool.value))
    {
        document.fault(
            "folders-overlap",
            state.span.clone(),
            "the state folder and the spool lie in one another; dropped files and the ledger must stay apart",
            "name two folders beside each other: spool = \"spool\", state = \"state\"",
        );
    }
    formats?;
    Some(Settings {
        spool_dir: spool?.value,
        state_dir: state?.value,
        quiet_ms: u64::try_from(quiet?.value).ok()?,
        unfinished_ms: u64::try_from(unfinished?).ok()?.checked_mul(60_000)?,
        scan_seconds: u64::try_from(scan?.value).ok()?,
        retention: retention?,
        summary_at: summary_at?,
        limits: limits?,
        log: log?,
        papers: papers?,
        keys_dir: keys?,
    })
}

fn file_limits(mut section: Section<'_>) -> Option<FileLimits> {
    let mut bytes =
        |key| section.number(key, 1..=MOST_BYTES).and_then(|number| u64::try_from(number.value).ok());
    let (channel, creditor, order) =
        (bytes("channel_file_bytes"), bytes("creditor_file_bytes"), bytes("order_bytes"));
    let least_free_bytes = match section.has("least_free_bytes") {
        true => section.number("least_free_bytes", 0..=MOST_BYTES).and_then(|n| u64::try_from(n.value).ok()),
        false => Some(LEAST_FREE_BYTES),
    };
    section.finish();
    Some(FileLimits {
        channel_file_bytes: channel?,
        creditor_file_bytes: creditor?,
        order_bytes: order?,
        least_free_bytes: least_free_bytes?,
    })
}

fn paper_settings(mut section: Section<'_>, root: &Path) -> Option<PaperSettings> {
    let font = folder(&mut section, "font", root);
    let font_bold = folder(&mut section, "font_bold", root);
    section.finish();
    Some(PaperSettings { font: font?.value, font_bold: font_bold?.value })
}

fn keys_folder(mut section: Section<'_>, root: &Path) -> Option<PathBuf> {
    let keys = folder(&mut section, "folder", root);
    section.finish();
    Some(keys?.value)
}

fn log_settings(mut section: Section<'_>) -> Option<LogSettings> {
    let level = section.choice("level", &LEVELS);
    let json = section.choice("form", &[("text", false), ("json", true)]);
    section.finish();
    Some(LogSettings { level: level?.value, json: json?.value })
}

/// A folder, made absolute by `root`, without `.` and `..`, so that two ways to write one folder compare equal.
fn folder(file: &mut Section<'_>, key: &'static str, root: &Path) -> Option<At<PathBuf>> {
    let text = file.words(key, 4_096)?;
    let mut path = PathBuf::new();
    for part in root.join(&text.value).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                path.pop();
            }
            part => path.push(part),
        }
    }
    Some(At { value: path, span: text.span })
}
