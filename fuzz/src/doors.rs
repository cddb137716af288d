//! Every door through which bytes of strangers come in. What must hold is that nothing panics, overflows, hangs or takes memory without bound, and that what is accepted can be
//! printed and read again.
use std::io::Read;
use std::sync::{Arc, OnceLock};
use sunap::bank::codes::CodeTable;
use sunap::bank::proof::{Bound, Proof};
use sunap::bank::receipt::Receipt;
use sunap::bank::{Format, reading::FileReading};
use sunap::calendar::{DayOffset, Offset};
use sunap::config::{Sources, compile};
use sunap::exchange::Rules;
use sunap::intake::order::Order;
use sunap::layout::{Layout, to_json, write_json};
use sunap::seal::{KeyRing, Place};

/// The root of the repository: this page is built in it (tests) and below it (fuzz/).
const ROOT: &str = match env!("CARGO_PKG_NAME").as_bytes() {
    b"sunap-fuzz" => concat!(env!("CARGO_MANIFEST_DIR"), "/.."),
    _ => env!("CARGO_MANIFEST_DIR"),
};

/// The shipped layouts, bound, in the order of their names.
fn formats() -> &'static [(String, Format)] {
    static ALL: OnceLock<Vec<(String, Format)>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut names: Vec<_> = std::fs::read_dir(format!("{ROOT}/formats"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
            .collect();
        names.sort();
        let read = |path: &std::path::PathBuf| {
            let text = std::fs::read_to_string(path).unwrap();
            let layout = Layout::from_toml(&path.to_string_lossy(), &text).ok()?;
            Some((layout.file_name("2026-06-05".parse().unwrap()), Format::bind(Arc::new(layout)).ok()?))
        };
        names.iter().filter_map(read).collect()
    })
}

/// A bank's file: the first byte chooses the layout.
fn bank_file(data: &[u8]) {
    let Some((choice, bytes)) = data.split_first() else { return };
    let all = formats();
    let (name, format) = &all[usize::from(*choice) % all.len()];
    let reading: Option<FileReading> = match format {
        Format::RegistrationRequest(format) => {
            let mut reader = format.reader(name, bytes);
            while let Ok(Some(_)) = reader.next_line() {}
            reader.finish().ok()
        }
        Format::RegistrationResult(format) => {
            let mut reader = format.reader(name, bytes);
            while let Ok(Some(_)) = reader.next_line() {}
            reader.finish().ok()
        }
        Format::CollectionRequest(format) => format.reader(name, bytes).each(|_, _| Ok(())).ok(),
        Format::CollectionResult(format) => format.reader(name, bytes).each(|_, _| Ok(())).ok(),
        Format::PayoutRequest(format) => format.read(name, bytes, drop).ok(),
        Format::PayoutResult(format) => format.read(name, bytes, drop).ok(),
        Format::BankApplication(format) => format.read(name, bytes).ok().map(|received| received.reading),
        Format::BankApplicationAnswer(format) => {
            format.read(name, bytes).ok().map(|(received, _)| received.reading)
        }
        Format::Evidence(format) => format.read(name, bytes, |_, _| Ok(())).ok(),
        Format::Other(_) => None,
    };
    if let Some(reading) = reading {
        let (proof, faults) = Proof::new(None, &reading, Bound::default());
        assert!(!proof.holds() || faults.is_empty());
        let _ = (proof.to_string(), reading.faults.to_string());
    }
    plain(format.layout(), name, bytes);
}

/// The records as JSON; a file without faults is printed back to the same records.
fn plain(layout: &Layout, name: &str, bytes: &[u8]) {
    let mut reader = layout.reader(name, bytes);
    let mut lines = String::new();
    while let Ok(Some(view)) = reader.next_record() {
        lines.push_str(&format!("{}\n", to_json(&view)));
    }
    let Ok(summary) = reader.finish() else { return };
    let _ = summary.faults.to_string();
    if summary.faults.is_empty() {
        let again = write_json(layout, "again", lines.as_bytes(), Vec::new(), false);
        let (_, again) = again.unwrap_or_else(|error| panic!("{name} reads and is not printed: {error}"));
        let mut reader = layout.reader(name, again.as_slice());
        while let Ok(Some(_)) = reader.next_record() {}
        assert!(reader.finish().unwrap().faults.is_empty(), "{name}: what was printed does not read");
    }
}

/// A layout in TOML, and a file of zeros read by it.
fn layout(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Layout::from_toml("layout.toml", text) {
        Err(faults) => drop(faults.to_string()),
        Ok(layout) => plain(&layout, &layout.file_name("2026-06-05".parse().unwrap()), &[b'0'; 4096]),
    }
}

