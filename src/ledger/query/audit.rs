//! The books checked against themselves: rules that must hold whatever happened (product.md 3.0).

use super::Violation;
use super::scope::{Range, Scope};
use crate::domain::Instant;
use crate::fault::Trouble;
use crate::ledger::books::RULES as BOOKS;
use crate::ledger::cash::RULES as CASH;
use crate::ledger::column::Doing;
use crate::ledger::money_seal;
use crate::ledger::open::{Reader, Tx};
use crate::ledger::settlement::RULES as SETTLEMENTS;
use rusqlite::Connection;

/// A rule, and a statement that finds what breaks it: one text per finding.
const RULES: &[(&str, &str)] = &[
    (
        "I3",
        // Sums by charge, not joined sets: those would stand in memory, and grow with the ledger.
        "SELECT 'charge ' || charge_id || ': paid ' || paid_now || ', its collections brought ' || collected
           || ', cash and moves ' || otherwise FROM
         (SELECT h.charge_id, h.paid_now,
            (SELECT coalesce(sum(CASE coalesce(k.state, f.collection_state) WHEN 'succeeded' THEN coalesce(a.collected_won, a.won)
               WHEN 'partial' THEN a.collected_won ELSE 0 END), 0)
             FROM allocation a CROSS JOIN collection k ON k.collection_id = a.collection_id
             CROSS JOIN file f ON f.file_id = k.file_id WHERE a.charge_id = h.charge_id) AS collected,
            (SELECT coalesce(sum(CASE WHEN c.cancels IS NULL THEN c.won ELSE -c.won END), 0) FROM cash c
             WHERE c.charge_id = h.charge_id)
            + (SELECT coalesce(sum(v.won), 0) FROM charge_move v WHERE v.charge_id = h.charge_id)
            - (SELECT coalesce(sum(p.won), 0) FROM payout p
               WHERE p.charge_id = h.charge_id AND p.kind = 'refund' AND p.state = 'paid') AS otherwise
          FROM charge_now h WHERE h.charge_id BETWEEN :from AND :to)
         WHERE paid_now <> collected + otherwise",
    ),
    (
        "I2",
        "SELECT 'charge ' || a.charge_id || ': ' || count(*) || ' live attempts' FROM allocation a
         CROSS JOIN collection_now k ON k.collection_id = a.collection_id
         WHERE k.state_now IN ('requested', 'batched', 'sent', 'acknowledged') GROUP BY a.charge_id HAVING count(*) > 1",
    ),
    (
        "held",
        "SELECT 'charge ' || a.charge_id || ': collection ' || k.collection_id || ' is ' || k.state_now
           || ' and does not hold it' FROM allocation a CROSS JOIN collection_now k ON k.collection_id = a.collection_id
         CROSS JOIN charge h ON h.charge_id = a.charge_id
         WHERE k.state_now IN ('requested', 'batched', 'sent', 'acknowledged', 'succeeded')
           AND (k.state_now <> 'succeeded' OR a.collected_won IS NULL)
           AND (h.collection_id IS NOT k.collection_id OR h.attached_won IS NOT a.won)",
    ),
    (
        "let-go",
        "SELECT 'charge ' || charge_id || ': held by collection ' || collection_id || ', which is ' || attempt_state
         FROM charge_now WHERE attempt_state NOT IN ('requested', 'batched', 'sent', 'acknowledged', 'succeeded')",
    ),
    (
        "charge-state",
        "SELECT 'charge ' || charge_id || ': ' || state || ' with ' || paid_won || ' of ' || amount_won FROM charge
         WHERE state NOT IN ('written-off', 'cancelled') AND state <> CASE WHEN paid_won > amount_won THEN 'overpaid'
           WHEN paid_won = amount_won THEN 'paid' WHEN paid_won > 0 THEN 'partly-paid' ELSE 'open' END",
    ),
    (
        "allocated",
        "SELECT 'collection ' || k.collection_id || ': amount ' || k.amount_won || ', allocated ' || coalesce(sum(a.won), 0)
         FROM collection k LEFT JOIN allocation a ON a.collection_id = k.collection_id
         GROUP BY k.collection_id HAVING k.amount_won <> coalesce(sum(a.won), 0)
           OR (k.state = 'partial' AND k.collected_won <> sum(a.collected_won))",
    ),
    (
        "file-lines",
        "SELECT 'file ' || f.file_id || ' ' || f.name || ': ' || f.lines || ' lines for ' || f.won || ' won, its rows say '
           || count(k.line_no) || ' for ' || sum(k.amount_won) || ', last line ' || max(k.line_no)
         FROM file f CROSS JOIN collection k ON k.file_id = f.file_id AND k.line_no >= 1
         WHERE f.way = 'out' AND f.sha256 IS NOT NULL GROUP BY f.file_id
         HAVING f.lines <> count(k.line_no) OR f.won <> sum(k.amount_won) OR max(k.line_no) <> count(k.line_no)",
    ),
    (
        "registration-lines",
        "SELECT 'file ' || f.file_id || ' ' || f.name || ': ' || f.lines || ' lines, its rows say ' || count(*)
           || ', last line ' || max(r.line_no)
         FROM file f CROSS JOIN registration r ON r.file_id = f.file_id
         WHERE f.way = 'out' AND f.sha256 IS NOT NULL GROUP BY f.file_id
         HAVING f.lines <> count(*) OR max(r.line_no) <> count(*)",
    ),
    (
        "file-sum",
        "SELECT 'file ' || f.file_id || ' ' || f.name || ': ' || f.won || ' less ' || f.failed_won || ' failed less '
           || f.partial_won || ' not withdrawn is not ' || sum(CASE k.state_now WHEN 'reversed' THEN k.collected_won
             ELSE k.collected_now END)
         FROM file f CROSS JOIN collection_now k ON k.file_id = f.file_id AND k.line_no >= 1
         WHERE f.way = 'out' AND f.state = 'answered' GROUP BY f.file_id
         HAVING f.won - f.failed_won - f.partial_won <> sum(CASE k.state_now WHEN 'reversed' THEN k.collected_won
           ELSE k.collected_now END)",
    ),
    (
        "answered-by",
        "SELECT 'file ' || o.file_id || ' ' || o.name || ': answered without the file that answers it' FROM file o
         LEFT JOIN file i ON i.file_id = o.answered_by
         WHERE o.way = 'out' AND o.state = 'answered' AND NOT (o.due_at IS NULL AND o.answered_by IS NULL)
           AND (i.file_id IS NULL OR i.state <> 'applied' OR i.answers IS NOT o.file_id)",
    ),
    (
        "points-nowhere",
        "SELECT 'charge ' || h.charge_id || ': held by collection ' || h.collection_id || ', which is not there'
         FROM charge h LEFT JOIN collection k ON k.collection_id = h.collection_id
         WHERE h.collection_id IS NOT NULL AND k.collection_id IS NULL
         UNION ALL SELECT 'collection ' || k.collection_id || ': answered by file ' || k.result_file
           || ', which is not there'
         FROM collection k LEFT JOIN file f ON f.file_id = k.result_file
         WHERE k.result_file IS NOT NULL AND f.file_id IS NULL",
    ),
    (
        "mandate-registration",
        "SELECT 'mandate ' || m.mandate_id || ': waits for its registration, but none is on its way' FROM mandate m
         LEFT JOIN registration r ON r.registration_id = m.registration_id
         LEFT JOIN file f ON f.file_id = r.file_id
         WHERE (m.registration_id IS NOT NULL AND r.mandate_id IS NOT m.mandate_id) OR (m.state = 'queued'
           AND (r.registration_id IS NULL OR r.state IS NOT NULL OR f.state IN ('answered', 'refused', 'missed')))",
    ),
    (
        "change-lines",
        "SELECT 'mandate ' || m.mandate_id || ': its account is to change, but no line of that is on its way' FROM mandate m
         WHERE m.state IN ('changing', 'severed') AND NOT EXISTS (SELECT 1 FROM account_change c
           JOIN registration r ON r.change_id = c.change_id LEFT JOIN file f ON f.file_id = r.file_id
           WHERE c.mandate_id = m.mandate_id AND c.state = 'asked' AND r.state IS NULL
             AND (f.file_id IS NULL OR f.state NOT IN ('answered', 'refused', 'missed')))
         UNION ALL SELECT 'change ' || c.change_id || ': is asked for, but mandate ' || c.mandate_id || ' is ' || m.state
         FROM account_change c JOIN mandate m ON m.mandate_id = c.mandate_id
         WHERE c.state = 'asked' AND m.state NOT IN ('changing', 'severed')",
    ),
];

