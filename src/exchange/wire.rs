//! Between the exchange and a channel's bound formats: our request files in, result files out.
//!
//! Must not: judge anything; it only reads and writes.

use super::centre::{Asks, Line};
use super::mischief::Listed;
use super::play::ServicePlan;
use super::rules::Service;
use crate::bank::{FileHead, Format, Revisions, collection, payout, registration};
use crate::domain::{Date, Won};
use crate::fault::{Faults, Trouble};
use crate::layout::{PartialAmount, WriteError};
use std::borrow::Cow;
use std::io::Read;

/// Fields of a line for which config/exchange/centre.toml knows codes of their own.
const LINE_FIELDS: [&str; 5] = ["serial_no", "application_date", "kind", "bank_branch", "mode"];

impl ServicePlan {
    /// Whether a file of this name is the service's request.
    pub(super) fn takes(&self, name: &str) -> bool {
        self.request.is_name_of(name)
    }

    /// Whether both formats are those of the service, in every revision.
    pub(super) fn fits(&self) -> bool {
        let all = |revisions: &Revisions, fits: fn(&Format) -> bool| revisions.all().all(fits);
        match self.service {
            Service::Registration => {
                all(&self.request, |format| matches!(format, Format::RegistrationRequest(_)))
                    && all(&self.result, |format| matches!(format, Format::RegistrationResult(_)))
            }
            Service::Collection => {
                all(&self.request, |format| matches!(format, Format::CollectionRequest(_)))
                    && all(&self.result, |format| matches!(format, Format::CollectionResult(_)))
            }
            // These have a plan of their own.
            Service::Evidence | Service::Application => false,
            Service::Payout => {
                all(&self.request, |format| matches!(format, Format::PayoutRequest(_)))
                    && all(&self.result, |format| matches!(format, Format::PayoutResult(_)))
            }
        }
    }

    /// The name of the field of a line that begins at this byte, 1-based, among those whose faults have codes.
    pub(super) fn field_at(&self, first: usize) -> Option<&'static str> {
        let layout = self.request.newest().layout();
        let data = layout.record("data")?;
        LINE_FIELDS.into_iter().find(|name| {
            let spec = layout.field(data, name).and_then(|field| layout.field_spec(data, field));
            spec.is_some_and(|spec| spec.at == first)
        })
    }

    /// The right name of a request of this date.
    pub(super) fn request_name(&self, date: Date) -> String {
        self.request.file_name(date)
    }

    /// The right name of the result for this date.
    pub(super) fn result_name(&self, date: Date) -> String {
        self.result.file_name(date)
    }

    /// The head of a request; `None` where its first record is no readable header.
    pub(super) fn head(&self, name: &str, input: impl Read) -> Result<Option<FileHead>, Trouble> {
        let (format, input) = self.request.of(input).map_err(|error| unread(name, error))?;
        match format {
            Format::RegistrationRequest(format) => format.read_head(name, input),
            Format::CollectionRequest(format) => format.read_head(name, input),
            Format::PayoutRequest(format) => format.read_head(name, input),
            _ => Ok(None),
        }
    }

    /// Hands on every line of a request that reads; the faults are those of the whole file.
    pub(super) fn lines(
        &self,
        name: &str,
        input: impl Read,
        each: &mut dyn FnMut(&Line<'_>),
    ) -> Result<Faults, Trouble> {
        let (format, input) = self.request.of(input).map_err(|error| unread(name, error))?;
        match format {
            Format::RegistrationRequest(format) => {
                let mut reader = format.reader(name, input);
                while let Some(line) = reader.next_line()? {
                    each(&application(&line));
                }
                Ok(reader.finish()?.faults)
            }
            Format::CollectionRequest(format) => {
                let reading = format.reader(name, input).each(|_, line| {
                    each(&debit(line));
                    Ok(())
                })?;
                Ok(reading.faults)
            }
            Format::PayoutRequest(format) => {
                Ok(format.read(name, input, |line| each(&payment(&line)))?.faults)
            }
            _ => Ok(Faults::default()),
        }
    }

    /// The bytes of a result of `date`, in answer to a file with the head `like`.
    pub(super) fn write_result(
        &self,
        like: &FileHead,
        institution: &str,
        date: Date,
        listed: &[Listed],
    ) -> Result<Vec<u8>, Trouble> {
        let format = self.result.on(date);
        let head = FileHead::new(format.layout(), institution, date, &like.branch, &like.account);
        let written = match format {
            Format::RegistrationResult(format) => write_registrations(format, &head, listed),
            Format::CollectionResult(format) => write_collections(format, &head, listed),
            Format::PayoutResult(format) => write_payments(format, &head, listed),
            _ => Ok(Vec::new()),
        };
        written.map_err(|error| match error {
            WriteError::Trouble(trouble) => trouble,
            WriteError::Fault(fault) => {
                let said = format!("{}: {}", fault.name, fault.expected);
                Trouble::new(format!("write the result {}", head.name), said)
            }
        })
    }
}

