//! Listings for reports and papers: rows of plain values, streamed one by one from the ledger's statement, so that a
//! hundred thousand of them pass through bounded memory. What the columns are called is the report room's affair.
//!
//! Must not: give a personal number in the clear unless [`AccountsShown::InTheClear`] is asked for, which is journaled before.

use crate::domain::{CreditorId, Date, Instant, ItemCode, Month, PayerNo, Won};
use crate::fault::Trouble;
use crate::ledger::column::{self, Doing};
use crate::ledger::open::Reader;
use crate::ledger::personal;
use rusqlite::{Row, named_params};

/// What is listed. The order of the columns is that of [`Listing::kinds`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// Collections by debit date: requested ones, however they ended.
    Requests,
    /// Collections by debit date of which the bank said what became.
    Transactions,
    /// Charges by debit date that are still owed, in whole or in part.
    Arrears,
    /// Charges by debit date for which money came.
    Paid,
    /// Charges by debit date for which too much came.
    Overpaid,
    /// Failed and partial collections by debit date, counted by code and bank.
    Failures,
    /// Cash and its cancellations by 수납일.
    Cash,
    /// Settlements by their day.
    Settlements,
    /// Registrations and cancellations by the day on which they were queued.
    Registrations,
}

/// What a column of a listing holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListedKind {
    /// A text.
    Text,
    /// An account number; masked or in the clear, as the query says.
    Account,
    /// A word of a state.
    State,
    /// An amount in won.
    Won,
    /// A number of things.
    Count,
    /// A day, or none.
    Date,
    /// A month, or none.
    Month,
    /// An instant, or none.
    Time,
}

/// A value of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    /// A text; empty where there is none.
    Text(String),
    /// A word of a state.
    State(String),
    /// An amount.
    Won(Won),
    /// A number of things, or none.
    Count(Option<i64>),
    /// A day.
    Date(Option<Date>),
    /// A month.
    Month(Option<Month>),
    /// An instant.
    Time(Option<Instant>),
}

/// How account numbers are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AccountsShown {
    /// Masked but for the last digits.
    #[default]
    Masked,
    /// As they are. The asker has the right `personal.reveal`, and the journal says so already.
    InTheClear,
}

/// Which rows are listed.
#[derive(Debug, Clone)]
pub struct ListingQuery<'q> {
    /// Whose.
    pub creditor: CreditorId,
    /// From this day.
    pub from: Date,
    /// To this day, itself included.
    pub to: Date,
    /// Only of this charge item.
    pub item: Option<&'q ItemCode>,
    /// Only of this group of payers.
    pub group: Option<&'q ItemCode>,
    /// Only of this payer.
    pub payer: Option<&'q PayerNo>,
    /// How account numbers are given.
    pub accounts: AccountsShown,
    /// Of registrations, what is unfinished as well, whenever it was applied for.
    pub unfinished: Option<Unfinished>,
}

/// What of the registrations is unfinished: what waits, was refused or given back, is being changed or cancelled; what ended in
/// the period, or was answered in it; and what is active but is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfinished {
    /// Without a request since this day, or an earlier one.
    pub unused_since: Date,
}

/// How many rows a reader of a listing takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// Go on.
    More,
    /// No more of them.
    Enough,
}

const FILTER: &str = "AND (:item IS NULL OR m.item = :item) AND (:grp IS NULL OR p.payer_group = :grp)
    AND (:payer IS NULL OR p.payer_no = :payer)";

/// Charges of the period; the month bounds only let the index help: a debit date lies in its month or the next.
const CHARGES: &str = "FROM charge_now h CROSS JOIN mandate m ON m.mandate_id = h.mandate_id
    CROSS JOIN payer p ON p.payer_id = m.payer_id
    WHERE h.creditor = :creditor AND h.month BETWEEN :first_month AND :last_month
      AND h.debit_date BETWEEN :from_day AND :to_day";

