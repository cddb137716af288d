//! The texts of a configuration, and the reading of them from a disk: the only I/O of this room.
//!
//! Must not: judge what the texts say.

use super::{Accounts, LoadError, SourceText};
use crate::fault::{Fault, Faults, Place, Trouble, printable};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use toml::de::DeTable;

/// The folders below the config folder of which every `*.toml` is read.
const FOLDERS: [&str; 3] = ["profiles", "channels", "creditors"];

/// The folder of the notices, `*.md`.
const NOTICES: &str = "notices";

/// The files beside `sunap.toml`.
const FILES: [&str; 4] = ["calendar.toml", "banks.toml", "users.toml", "notify.toml"];

/// A mode by which everybody may write.
const WORLD_WRITABLE: u32 = 0o002;

/// A file of `formats/`, not read yet: the layout and bank rooms make something of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatSource {
    /// The name shown in faults, `formats/EB13.toml`.
    pub file: String,
    /// Its text.
    pub text: String,
}

impl FormatSource {
    /// The `name` that the file gives itself, if it reads as TOML and has one.
    pub fn name(&self) -> Option<String> {
        let (table, _) = DeTable::parse_recoverable(&self.text);
        table.get_ref().get("name").and_then(|value| value.get_ref().as_str()).map(str::to_string)
    }

    /// The file's name without folder and `.toml`: how code tables are called.
    pub fn stem(&self) -> &str {
        let name = self.file.rsplit('/').next().unwrap_or(&self.file);
        name.strip_suffix(".toml").unwrap_or(name)
    }
}

/// All texts of a configuration.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The folder from which relative paths of sunap.toml are counted: the one that holds the config folder.
    pub root: PathBuf,
    /// The folder of systemd's credentials, where the process was given some.
    pub credentials: Option<PathBuf>,
    /// The name of the config folder, as faults show it.
    pub folder: String,
    /// The texts by path below the config folder (`creditors/10000001.toml`); `None` where the file is not UTF-8.
    pub files: BTreeMap<String, Option<String>>,
    /// The layouts.
    pub formats: Vec<FormatSource>,
    /// The code tables.
    pub codes: Vec<FormatSource>,
    /// Every text with the owner of its file.
    pub texts: Vec<SourceText>,
    /// The accounts of this machine, for users.toml.
    pub accounts: Accounts,
    /// What was wrong with the files as such.
    pub faults: Faults,
}

