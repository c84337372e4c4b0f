//! What goes into the tables.

use std::collections::HashMap;

use choo_protocol::RunId;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::found::last;
use super::{schema, signed};
use crate::core::{Batch, HoleReason, OpenSpan, SavedState};
use crate::history::block::{Encoder, divide};

/// Writes down where the epochs before ended and where this one begins; `false` if there is something
/// behind that.
pub(super) fn begin(transaction: &Transaction<'_>, span: OpenSpan) -> rusqlite::Result<bool> {
    let last = last(transaction)?;
    if last > span.start {
        return Ok(false);
    }
    let sql = "UPDATE epoch SET ended = max(start, ?1) WHERE ended IS NULL";
    transaction.execute(sql, [signed(last)])?;
    let sql = "INSERT INTO epoch (epoch, start, clean) VALUES (?1, ?2, 0)";
    transaction.execute(sql, params![signed(span.epoch.number()), signed(span.start)])?;
    Ok(true)
}

/// Writes a batch. `missing` says why there is nothing behind its `after` and between its records; nothing
/// if that begins with it.
pub(super) fn append(
    transaction: &Transaction<'_>,
    rows: &mut HashMap<RunId, i64>,
    batch: &Batch,
    encoder: &mut Encoder,
    missing: Option<HoleReason>,
) -> rusqlite::Result<()> {
    for run in &batch.forgotten {
        if let Some(row) = row_of(transaction, rows, run)? {
            for sql in [
                "DELETE FROM state WHERE run = ?1",
                "DELETE FROM block_run WHERE run = ?1",
                "DELETE FROM run WHERE id = ?1",
            ] {
                transaction.prepare_cached(sql)?.execute([row])?;
            }
            rows.remove(run);
        }
    }
    for saved in &batch.runs {
        let standing = serde_json::to_string(saved).unwrap_or_default();
        if let Some(row) = row_of(transaction, rows, &saved.run)? {
            let sql = "UPDATE run SET standing = ?2 WHERE id = ?1";
            transaction.prepare_cached(sql)?.execute(params![row, standing])?;
        } else {
            let sql = "INSERT INTO run (name, standing) VALUES (?1, ?2)";
            transaction.prepare_cached(sql)?.execute(params![saved.run.as_str(), standing])?;
            rows.insert(saved.run.clone(), transaction.last_insert_rowid());
        }
    }
    for SavedState { through, state } in &batch.states {
        if let Some(row) = row_of(transaction, rows, &state.run)? {
            let json = serde_json::to_string(&**state).unwrap_or_default();
            let sql = "INSERT OR REPLACE INTO state (run, through, checksum, state) VALUES (?1, ?2, ?3, ?4)";
            let checksum = crc32fast::hash(json.as_bytes());
            transaction.prepare_cached(sql)?.execute(params![row, signed(*through), checksum, json])?;
        }
    }
    let mut next = batch.after + 1;
    for records in divide(&batch.records) {
        let block = encoder.encode(records, batch.time);
        if let Some(why) = missing.filter(|_| block.first > next) {
            let sql = "INSERT INTO hole (first, last, damaged) VALUES (?1, ?2, ?3)";
            let damaged = why == HoleReason::Damaged;
            transaction.prepare_cached(sql)?.execute(params![
                signed(next),
                signed(block.first - 1),
                damaged
            ])?;
        }
        next = block.last + 1;
        let sql = "INSERT INTO block (first, last, time, checksum, logs, length, lines) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        transaction.prepare_cached(sql)?.execute(params![
            signed(block.first),
            signed(block.last),
            batch.time.unix_millis(),
            block.checksum(),
            block.logs,
            signed(block.length as u64),
            block.lines,
        ])?;
        let sql = "INSERT OR IGNORE INTO block_run (run, first, diff_from, diff_to) VALUES (?1, ?2, ?3, ?4)";
        let mut index = transaction.prepare_cached(sql)?;
        if block.common {
            index.execute(params![schema::NO_RUN, signed(block.first), None::<i64>, None::<i64>])?;
        }
        for (run, diffs) in &block.runs {
            // A run that was forgotten since has no row.
            if let Some(row) = row_of(transaction, rows, run)? {
                let (from, to) = (diffs.map(|it| signed(it.from)), diffs.map(|it| signed(it.to)));
                index.execute(params![row, signed(block.first), from, to])?;
            }
        }
    }
    Ok(())
}

fn row_of(
    connection: &Connection,
    rows: &mut HashMap<RunId, i64>,
    run: &RunId,
) -> rusqlite::Result<Option<i64>> {
    if let Some(row) = rows.get(run) {
        return Ok(Some(*row));
    }
    let sql = "SELECT id FROM run WHERE name = ?1";
    let row = connection.prepare_cached(sql)?.query_row([run.as_str()], |row| row.get(0)).optional()?;
    if let Some(row) = row {
        rows.insert(run.clone(), row);
    }
    Ok(row)
}

/// From here on nothing has been removed.
pub(super) fn set_floor(connection: &Connection, floor: u64) -> rusqlite::Result<()> {
    connection.execute("UPDATE floor SET floor = ?1", [signed(floor)]).map(drop)
}

/// The next journal goes on behind what is written now.
pub(super) fn set_generation(transaction: &Transaction<'_>, generation: u64) -> rusqlite::Result<()> {
    transaction.prepare_cached("UPDATE journal SET generation = ?1")?.execute([signed(generation)]).map(drop)
}