impl Listing {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Requests,
        Self::Transactions,
        Self::Arrears,
        Self::Paid,
        Self::Overpaid,
        Self::Failures,
        Self::Cash,
        Self::Settlements,
        Self::Registrations,
    ];

    /// What the columns hold, in their order.
    pub const fn kinds(self) -> &'static [ListedKind] {
        use ListedKind::{Account, Count, Date, Month, State, Text, Time, Won};
        match self {
            // debit date, payer no, name, group, item, bank, account, kind, month, requested, state, at, file, line
            Self::Requests => {
                &[Date, Text, Text, Text, Text, Text, Account, State, Month, Won, State, Time, Text, Count]
            }
            // debit date, payer no, name, group, item, bank, kind, month, requested, came, missing, state, code,
            // result file, result line
            Self::Transactions => {
                &[Date, Text, Text, Text, Text, Text, State, Month, Won, Won, Won, State, Text, Text, Count]
            }
            // payer no, name, group, item, month, debit date, owed, came, open, fails, last code, state, and of the mandate:
            // state, active since, limit, bank, contract day, debit service, first and last month of a pause
            Self::Arrears => &[
                Text, Text, Text, Text, Month, Date, Won, Won, Won, Count, Text, State, State, Date, Won,
                Text, Count, Text, Month, Month,
            ],
            // key, payer no, name, group, item, month, debit date, owed, came, state
            // …, above what is owed, its refund
            Self::Paid | Self::Overpaid => {
                &[Count, Text, Text, Text, Text, Month, Date, Won, Won, State, Won, State]
            }
            // code, bank, lines, requested, came
            Self::Failures => &[Text, Text, Count, Won, Won],
            // day, payer no, name, group, item, month, won (below 0: taken back), number, receipt, 수납 or 취소, remark
            Self::Cash => &[Date, Text, Text, Text, Text, Month, Won, Count, Text, State, Text],
            // day, number, requests, successes, collected, reversed, carried in, fee, VAT, net, payout, sheet
            Self::Settlements => &[Date, Count, Count, Count, Won, Won, Won, Won, Won, Won, State, Text],
            // queued, payer no, name, group, item, bank, account, kind, state of the line, code, file, line, and of the mandate,
            // where it is its last line: state, reason of the end, contract day, debit service, last request or activation
            Self::Registrations => &[
                Time, Text, Text, Text, Text, Text, Account, State, State, Text, Text, Count, State, Text,
                Count, Text, Date,
            ],
        }
    }

    pub(in crate::ledger) fn sql(self) -> String {
        let month = "(SELECT min(h.month) FROM allocation a CROSS JOIN charge h ON h.charge_id = a.charge_id
            WHERE a.collection_id = k.collection_id)";
        let bank = "substr('000' || m.bank, -3)";
        // Along the dates: the rows come in their order, and are not sorted in memory.
        let lines = "FROM file f INDEXED BY file_dated CROSS JOIN collection_now k ON k.file_id = f.file_id
            CROSS JOIN mandate m ON m.mandate_id = k.mandate_id CROSS JOIN payer p ON p.payer_id = m.payer_id";
        let when = "WHERE f.way = 'out' AND f.date BETWEEN :from_day AND :to_day AND k.creditor = :creditor";
        let answered = "AND k.state_now IN ('succeeded', 'partial', 'failed', 'reversed')";
        let order = "ORDER BY f.date, f.file_id, k.line_no, k.collection_id";
        let unused = "AND :first_month <= :last_month";
        match self {
            Self::Requests => format!(
                "SELECT f.date, p.payer_no, p.name, p.payer_group, m.item, {bank}, m.account, k.kind, {month}, k.amount_won,
                   k.state_now, k.requested_at, f.name, k.line_no, m.mandate_id {lines} {when} {FILTER} {unused} {order}"
            ),
            Self::Transactions => format!(
                "SELECT f.date, p.payer_no, p.name, p.payer_group, m.item, {bank}, k.kind, {month}, k.amount_won, k.collected_now,
                   k.amount_won - k.collected_now, k.state_now, k.code_now,
                   COALESCE((SELECT r.name FROM file r WHERE r.file_id = COALESCE(k.result_file, f.answered_by)), ''),
                   k.result_line_now
                 {lines} {when} {answered} {FILTER} {unused} {order}"
            ),
            Self::Arrears => format!(
                "SELECT p.payer_no, p.name, p.payer_group, m.item, h.month, h.debit_date, h.amount_won, h.paid_now,
                   h.amount_won - h.paid_now, h.fails, h.last_code, COALESCE(h.attempt_state, h.state_now),
                   (SELECT n.state_now FROM mandate_now n WHERE n.mandate_id = m.mandate_id), m.active_on, m.limit_won,
                   coalesce({bank}, ''), m.due_day, m.service,
                   (SELECT d.pause_first FROM desk_terms d WHERE d.mandate_id = m.mandate_id),
                   (SELECT d.pause_last FROM desk_terms d WHERE d.mandate_id = m.mandate_id)
                 {CHARGES} AND h.state_now IN ('open', 'partly-paid') {FILTER}
                 ORDER BY p.payer_no, m.item, h.month"
            ),
            Self::Paid | Self::Overpaid => {
                let states = if self == Self::Paid { "'paid', 'partly-paid', 'overpaid'" } else { "'overpaid'" };
                format!(
                    "SELECT h.charge_id, p.payer_no, p.name, p.payer_group, m.item, h.month, h.debit_date, h.amount_won,
                       h.paid_now, h.state_now, max(h.paid_now - h.amount_won, 0), coalesce((SELECT o.state FROM payout o
                         WHERE o.charge_id = h.charge_id ORDER BY o.payout_id DESC LIMIT 1), '')
                     {CHARGES} AND h.state_now IN ({states}) {FILTER} ORDER BY p.payer_no, m.item, h.month"
                )
            }
            Self::Failures => format!(
                "SELECT k.code, {bank}, count(*), sum(k.amount_won), sum(k.collected_now) {lines} {when}
                   AND k.state_now IN ('failed', 'partial') {FILTER} {unused}
                 GROUP BY k.code, m.bank ORDER BY count(*) DESC, k.code, m.bank"
            ),
            Self::Cash => format!(
                "SELECT c.paid_on, p.payer_no, p.name, p.payer_group, m.item, h.month,
                   CASE WHEN c.cancels IS NULL THEN c.won ELSE -c.won END, coalesce(c.cancels, c.cash_id), c.receipt_no,
                   CASE WHEN c.cancels IS NULL THEN '수납' ELSE '취소' END, c.note
                 FROM cash c CROSS JOIN charge h ON h.charge_id = c.charge_id
                 CROSS JOIN mandate m ON m.mandate_id = h.mandate_id CROSS JOIN payer p ON p.payer_id = m.payer_id
                 WHERE c.creditor = :creditor AND c.paid_on BETWEEN :from_day AND :to_day {FILTER} {unused}
                 ORDER BY c.paid_on, c.cash_id"
            ),
            Self::Settlements => format!(
                "SELECT s.date, s.settlement_id, s.requests, s.successes, s.collected_won, s.reversed_won, s.carried_in_won,
                   s.fee_won, s.vat_won, s.net_won, coalesce((SELECT o.state FROM payout o
                     WHERE o.settlement_id = s.settlement_id ORDER BY o.payout_id DESC LIMIT 1), ''), s.sheet
                 FROM settlement s WHERE s.creditor = :creditor AND s.date BETWEEN :from_day AND :to_day {unused}
                   AND :item IS NULL AND :grp IS NULL AND :payer IS NULL
                 ORDER BY s.date, s.settlement_id"
            ),
            Self::Registrations => registrations(),
        }
    }
}