/// One file of the configuration is replaced: the first byte chooses it.
fn config(data: &[u8]) {
    static SHIPPED: OnceLock<Sources> = OnceLock::new();
    let shipped = SHIPPED
        .get_or_init(|| Sources::read(std::path::Path::new(&format!("{ROOT}/config/sunap.toml"))).unwrap());
    let Some((choice, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let mut sources = shipped.clone();
    let count = sources.files.len();
    if let Some(file) = sources.files.values_mut().nth(usize::from(*choice) % count) {
        *file = Some(text.to_string());
    }
    if let Err(faults) = compile(&sources) {
        let _ = faults.to_string();
    }
}

const LISTS: [&str; 8] = [
    "mandates.csv",
    "cancel.tsv",
    "request.csv",
    "retry.csv",
    "cash.csv",
    "charges.csv",
    "terms.csv",
    "refund.csv",
];

/// A creditor's list: the first byte chooses its kind.
fn list(data: &[u8]) {
    let Some((choice, bytes)) = data.split_first() else { return };
    match sunap::intake::read_list(LISTS[usize::from(*choice) % LISTS.len()], bytes) {
        Err(faults) => drop(faults.to_string()),
        Ok(list) => list.rows().for_each(|row| {
            let _ = (row.no(), row.broken().len(), row.cell("고객번호"));
        }),
    }
}

/// A workbook, read as its child process reads it. That a library panics on it ends the child, which is told as a fault of the
/// file; what counts here is memory and time.
fn sheet(data: &[u8]) {
    if sunap::sheet::is_workbook(data) {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let _ = std::panic::catch_unwind(|| sunap::sheet::child::translate(data, std::io::sink()));
        std::panic::set_hook(hook);
    }
}

/// An order: what is accepted is printed and read back to the same.
fn order(data: &[u8]) {
    match Order::parse("order.toml", data) {
        Err(faults) => drop(faults.to_string()),
        Ok(order) => assert_eq!(Order::parse("order.toml", order.print().as_bytes()), Ok(order)),
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = Receipt::from_toml("receipt", text).map_err(|fault| fault.to_string());
    }
}

/// Codes, rules of the exchange, times.
fn tables(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = CodeTable::from_toml("codes.toml", text).map_err(|faults| faults.to_string());
    let _ = Rules::from_toml("rules.toml", text).map_err(|faults| faults.to_string());
    if let Ok(offset) = text.parse::<Offset>() {
        assert_eq!(offset.to_string().parse::<Offset>(), Ok(offset));
    }
    let _ = text.parse::<DayOffset>();
}

/// Sealed values and files: nothing opens that was not sealed here.
fn sealed(data: &[u8]) {
    static RING: OnceLock<KeyRing> = OnceLock::new();
    let ring = RING.get_or_init(KeyRing::for_tests);
    let place = Place { table: "mandate", column: "account", row: 7 };
    assert!(ring.open(place, data).is_err() || ring.seal(place, &ring.open(place, data).unwrap()) == data);
    if let Ok(mut opened) = ring.opened(data) {
        let _ = opened.read_to_end(&mut Vec::new());
    }
    let sealed = ring.seal(place, data);
    assert_eq!(ring.open(place, &sealed).unwrap().as_slice(), data);
}

/// Messages of the transfer protocol.
fn frames(data: &[u8]) {
    static BOTH: OnceLock<Vec<sunap::transfer::Wire>> = OnceLock::new();
    let all = BOTH.get_or_init(|| {
        let folder = std::fs::read_dir(format!("{ROOT}/formats/transfer")).unwrap();
        let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
            .iter()
            .flat_map(|path| {
                let text = std::fs::read_to_string(path).unwrap();
                let words: toml::Table = text.parse().unwrap();
                let variants: Vec<String> = words["variant"].as_table().unwrap().keys().cloned().collect();
                variants.into_iter().map(move |variant| {
                    sunap::transfer::Wire::from_toml("protocol", &text, &variant).unwrap()
                })
            })
            .collect()
    });
    for protocol in all {
        let _ = protocol.length(data);
        if let Ok(message) = protocol.parse(data) {
            let _ = protocol.print(&message);
        }
    }
}

/// The door of a name.
pub(crate) fn door(name: &str) -> Option<fn(&[u8])> {
    Some(match name {
        "bank-file" => bank_file,
        "layout" => layout,
        "config" => config,
        "list" => list,
        "sheet" => sheet,
        "order" => order,
        "tables" => tables,
        "sealed" => sealed,
        "frames" => frames,
        _ => return None,
    })
}