impl Sources {
    /// Reads `sunap.toml` at `path` and everything it leads to. A file that is absent is left out (whoever needs it
    /// says so); one that cannot be read is a trouble.
    pub fn read(path: &Path) -> Result<Self, LoadError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = match folder.canonicalize() {
            Ok(folder) => folder,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(missing(path)),
            Err(error) => return Err(Trouble::at("open", folder, error).into()),
        };
        let settings_name =
            path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        if !folder.join(&settings_name).exists() {
            return Err(missing(path));
        }
        let mut sources = Self {
            root: folder.parent().unwrap_or(&folder).to_path_buf(),
            credentials: std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from),
            folder: folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            files: BTreeMap::new(),
            formats: Vec::new(),
            codes: Vec::new(),
            texts: Vec::new(),
            accounts: accounts()?,
            faults: Faults::default(),
        };
        sources.look_at_mode(&folder, &sources.folder.clone())?;
        sources.take(&folder.join(&settings_name), super::SETTINGS)?;
        for name in FILES {
            sources.take(&folder.join(name), name)?;
        }
        for name in FOLDERS {
            for file in files_ending(&folder.join(name), ".toml")? {
                sources.take(&folder.join(name).join(&file), &format!("{name}/{file}"))?;
            }
        }
        for file in files_ending(&folder.join(NOTICES), ".md")? {
            sources.take(&folder.join(NOTICES).join(&file), &format!("{NOTICES}/{file}"))?;
        }
        sources.read_formats()?;
        Ok(sources)
    }

    /// Reads the layouts and code tables of the folder that sunap.toml names.
    fn read_formats(&mut self) -> Result<(), LoadError> {
        let settings = self.files.get(super::SETTINGS).and_then(Option::as_deref).unwrap_or_default();
        let (table, _) = DeTable::parse_recoverable(settings);
        let Some(named) = table.get_ref().get("formats").and_then(|value| value.get_ref().as_str()) else {
            // Absent or wrong: the check of sunap.toml tells it.
            return Ok(());
        };
        let (folder, named) = (self.root.join(named), named.to_string());
        self.formats = self.read_texts(&folder, &named)?;
        self.codes = self.read_texts(&folder.join("codes"), &format!("{named}/codes"))?;
        Ok(())
    }

    fn read_texts(&mut self, folder: &Path, shown: &str) -> Result<Vec<FormatSource>, LoadError> {
        let mut texts = Vec::new();
        for name in files_ending(folder, ".toml")? {
            let file = format!("{shown}/{name}");
            if let Some(Some(text)) = self.text(&folder.join(&name), &file)? {
                texts.push(FormatSource { file, text });
            }
        }
        Ok(texts)
    }

    fn take(&mut self, path: &Path, name: &str) -> Result<(), LoadError> {
        let shown = self.shown(name);
        if let Some(text) = self.text(path, &shown)? {
            self.files.insert(name.to_string(), text);
        }
        Ok(())
    }

    /// The text of a file: nothing where there is no file, `Some(None)` with a fault where it is not UTF-8.
    fn text(&mut self, path: &Path, shown: &str) -> Result<Option<Option<String>>, LoadError> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Trouble::at("read", path, error).into()),
        };
        let (uid, gid) = self.look_at_mode(path, shown)?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let line = error.as_bytes().iter().take(at).filter(|b| **b == b'\n').count() + 1;
            let byte = error.as_bytes().get(at).copied().unwrap_or_default();
            self.faults.push(Fault::new(
                "config-not-utf8",
                Place::Line { file: shown.to_string(), line, column: 0 },
                format!("byte {byte:#04x} on this line is not UTF-8"),
                "save the file as UTF-8 (not EUC-KR or CP949)",
            ));
        });
        if let Ok(text) = &text {
            self.texts.push(SourceText { file: shown.to_string(), text: text.clone(), uid, gid });
        }
        Ok(Some(text.ok()))
    }

    /// What everybody on the machine may write says nothing that could be trusted. Gives the owner and group.
    fn look_at_mode(&mut self, path: &Path, shown: &str) -> Result<(u32, u32), LoadError> {
        let found = std::fs::metadata(path).map_err(|error| Trouble::at("look at", path, error))?;
        if found.mode() & WORLD_WRITABLE != 0 {
            self.faults.push(Fault::new(
                "config-world-writable",
                Place::file(shown),
                "everybody on this machine may write here, and so change rights, accounts and limits",
                format!("chmod o-w {shown}"),
            ));
        }
        Ok((found.uid(), found.gid()))
    }

    /// The name of a file as faults show it: `config/banks.toml`.
    pub fn shown(&self, name: &str) -> String {
        if self.folder.is_empty() { name.to_string() } else { format!("{}/{name}", self.folder) }
    }
}

/// The accounts that this machine lists; none where it has no lists.
fn accounts() -> Result<Accounts, Trouble> {
    let list = |path: &str| match std::fs::read(path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(Trouble::at("read", Path::new(path), error)),
    };
    Ok(Accounts::parse(&list("/etc/passwd")?, &list("/etc/group")?))
}

fn missing(path: &Path) -> LoadError {
    let shown = printable(&path.to_string_lossy());
    let mut faults = Faults::default();
    faults.push(Fault::new(
        "config-file-missing",
        Place::file(shown),
        "there is no such file",
        "give the path of sunap.toml, or copy the sample config there",
    ));
    LoadError::Faults(faults)
}

/// The names of the files of a folder that end so, sorted; none where there is no folder. Hidden files are left out.
fn files_ending(folder: &Path, ending: &str) -> Result<Vec<String>, LoadError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Trouble::at("list", folder, error).into()),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| Trouble::at("list", folder, error))?;
        if let Ok(name) = entry.file_name().into_string()
            && name.ends_with(ending)
            && !name.starts_with('.')
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}
