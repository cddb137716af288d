//! placeholder until the formats are merged
pub(super) const PACKED: &[(&str, &[u8])] = &[];
