//! Times nothing: does one piece of work of the layout room and prints `count total`, so that a timer of whole processes
//! can hold it against another program. `benches/README.md` has the commands.
//!
//! ```text
//! layout check  TOML FILE        every field of every record checked, order, serials, counts and sums proven
//! layout decode TOML FILE        the same, and the value of every field taken, text decoded to UTF-8
//! layout write  TOML FILE N      a file of N made-up records
//! layout                         all three on 100,000 records of benches/layouts/kit.toml, timed: what `cargo bench` runs
//! ```

mod common;

use common::{Said, Watch};
use std::fs::File;
use std::hint::black_box;
use std::io::BufWriter;
use sunap::domain::Date;
use sunap::layout::{FieldIx, FieldKind, Layout, RecordIx, RecordView};

fn main() -> Result<(), Said> {
    let arguments = common::arguments();
    let [verb, toml, file, rest @ ..] = arguments.as_slice() else { return all() };
    let layout = load(toml)?;
    let told = match (verb.as_str(), rest) {
        ("check", []) => read(&layout, file, |_| ())?,
        ("decode", []) => {
            let kinds = kinds(&layout);
            read(&layout, file, |view| take(view, &kinds))?
        }
        ("write", [n]) => write(&layout, file, n.parse()?)?,
        _ => return Err("check | decode | write".into()),
    };
    let mut out = std::io::stdout();
    Ok(std::io::Write::write_all(&mut out, format!("{told}\n").as_bytes())?)
}

fn load(toml: &str) -> Result<Layout, Said> {
    Ok(Layout::from_toml(toml, &std::fs::read_to_string(toml)?)?)
}

/// A small run of each, timed.
fn all() -> Result<(), Said> {
    let layout = load("benches/layouts/kit.toml")?;
    let kinds = kinds(&layout);
    let file = std::env::temp_dir().join(format!("sunap-bench-{}", std::process::id()));
    let path = file.to_string_lossy().into_owned();
    let mut watch = Watch::start()?;
    write(&layout, &path, 100_000)?;
    watch.tell("write 100,000 records")?;
    read(&layout, &path, |_| ())?;
    watch.tell("check them")?;
    read(&layout, &path, |view| take(view, &kinds))?;
    watch.tell("check and decode them")?;
    Ok(std::fs::remove_file(&file)?)
}

fn read(layout: &Layout, file: &str, mut each: impl FnMut(&RecordView<'_>)) -> Result<String, Said> {
    let mut reader = layout.reader(file, File::open(file)?);
    while let Some(view) = reader.next_record()? {
        each(&view);
        black_box(&view);
    }
    let summary = reader.finish()?;
    if !summary.faults.is_empty() {
        return Err(summary.faults.to_string().into());
    }
    let sum = summary.checks.last().ok_or("the layout has no check")?;
    let data = layout.record("data").ok_or("the layout has no data record")?;
    Ok(format!("{} {}", summary.count(data), sum.counted))
}

/// The fields of each record kind with what stands there.
fn kinds(layout: &Layout) -> Vec<Vec<(FieldIx, FieldKind)>> {
    let of = |record: RecordIx| {
        let field = |ix| layout.field_spec(record, ix).map(|spec| (ix, spec.kind));
        layout.fields(record).filter_map(field).collect()
    };
    layout.records().map(of).collect()
}

/// Takes every value that is one: constants and fillers are not.
fn take(view: &RecordView<'_>, kinds: &[Vec<(FieldIx, FieldKind)>]) {
    for (ix, kind) in kinds.get(view.record().index()).into_iter().flatten() {
        match kind {
            FieldKind::Const | FieldKind::Filler => {}
            FieldKind::Number { .. } | FieldKind::Serial => drop(black_box(view.number(*ix))),
            FieldKind::Date => drop(black_box(view.date(*ix))),
            FieldKind::Code { .. } => drop(black_box(view.code(*ix))),
            _ => drop(black_box(view.text(*ix))),
        }
    }
}

/// Made-up records of the kit's layout: the same mix of Korean, ASCII and empty remarks.
fn write(layout: &Layout, file: &str, n: i64) -> Result<String, Said> {
    let [header, data, trailer] = ["header", "data", "trailer"].map(|name| layout.record(name));
    let (Some(header), Some(data), Some(trailer)) = (header, data, trailer) else {
        return Err("records".into());
    };
    let field = |record, name: &str| layout.field(record, name).ok_or_else(|| format!("no field {name}"));
    let mut writer = layout.writer(BufWriter::with_capacity(256 << 10, File::create(file)?));
    let mut row = writer.record(header);
    row.text(field(header, "institution_code")?, "9982713456")?;
    row.date(field(header, "debit_date")?, Date::new(2026, 11, 22).ok_or("date")?)?;
    row.text(field(header, "bank_branch")?, "0200001")?;
    row.text(field(header, "account")?, "1002123456789")?;
    row.finish()?;
    let [bank, account, amount, id_no, remark, payer, usage, kind, phone] = [
        "bank_branch",
        "account",
        "amount_won",
        "id_no",
        "remark",
        "payer_no",
        "institution_use",
        "kind",
        "phone",
    ]
    .map(|name| field(data, name));
    let (bank, account, amount, id_no, remark) = (bank?, account?, amount?, id_no?, remark?);
    let (payer, usage, kind, phone) = (payer?, usage?, kind?, phone?);
    let remarks = [
        "김가나회비",
        "이서연월세",
        "박도윤관리비",
        "최하은",
        "정지호후원금",
        "강수아교육비",
        "조시우",
        "윤예준",
        "KT RENTAL",
        "",
    ];
    let made: Vec<[String; 3]> = (0..10_000_u64)
        .map(|i| {
            let spread = i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
            [
                format!("{:012}", spread % 1_000_000_000_000),
                format!("C{spread:012.12}"),
                format!("010{:08}", spread % 100_000_000),
            ]
        })
        .collect();
    for (i, [number, payer_no, telephone]) in (0..n).zip(made.iter().cycle()) {
        let mut row = writer.record(data);
        row.text(bank, "0040123")?.text(account, number)?.number(amount, 1000 + i % 29_900 * 10)?;
        row.text(id_no, "900101")?
            .text(remark, remarks.get(usize::try_from(i % 10)?).copied().unwrap_or(""))?;
        row.text(payer, payer_no)?.text(usage, "0001")?.text(kind, "1")?.text(phone, telephone)?;
        row.finish()?;
    }
    let mut row = writer.record(trailer);
    row.number(field(trailer, "done_count")?, 0)?.number(field(trailer, "done_won")?, 0)?;
    row.finish()?;
    let (summary, out) = writer.finish()?;
    out.into_inner()?.sync_all()?;
    Ok(format!("{} {}", summary.count(data), summary.checks.last().map_or(0, |sum| sum.stated)))
}
