//! A person decides what a payer applied for at a bank, until our answer is built. After the network's deadline the same orders
//! say what the network answered in our place, and what it agreed to takes effect then (E40).

use super::application_answers::{Effects, LATE, rows_by_line};
use super::applications::{UNDECIDED, sets};
use super::incoming::{Arrival, Decided};
use super::orders::answered;
use super::{Engine, Failure};
use crate::domain::ChannelId;
use crate::intake::order::{Order, Outcome, Verb};
use crate::ledger::{ApplicationRow, FileRow, FileState};
use crate::machine::application::{Happening, State, step};
use crate::machine::file::Out;

impl Engine {
    /// Does an order about an application, in the commit that takes the order.
    pub(super) fn order_of_application(
        &mut self,
        arrival: &Arrival,
        order: &Order,
        id: i64,
        note: &str,
    ) -> Result<Decided, Failure> {
        let found = self.application_meant(id)?;
        let Some((row, file, channel)) = found else {
            let outcome = Outcome::Refused("no such application is known".into());
            return self.answer_order(arrival, note, &order.answer(&outcome), &outcome);
        };
        let date = file.date.unwrap_or(arrival.at.date());
        let desk = self.desks.on(&channel, date).cloned();
        let Some(desk) = desk else { return Err(Self::no_channel(arrival)) };
        let Some(applications) = desk.applications.clone() else { return Err(Self::no_channel(arrival)) };
        let lines = self.lines_of(&applications, &file)?;
        let tx = self.ledger.begin()?;
        let file_id = arrival.enter(&tx, "order")?;
        let answer = tx.out_file(&desk.key(), &applications.rule.answer, date)?;
        let late = answer.as_ref().is_some_and(|answer| answer.state == FileState::Out(Out::Missed));
        let outcome = 'said: {
            if answer.is_some() && !late {
                break 'said Outcome::Refused("our answer is built: what it says stands".into());
            }
            if late && row.answer_file.is_some() {
                break 'said Outcome::Refused("it was taken over already".into());
            }
            let Some(set) = sets(&lines).into_iter().find(|set| set.first() == row.set_line) else {
                break 'said Outcome::Refused("its lines are not in the file any more".into());
            };
            let known = set.target(&tx, &channel)?;
            let accept = order.verb == Verb::ApplicationAccept;
            let effect = set.check(known.as_ref());
            if accept && let Err(unfit) = effect {
                let code = applications.code(unfit);
                break 'said Outcome::Refused(format!("{code}: {}", unfit.ko()));
            }
            let happening = if accept { Happening::Accepted } else { Happening::Refused };
            let to = match step(row.state, happening) {
                Ok(to) => to,
                Err(refusal) => break 'said Outcome::Refused(refusal.to_string()),
            };
            let code = if accept { "" } else { applications.rule.other.as_str() };
            let which = (file.file_id, row.set_line);
            let count = tx.decide_applications(which, to, code, &order.reason, &order.by)?;
            if let Some(answer) = answer.filter(|_| late) {
                if let (Some(known), Ok(effect), true) = (known, effect, accept) {
                    let effects = Effects { tx: &tx, file_id: file.file_id, now: arrival.at };
                    effects.take_effect(&set, &known, effect)?;
                }
                tx.answer_application_set(which, answer.file_id)?;
            }
            let rows = rows_by_line(&tx, file.file_id)?;
            if rows.values().all(|row| row.state != State::Undecided) {
                tx.clear_alert(UNDECIDED, &file.subject(), arrival.at)?;
            }
            if late && rows.values().all(|row| row.answer_file.is_some()) {
                tx.clear_alert(LATE, &file.subject(), arrival.at)?;
            }
            let said =
                if late { "as the network answered in our place" } else { "until the answer is built" };
            Outcome::Done(format!("{}: {count} lines {to}, {said}", row.bank_payer_no))
        };
        answered(&self.spool, tx, arrival, file_id, note, &order.answer(&outcome), &outcome)
    }

    fn application_meant(
        &mut self,
        id: i64,
    ) -> Result<Option<(ApplicationRow, FileRow, ChannelId)>, Failure> {
        let tx = self.ledger.begin()?;
        let Some(row) = tx.application(id)? else { return Ok(None) };
        let Some(file) = tx.file(row.file_id)? else { return Ok(None) };
        let channel = file.owner.strip_prefix("channel/").and_then(|id| id.parse().ok());
        Ok(channel.map(|channel| (row, file, channel)))
    }
}
