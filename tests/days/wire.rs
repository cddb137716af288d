//! Bank files for a day: made of JSON by the shipped layouts, and results that answer a file of ours.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use sunap::layout::{Layout, to_json, write_json};

/// The shipped layout of a name.
pub(crate) fn layout(formats: &Path, name: &str) -> Result<Layout, String> {
    let path = formats.join(format!("{}.toml", name.to_lowercase()));
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Layout::from_toml(name, &text).map_err(|faults| faults.to_string())
}

/// Bytes of JSON objects, serials, counts and sums filled in.
pub(crate) fn write(layout: &Layout, lines: &str) -> Result<Vec<u8>, String> {
    let (_, bytes) = write_json(layout, "the case", lines.as_bytes(), Vec::new(), true)
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// The records of a file, which must be in order.
pub(crate) fn read(layout: &Layout, name: &str, bytes: &[u8]) -> Result<Vec<Value>, String> {
    let mut reader = layout.reader(name, bytes);
    let mut records = Vec::new();
    while let Some(view) = reader.next_record().map_err(|error| error.to_string())? {
        records.push(to_json(&view));
    }
    let summary = reader.finish().map_err(|error| error.to_string())?;
    if summary.faults.is_empty() { Ok(records) } else { Err(summary.faults.to_string()) }
}

/// How a line of ours is answered.
pub(crate) struct Failure {
    /// The bank's code.
    pub(crate) code: String,
    /// failed, partial or succeeded.
    pub(crate) flag: &'static str,
    /// What was not withdrawn, where it is partial.
    pub(crate) partial: Option<i64>,
}

/// The result that answers `request`: the lines of `failures` by the payer's number on the wire, echoing what we sent.
pub(crate) fn answer(
    request: &Layout,
    result: &Layout,
    name: &str,
    bytes: &[u8],
    failures: &BTreeMap<String, Failure>,
) -> Result<Vec<u8>, String> {
    answer_by(request, result, name, bytes, "bank_payer_no", failures)
}

/// The same for files whose lines have another key.
pub(crate) fn answer_by(
    request: &Layout,
    result: &Layout,
    name: &str,
    bytes: &[u8],
    key: &str,
    failures: &BTreeMap<String, Failure>,
) -> Result<Vec<u8>, String> {
    let mut lines = String::new();
    let (mut used, mut won) = (0_usize, 0_i64);
    for record in read(request, name, bytes)? {
        let kind = record["record"].as_str().unwrap_or_default();
        let mut fields = common(result, kind, &record);
        if kind == "data" {
            let asked = record["fields"]["kind"].as_str().unwrap_or_default();
            let of = |no: &str| failures.get(no).or_else(|| failures.get(&format!("{no} {asked}")));
            let Some(failure) = record["fields"][key].as_str().and_then(of) else { continue };
            used += 1;
            won += record["fields"]["amount_won"].as_str().map_or(0, |text| text.parse().unwrap_or(0));
            fields.insert("result_flag".into(), json!(failure.flag));
            fields.insert("result_code".into(), json!(failure.code));
            if let Some(won) = failure.partial {
                fields.insert("amount_won".into(), json!(won));
            }
            fields.insert("serial_no".into(), record["fields"]["serial_no"].clone());
        }
        if kind != "data" {
            // Computed anew: those of the request count other lines.
            fields.retain(|field, _| {
                !field.starts_with("count") && !field.starts_with("amount") && field != "file_name"
            });
        }
        if kind == "trailer" && key == "institution_use" {
            // Stated by whoever writes it, since it is not known what they count.
            fields.insert("count_request".into(), json!(used));
            fields.insert("amount_won".into(), json!(won));
        }
        lines.push_str(&format!("{}\n", json!({ "record": kind, "fields": Value::Object(fields) })));
    }
    if used != failures.len() {
        return Err(format!("{} of {} failures are lines of {name}", used, failures.len()));
    }
    write(result, &lines)
}

/// The fields of a record that the result's record of the same kind has, too.
fn common(result: &Layout, kind: &str, record: &Value) -> Map<String, Value> {
    let Some(ix) = result.record(kind) else { return Map::new() };
    let fields = record["fields"].as_object().cloned().unwrap_or_default();
    fields.into_iter().filter(|(name, _)| name != "mac" && result.field(ix, name).is_some()).collect()
}