/// How many findings of one rule are told.
const TOLD: usize = 100;

/// The findings of one rule, in each of these ranges where it speaks of one.
fn broken(
    sql: &Connection,
    (rule, text): (&'static str, &str),
    (scope, ranges): (&Scope, &[Range]),
    found: &mut Vec<Violation>,
) -> Result<(), Trouble> {
    let doing = "audit the ledger";
    let mut statement = sql.prepare(text).doing(doing)?;
    let ranged = statement.parameter_index(":from").doing(doing)?.is_some();
    let once = [(0, i64::MAX)];
    for (from, to) in if ranged { ranges } else { &once } {
        for (name, value) in
            [(":from", from), (":to", to), (":since", &scope.since), (":seventh", &scope.seventh)]
        {
            if let Some(at) = statement.parameter_index(name).doing(doing)? {
                statement.raw_bind_parameter(at, value).doing(doing)?;
            }
        }
        let mut rows = statement.raw_query();
        let mut told = 0;
        while told < TOLD
            && let Some(row) = rows.next().doing(doing)?
        {
            found.push(Violation { rule, text: row.get(0).doing(doing)? });
            told += 1;
        }
    }
    Ok(())
}

/// The rows of money that are not what was written.
fn altered(sql: &Connection, scope: &Scope, found: &mut Vec<Violation>) -> Result<(), Trouble> {
    money_seal::TABLES.iter().try_for_each(|row| {
        let (such, ranges) = match row.0 {
            "charge" => (" AND charge_id BETWEEN :from AND :to", scope.charges.as_slice()),
            "allocation" => (" AND collection_id BETWEEN :from AND :to", scope.lines.as_slice()),
            _ => ("", [].as_slice()),
        };
        broken(sql, (money_seal::RULE, &money_seal::altered(*row, such)), (scope, ranges), found)
    })
}

/// What breaks these rules.
fn broken_rules<'r>(
    sql: &Connection,
    rules: impl Iterator<Item = &'r (&'static str, &'static str)>,
    scope: &Scope,
) -> Result<Vec<Violation>, Trouble> {
    let mut found = Vec::new();
    for rule in rules {
        broken(sql, *rule, (scope, &scope.charges), &mut found)?;
    }
    Ok(found)
}