pub(super) fn unread(name: &str, error: std::io::Error) -> Trouble {
    Trouble::new(format!("read {name}"), error)
}

fn application(line: &registration::Line) -> Line<'_> {
    Line {
        serial: line.serial,
        bank: line.bank,
        account: Cow::Borrowed(line.account.reveal()),
        bank_payer_no: Cow::Borrowed(line.bank_payer_no.as_str()),
        id_no: Cow::Borrowed(line.id_no.as_deref().unwrap_or_default()),
        asks: Asks::Application { kind: line.kind, applied: line.application_date },
    }
}

fn debit<'a>(line: &'a collection::Line<'_>) -> Line<'a> {
    Line {
        serial: line.serial,
        bank: line.bank,
        account: Cow::Borrowed(&line.account),
        bank_payer_no: Cow::Borrowed(&line.bank_payer_no),
        id_no: Cow::Borrowed(&line.id_no),
        asks: Asks::Debit {
            amount: line.amount,
            mode: line.mode,
            passbook_text: Cow::Borrowed(&line.passbook_text),
            phone: Cow::Borrowed(&line.phone),
        },
    }
}

fn payment(line: &payout::Line) -> Line<'_> {
    Line {
        serial: line.serial,
        bank: line.bank,
        account: Cow::Borrowed(&line.account),
        bank_payer_no: Cow::Borrowed(&line.reference),
        id_no: Cow::Borrowed(""),
        asks: Asks::Payment { amount: line.amount, passbook_text: Cow::Borrowed(&line.passbook_text) },
    }
}

fn write_payments(
    format: &payout::ResultFormat,
    head: &FileHead,
    listed: &[Listed],
) -> Result<Vec<u8>, WriteError> {
    let lines: Vec<payout::Line> = listed.iter().filter_map(|listed| paid(&listed.line)).collect();
    let said = listed.iter().map(|listed| (listed.verdict, listed.code.as_str()));
    let mut bytes = Vec::new();
    format.write(
        &mut bytes,
        head,
        lines.iter().zip(said).map(|(line, (verdict, code))| (line, verdict, code)),
    )?;
    Ok(bytes)
}

/// A payment as the result echoes it.
fn paid(line: &Line<'_>) -> Option<payout::Line> {
    let Asks::Payment { amount, passbook_text } = &line.asks else { return None };
    Some(payout::Line {
        serial: line.serial,
        bank: line.bank,
        account: line.account.to_string(),
        amount: *amount,
        passbook_text: passbook_text.to_string(),
        reference: line.bank_payer_no.to_string(),
    })
}

fn write_registrations(
    format: &registration::ResultFormat,
    head: &FileHead,
    listed: &[Listed],
) -> Result<Vec<u8>, WriteError> {
    let mut writer = format.writer(Vec::new(), head)?;
    for Listed { line, verdict, code, .. } in listed {
        let Asks::Application { kind, applied } = &line.asks else { continue };
        // They were read as such from our file, or are the invented ones of `mischief`.
        let (Ok(bank_payer_no), Ok(account)) = (line.bank_payer_no.parse(), line.account.parse()) else {
            continue;
        };
        let answered = registration::Line {
            serial: line.serial,
            kind: *kind,
            application_date: *applied,
            bank_payer_no,
            bank: line.bank,
            account,
            id_no: (!line.id_no.is_empty()).then(|| line.id_no.to_string()),
        };
        writer.put(&answered, *verdict, code)?;
    }
    writer.finish().map(|(_, bytes)| bytes)
}

fn write_collections(
    format: &collection::ResultFormat,
    head: &FileHead,
    listed: &[Listed],
) -> Result<Vec<u8>, WriteError> {
    let mut writer = format.writer(Vec::new(), head)?;
    for Listed { line, verdict, taken_won, code } in listed {
        let Asks::Debit { amount, mode, passbook_text, phone } = &line.asks else { continue };
        let taken = Won::new(*taken_won);
        let stated = match (format.partial_amount(), taken.is_positive()) {
            // A failure states what was asked for, either way.
            (_, false) => *amount,
            (PartialAmount::Withdrawn, true) => taken,
            (PartialAmount::NotWithdrawn, true) => amount.checked_sub(taken).unwrap_or(*amount),
        };
        let answered = collection::Line {
            serial: line.serial,
            bank: line.bank,
            account: line.account.clone(),
            amount: *amount,
            id_no: line.id_no.clone(),
            passbook_text: passbook_text.clone(),
            bank_payer_no: line.bank_payer_no.clone(),
            mode: *mode,
            phone: phone.clone(),
        };
        writer.put(&answered, *verdict, code, stated)?;
    }
    writer.finish().map(|(_, bytes)| bytes)
}
