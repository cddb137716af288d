//! The faults of papers: `tests/faults/<fault-name>/case.toml` with `room = "paper"` names a font, a stamp or a text;
//! `expected.txt` is what a person sees. With `SUNAP_BLESS=1` the texts are written anew: read them.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test: the functions outside #[test] too may stop at once"
)]
#![expect(clippy::disallowed_methods, clippy::print_stderr, reason = "tests write their own expectations")]

use serde::Deserialize;
use std::path::{Path, PathBuf};
use sunap::report::{PaperError, Stamp, Typeface};

const NANUM: &str = "/usr/share/fonts/truetype/nanum/NanumGothic.ttf";

#[derive(Deserialize)]
struct Case {
    room: String,
    font: Option<PathBuf>,
    stamp: Option<PathBuf>,
    text: Option<String>,
}

fn told(case: &Case) -> Option<String> {
    let result = if let Some(font) = &case.font {
        Typeface::read(font).map(|_| ())
    } else if let Some(stamp) = &case.stamp {
        Stamp::read("config/creditors/stamp.png", &std::fs::read(stamp).unwrap()).map(|_| ())
    } else {
        if !Path::new(NANUM).exists() {
            eprintln!("SKIPPED: install fonts-nanum to check missing glyphs");
            return None;
        }
        let face = Typeface::read(Path::new(NANUM)).unwrap();
        face.check(case.text.as_deref().unwrap())
    };
    match result.unwrap_err() {
        PaperError::Fault(fault) => Some(fault.to_string()),
        PaperError::Trouble(trouble) => panic!("{trouble}"),
    }
}

#[test]
fn every_fault_of_papers_is_told_as_its_case_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    for entry in std::fs::read_dir(root.join("tests/faults")).unwrap() {
        let folder = entry.unwrap().path();
        let text = std::fs::read_to_string(folder.join("case.toml")).unwrap();
        let Ok(case) = toml::from_str::<Case>(&text) else { continue };
        if case.room != "paper" {
            continue;
        }
        seen += 1;
        let Some(told) = told(&case) else { continue };
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        assert!(told.contains(&name), "{name}: {told}");
        let expected = folder.join("expected.txt");
        if std::env::var_os("SUNAP_BLESS").is_some() {
            std::fs::write(&expected, &told).unwrap();
        }
        assert_eq!(told, std::fs::read_to_string(&expected).unwrap(), "{name}");
    }
    assert_eq!(seen, 4);
}