impl Tx<'_> {
    /// What breaks conservation of money: I3 for every charge, the books against what was collected, and every amount against
    /// its seal. Where the night of an instant is named, of what that night has to look at (`scope`).
    pub fn audit_money(&self, night: Option<Instant>) -> Result<Vec<Violation>, Trouble> {
        let scope = match night {
            Some(now) => Scope::tonight(&self.sql, now)?,
            None => Scope::whole(),
        };
        let conservation = RULES.iter().filter(|(rule, _)| *rule == "I3");
        let rules = conservation.chain(BOOKS).chain(SETTLEMENTS).chain(CASH);
        let mut found = broken_rules(&self.sql, rules, &scope)?;
        altered(&self.sql, &scope, &mut found)?;
        Ok(found)
    }
}

impl Reader {
    /// Checks the books against themselves; empty where all is well. Reads everything: for tests, `sunap audit`, and
    /// the quiet hours.
    pub fn audit(&self) -> Result<Vec<Violation>, Trouble> {
        let doing = "audit the ledger";
        let tx = self.sql.unchecked_transaction().doing(doing)?;
        let scope = Scope::whole();
        let rules = RULES.iter().chain(BOOKS).chain(SETTLEMENTS).chain(CASH);
        let mut found = broken_rules(&tx, rules, &scope)?;
        altered(&tx, &scope, &mut found)?;
        for text in self.broken_lines()?.into_iter().take(TOLD) {
            found.push(Violation { rule: "lines-seal", text });
        }
        let mut statement = tx.prepare("PRAGMA foreign_key_check").doing(doing)?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).doing(doing)?;
        for row in rows.take(TOLD) {
            let text = format!("a row of {} points nowhere", row.doing(doing)?);
            found.push(Violation { rule: "reference", text });
        }
        Ok(found)
    }
}
