//! How a profile pays out (지급이체): settlements to creditors and refunds to payers, by files of payments.
//!
//! A profile without `[payout]` pays nothing by file: what is to be paid waits until a person has paid it.

use super::document::Section;
use super::profile::{Known, WindowPlan, refer, window};

/// `[payout]` of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutService {
    /// Its times, counted from the deposit date `P` (입금일자), a banking day.
    pub window: WindowPlan,
    /// The layout of 입금이체의뢰.
    pub request: String,
    /// The layout of its result.
    pub result: String,
}

/// Reads `[payout]`.
pub(super) fn read(mut section: Section<'_>, known: &Known<'_>) -> Option<PayoutService> {
    let document = section.document();
    let request = section.text("request");
    let result = section.text("result");
    for (key, layout) in [("request", &request), ("result", &result)] {
        if let Some(layout) = layout {
            refer(document, key, layout, known.layouts, "the name of a layout in formats");
        }
    }
    let window = window(section, 'P', known.calendar);
    Some(PayoutService {
        window: window?,
        request: request?.value.to_string(),
        result: result?.value.to_string(),
    })
}
