//! `parameters`: values that the bank gives each of its customers, named once at the head of a layout and put in where
//! `"$name"` stands: in the conditions of records and in the values of constants.
//!
//! Must not: put anything into other keys, or leave a `$name` that no parameter has.

use super::load::Loader;
use super::raw::RawLayout;

/// Puts the parameters in. What names none is told.
pub(super) fn put_in(loader: &mut Loader<'_>, raw: &mut RawLayout) {
    let RawLayout { parameters, record, .. } = raw;
    let known: Vec<&str> = parameters.keys().map(String::as_str).collect();
    let mut used = vec![false; known.len()];
    let mut put = |loader: &mut Loader<'_>, line: usize, value: &mut String| {
        let Some(name) = value.strip_prefix('$') else { return };
        if let (Some(given), Some(at)) = (parameters.get(name), known.iter().position(|one| *one == name)) {
            if let Some(used) = used.get_mut(at) {
                *used = true;
            }
            given.get_ref().clone_into(value);
            return;
        }
        let names = if known.is_empty() { "none".to_string() } else { known.join(", ") };
        let said = format!("There is no parameter {name:?}; the layout has {names}.");
        loader.fault(
            "unknown-parameter",
            line,
            said,
            "Name it under `parameters` at the head of the layout.",
        );
    };
    for record in record {
        let line = loader.line(&record.span());
        let record = record.get_mut();
        for condition in record.when.iter_mut().flat_map(|when| &mut when.get_mut().0) {
            let several = condition.among.iter_mut().flatten();
            for value in condition.is.iter_mut().chain(&mut condition.not).chain(several) {
                put(loader, line, value);
            }
        }
        for field in &mut record.fields {
            let line = loader.line(&field.span());
            if let Some(value) = field.get_mut().value.as_mut().filter(|value| value.len() > 1) {
                put(loader, line, value);
            }
        }
    }
    for ((name, given), used) in parameters.iter().zip(used) {
        if !used {
            let line = loader.line(&given.span());
            let said = format!("The parameter {name:?} is used nowhere.");
            loader.fault("unknown-parameter", line, said, "Write \"$name\" where it belongs, or remove it.");
        }
    }
}
