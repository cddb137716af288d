//! The lunar days of the holiday law as civil days: the only file that names icu_calendar.
//!
//! Must not: use the Chinese calendar, whose new year falls on another day in some years (2027, 2028).

use crate::domain::Date;
use icu_calendar::cal::KoreanTraditional;
use icu_calendar::types::Month;
use icu_calendar::{Date as IcuDate, Iso};

/// The civil day of a day in a regular (not leap) lunar month, in the lunar year that begins in civil `year`.
fn civil(year: i32, month: u8, day: u8) -> Option<Date> {
    let lunar = IcuDate::try_new(year.into(), Month::new(month), day, KoreanTraditional::new()).ok()?;
    let iso = lunar.to_calendar(Iso);
    Date::new(iso.year().extended_year(), u32::from(iso.month().ordinal), u32::from(iso.day_of_month().0))
}

/// 설날: lunar 1-1.
pub(super) fn seollal(year: i32) -> Option<Date> {
    civil(year, 1, 1)
}

/// 부처님 오신 날: lunar 4-8.
pub(super) fn buddhas_birthday(year: i32) -> Option<Date> {
    civil(year, 4, 8)
}

/// 추석: lunar 8-15.
pub(super) fn chuseok(year: i32) -> Option<Date> {
    civil(year, 8, 15)
}
