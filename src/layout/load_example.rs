//! Examples in a layout: each must be read by it and, printed back from its values alone, give the same bytes.

use super::convert::copy_record;
use super::load::Loader;
use super::plan::Layout;
use super::raw::{RawExample, RawLineEnd, Trailing1a};

/// Reads an example and prints it back from its values.
pub(crate) fn try_example(loader: &mut Loader<'_>, layout: &Layout, example: &RawExample, line: usize) {
    let bytes = match example_bytes(layout, example) {
        Ok(bytes) => bytes,
        Err(said) => {
            return loader.fault("example-fails", line, said, "Correct the example.");
        }
    };
    let name = example.file.as_deref().unwrap_or("example");
    match read_and_print(layout, name, &bytes) {
        Err(said) => loader.fault("example-fails", line, said, "Correct the example or the layout."),
        Ok(printed) if printed != bytes && !example.reads_only => {
            let at = printed.iter().zip(&bytes).take_while(|(a, b)| a == b).count();
            let stride = layout.record_bytes.max(1);
            let said = format!(
                "The example is read, but printed back from its values it differs from byte {} on (about record {}, byte {}).",
                at + 1,
                at / stride + 1,
                at % stride + 1
            );
            loader.fault(
                "example-differs",
                line,
                said,
                "Correct it, or say reads_only = true where it uses a tolerance.",
            );
        }
        Ok(_) => {}
    }
}

fn example_bytes(layout: &Layout, example: &RawExample) -> Result<Vec<u8>, String> {
    let end: &[u8] = match layout.terminator {
        RawLineEnd::None => b"",
        RawLineEnd::Lf => b"\n",
        RawLineEnd::Crlf => b"\r\n",
    };
    let mut bytes = Vec::new();
    match (&example.lines, &example.hex) {
        (Some(lines), None) => {
            for text in lines {
                let mut record = Vec::new();
                layout.encoding.encode(text, &mut record).map_err(|wrong| {
                    format!(
                        "The example holds {:?}, which {} lacks.",
                        wrong.character,
                        layout.encoding.name()
                    )
                })?;
                if record.len() < layout.record_bytes {
                    record.resize(layout.record_bytes, b' ');
                }
                bytes.extend_from_slice(&record);
                bytes.extend_from_slice(end);
            }
        }
        (None, Some(hex)) => {
            for text in &hex.0 {
                let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
                let record = super::json::unhex(&digits)
                    .ok_or("The example's `hex` is not pairs of hexadecimal digits.")?;
                bytes.extend_from_slice(&record);
                if hex.0.len() > 1 {
                    bytes.extend_from_slice(end);
                }
            }
        }
        _ => return Err("An example has `lines` or `hex`.".into()),
    }
    if layout.trailing_1a == Trailing1a::Written && example.lines.is_some() {
        bytes.push(0x1a);
    }
    Ok(bytes)
}

fn read_and_print(layout: &Layout, name: &str, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut reader = layout.reader(name, bytes);
    let mut writer = layout.writer(Vec::new()).named(name);
    while let Some(view) = reader.next_record().map_err(|trouble| trouble.to_string())? {
        copy_record(&view, &mut writer, true)
            .map_err(|wrong| format!("Its values cannot be printed back:\n{wrong}"))?;
    }
    let summary = reader.finish().map_err(|trouble| trouble.to_string())?;
    if let Some(first) = summary.faults.kept().first() {
        return Err(format!("The example has {} faults; the first:\n{first}", summary.faults.total()));
    }
    let (_, printed) = writer.finish().map_err(|wrong| format!("It cannot be printed back:\n{wrong}"))?;
    Ok(printed)
}
