//! `sunap query …` (즐겨찾기, F32): questions that are asked often, kept under a name: `query save NAME -- report arrears …`.
//!
//! They are texts in the person's own folder, `$XDG_CONFIG_HOME/sunap/queries` or `~/.config/sunap/queries`, one argument a line.
//!
//! Must not: keep or run anything that does more than ask: report, log, status, show.

use super::{Exit, Failed, Screen, Verb};
use crate::fault::{Trouble, printable};
use crate::spool::{keep_text, remove_text};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Saved queries (즐겨찾기).
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: QueryVerb,
}

#[derive(Debug, Subcommand)]
enum QueryVerb {
    /// Keep a query under a name: `sunap query save unpaid -- report arrears --creditor 10000001`.
    Save {
        /// Letters, digits, - and _.
        name: String,
        /// report, log, status or show, with its arguments.
        #[arg(last = true, required = true)]
        words: Vec<String>,
    },
    /// Ask it; what follows -- is put behind it: `sunap query run unpaid -- --to 2026-02-28`.
    Run {
        /// Its name.
        name: String,
        /// Further arguments.
        #[arg(last = true)]
        more: Vec<String>,
    },
    /// All of them.
    List,
    /// Forget one.
    Remove {
        /// Its name.
        name: String,
    },
}

/// How the files of queries end.
const ENDING: &str = ".query";

/// Does the verb.
pub(super) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<Exit, Failed> {
    match &arguments.verb {
        QueryVerb::Save { name, words } => {
            asks_only(words)?;
            if words.iter().any(|word| word.contains(['\n', '\r'])) {
                return Err(Failed::told(Exit::Usage, "an argument must stand on one line"));
            }
            let (dir, file) = (folder()?, file_of(name)?);
            let text = format!("{}\n", words.join("\n"));
            if dir.join(&file).exists() {
                let told = format!("there is a query {name} already: sunap query remove {name}");
                return Err(Failed::told(Exit::Usage, told));
            }
            keep_text(&dir, &file, &text)?;
            screen.line(format_args!("{name}: sunap {}", words.join(" ")))?;
            Ok(Exit::Done)
        }
        QueryVerb::Run { name, more } => {
            let mut words = read(name)?;
            words.extend(more.iter().cloned());
            super::done(asks_only(&words)?, screen)
        }
        QueryVerb::List => {
            let mut names = names()?;
            names.sort();
            if names.is_empty() {
                screen.line("저장한 조회가 없습니다 (no query is saved).")?;
            }
            for name in names {
                screen.line(format_args!("{name}: sunap {}", read(&name)?.join(" ")))?;
            }
            Ok(Exit::Done)
        }
        QueryVerb::Remove { name } => match remove_text(&folder()?, &file_of(name)?)? {
            true => Ok(Exit::Done),
            false => Err(unknown(name)),
        },
    }
}

/// The verb of the words, if it only asks.
fn asks_only(words: &[String]) -> Result<Verb, Failed> {
    let all = std::iter::once("sunap").chain(words.iter().map(String::as_str));
    let parsed = super::Arguments::try_parse_from(all)
        .map_err(|why| Failed::told(Exit::Usage, why.render().to_string().trim_end().to_string()))?;
    match parsed.verb {
        asks @ (Verb::Report(_) | Verb::Log(_) | Verb::Status(_) | Verb::Show(_)) => Ok(asks),
        _ => Err(Failed::told(
            Exit::Usage,
            "only report, log, status and show can be saved: they ask, and do nothing",
        )),
    }
}

fn unknown(name: &str) -> Failed {
    Failed::told(Exit::Usage, format!("there is no query {}: sunap query list", printable(name)))
}

/// Where this person's queries are.
fn folder() -> Result<PathBuf, Failed> {
    let of = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let config = of("XDG_CONFIG_HOME").or_else(|| of("HOME").map(|home| home.join(".config")));
    match config {
        Some(config) => Ok(config.join("sunap").join("queries")),
        None => Err(Failed::told(Exit::Usage, "neither XDG_CONFIG_HOME nor HOME says where to keep queries")),
    }
}

fn file_of(name: &str) -> Result<String, Failed> {
    let well = (1..=40).contains(&name.chars().count())
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    if well {
        return Ok(format!("{name}{ENDING}"));
    }
    let told = format!("{:?} is no name of a query: letters, digits, - and _, at most 40", printable(name));
    Err(Failed::told(Exit::Usage, told))
}

fn read(name: &str) -> Result<Vec<String>, Failed> {
    let path = folder()?.join(file_of(name)?);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(text.lines().map(str::to_string).collect()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(unknown(name)),
        Err(error) => Err(Trouble::at("read", &path, error).into()),
    }
}

fn names() -> Result<Vec<String>, Failed> {
    let dir = folder()?;
    let entries = match std::fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Trouble::at("list", &dir, error).into()),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| Trouble::at("list", &dir, error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(ENDING).filter(|name| !name.starts_with('.')).map(str::to_string));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_string).collect()
    }

    #[test]
    fn only_what_asks_can_be_saved() {
        assert!(asks_only(&words("report arrears --creditor 10000001")).is_ok());
        assert!(asks_only(&words("status --json")).is_ok());
        assert!(asks_only(&words("log --user kim")).is_ok());
        assert!(asks_only(&words("run")).is_err());
        assert!(asks_only(&words("report")).is_err(), "half a query");
        assert!(asks_only(&words("file hold EB210105 --reason x")).is_err());
        assert!(asks_only(&words("query run x")).is_err());
    }

    #[test]
    fn a_name_is_no_path() {
        assert!(file_of("미납-조회_1").is_ok());
        for name in ["", "../x", "a/b", ".x", "a b", "x.y"] {
            assert!(file_of(name).is_err(), "{name}");
        }
    }
}