/// Registrations of a period, and what is unfinished. Driven by the creditor's mandates, along their index.
fn registrations() -> String {
    let bank = "substr('000' || m.bank, -3)";
    let last = "r.registration_id = m.registration_id";
    // A result code of a debit, or an order, stopped the mandate after its registration.
    let code = format!(
        "CASE WHEN r.code <> '' THEN r.code WHEN {last} AND m.state IN ('draft', 'ended', 'suspended') THEN coalesce((SELECT e.code
           FROM event e WHERE e.subject = 'mandate' AND e.id = m.mandate_id AND e.code <> '' ORDER BY e.event_id DESC LIMIT 1), '')
         ELSE '' END"
    );
    let used = "coalesce((SELECT f.date FROM collection k CROSS JOIN file f ON f.file_id = k.file_id
           WHERE k.mandate_id = m.mandate_id AND f.state NOT IN ('missed', 'refused', 'emptied')
             AND (k.state IS NULL OR k.state NOT IN ('excluded', 'withdrawn', 'missed'))
           ORDER BY k.collection_id DESC LIMIT 1), m.active_on)";
    let columns = format!(
        "SELECT r.queued_at, p.payer_no, p.name, p.payer_group, m.item, {bank}, m.account, r.kind, r.state_now, {code},
           COALESCE((SELECT f.name FROM file f WHERE f.file_id = r.file_id), ''), r.line_no,
           CASE WHEN {last} THEN m.state_now ELSE '' END, coalesce(m.reason, ''), m.due_day, m.service,
           CASE WHEN {last} AND m.state = 'active' THEN {used} END, m.mandate_id, r.registration_id"
    );
    let period = "r.queued_at >= :from_day AND r.queued_at < :to_day";
    let tables = "CROSS JOIN registration_now r ON r.mandate_id = m.mandate_id CROSS JOIN payer p ON p.payer_id = m.payer_id";
    let answered = "coalesce((SELECT f.answered_at FROM file f WHERE f.file_id = r.file_id) BETWEEN :from_day AND :to_day - 1, 0)";
    let open = "'draft', 'queued', 'rejected', 'changing', 'severed', 'cancelling', 'suspended'";
    let ended = "coalesce((SELECT e.at FROM event e WHERE e.subject = 'mandate' AND e.id = m.mandate_id AND e.to_state = 'ended'
           ORDER BY e.event_id DESC LIMIT 1) BETWEEN :from_day AND :to_day - 1, 0)";
    format!(
        "{columns} FROM mandate_now m {tables} WHERE m.creditor = :creditor AND {period} {FILTER} AND :first_month <= :last_month
         UNION ALL
         {columns} FROM mandate_now m {tables} WHERE :unused_since IS NOT NULL AND m.creditor = :creditor AND {last}
           AND NOT ({period}) {FILTER} AND CASE m.state WHEN 'ended' THEN {ended}
             WHEN 'active' THEN {answered} OR m.active_on <= :unused_since AND {used} <= :unused_since ELSE m.state IN ({open}) END
         ORDER BY 1, 19"
    )
}

impl Reader {
    /// Mandates of a creditor that are active and were not used since a day, and the day on which the first of them was used
    /// last.
    pub fn unused_mandates(&self, creditor: CreditorId, since: Date) -> Result<(i64, Option<Date>), Trouble> {
        let (mut count, mut first) = (0_i64, None::<Date>);
        // A period without days: what is unfinished alone.
        let query = ListingQuery {
            creditor,
            from: since,
            to: since.previous(),
            item: None,
            group: None,
            payer: None,
            accounts: AccountsShown::Masked,
            unfinished: Some(Unfinished { unused_since: since }),
        };
        self.list::<Trouble>(Listing::Registrations, &query, |row| {
            if let (Some(Listed::State(word)), Some(Listed::Date(Some(used)))) = (row.get(12), row.get(16))
                && word == "active"
            {
                count = count.saturating_add(1);
                first = Some(first.map_or(*used, |first| first.min(*used)));
            }
            Ok(Take::More)
        })?;
        Ok((count, first))
    }

    /// Lists rows one by one. The listener's own failure stops the listing and is given back.
    pub fn list<E: From<Trouble>>(
        &self,
        listing: Listing,
        query: &ListingQuery<'_>,
        mut each: impl FnMut(Vec<Listed>) -> Result<Take, E>,
    ) -> Result<(), E> {
        let doing = "list rows for a report";
        let (from, to) = match listing {
            // Instants: the end is the midnight after the last day.
            Listing::Registrations => (midnight(query.from), midnight(query.to.next())),
            _ => (query.from.to_epoch_days(), query.to.to_epoch_days()),
        };
        let mut statement = self.sql.prepare_cached(&listing.sql()).doing(doing)?;
        let creditor = query.creditor.get();
        let (first, last) = (query.from.month().previous().to_index(), query.to.month().next().to_index());
        let (item, group) = (query.item.map(ItemCode::as_str), query.group.map(ItemCode::as_str));
        let payer = query.payer.map(PayerNo::as_str);
        let mut with = named_params! {
            ":creditor": creditor, ":from_day": from, ":to_day": to, ":first_month": first, ":last_month": last,
            ":item": item, ":grp": group, ":payer": payer,
        }
        .to_vec();
        let unused = query.unfinished.map(|unfinished| unfinished.unused_since.to_epoch_days());
        if listing == Listing::Registrations {
            with.push((":unused_since", &unused));
        }
        let mut rows = statement.query(with.as_slice()).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            let mut listed = Vec::with_capacity(listing.kinds().len());
            for (at, kind) in listing.kinds().iter().enumerate() {
                let value = match kind {
                    // Behind the columns of a listing with accounts stands the key that they are sealed with.
                    ListedKind::Account => row
                        .get(listing.kinds().len())
                        .and_then(|key| personal::account(&self.ring, row, at, key))
                        .map(|account| match query.accounts {
                            AccountsShown::Masked => Listed::Text(account.masked()),
                            AccountsShown::InTheClear => Listed::Text(account.reveal().to_string()),
                        }),
                    kind => value(row, at, *kind),
                };
                listed.push(value.doing(doing)?);
            }
            if each(listed)? == Take::Enough {
                break;
            }
        }
        Ok(())
    }
}

fn midnight(date: Date) -> i64 {
    date.at(crate::domain::TimeOfDay::MIDNIGHT).unix_ms()
}

fn value(row: &Row<'_>, at: usize, kind: ListedKind) -> rusqlite::Result<Listed> {
    Ok(match kind {
        ListedKind::Text | ListedKind::Account => Listed::Text(row.get(at)?),
        ListedKind::State => Listed::State(row.get(at)?),
        ListedKind::Won => Listed::Won(column::won(row, at)?),
        ListedKind::Count => Listed::Count(row.get(at)?),
        ListedKind::Date => Listed::Date(column::opt_date(row, at)?),
        ListedKind::Month => Listed::Month(row.get::<_, Option<i64>>(at)?.map(Month::from_index)),
        ListedKind::Time => Listed::Time(column::opt_instant(row, at)?),
    })
}
