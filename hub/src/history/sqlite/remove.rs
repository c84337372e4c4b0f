//! Removing what is too old or too much.

use rusqlite::{Connection, TransactionBehavior, params};

use super::commit::set_floor;
use super::found::floor;
use super::{signed, unsigned};
use crate::history::store::{Excess, Removed};

/// How many blocks are removed at once: some milliseconds.
const BLOCKS: u32 = 32;

/// How many pages are given back to the file system at once.
const PAGES: i64 = 512;

/// Free pages are kept for what comes, up to this part of all.
const SPARE: i64 = 8;

pub(super) fn step(connection: &mut Connection, excess: &Excess) -> rusqlite::Result<Removed> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let number = |name: &str| transaction.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (pages, free, page_size) = (number("page_count")?, number("freelist_count")?, number("page_size")?);
    let mut used = unsigned((pages - free) * page_size);
    let sql = "SELECT first, last, time, length(lines) FROM block ORDER BY first LIMIT ?1";
    let mut statement = transaction.prepare_cached(sql)?;
    let mut rows = statement.query([BLOCKS])?;
    let mut gone: Option<(u64, u64)> = None;
    let mut removed = Removed::default();
    let mut blocks = 0;
    while let Some(row) = rows.next()? {
        let (first, last) = (unsigned(row.get(0)?), unsigned(row.get(1)?));
        let old =
            excess.before.is_some_and(|before| row.get(2).is_ok_and(|time: i64| time < before.unix_millis()));
        let many = excess.bytes.is_some_and(|bytes| used > bytes);
        let removable = excess.removable;
        let goes =
            last <= removable.unowned || (old && last <= removable.ended) || (many && last <= removable.any);
        if !goes {
            break;
        }
        gone = Some((first, last));
        removed.events += last + 1 - first;
        blocks += 1;
        used = used.saturating_sub(unsigned(row.get(3)?));
    }
    drop(rows);
    drop(statement);
    if let Some((first, last)) = gone {
        transaction.prepare_cached("DELETE FROM block WHERE first <= ?1")?.execute([signed(first)])?;
        transaction.prepare_cached("DELETE FROM hole WHERE last <= ?1")?.execute([signed(last)])?;
        let sql = "DELETE FROM block_run WHERE run = ?1 AND first <= ?2";
        let mut unlist = transaction.prepare_cached(sql)?;
        unlist.execute(params![super::schema::NO_RUN, signed(first)])?;
        let mut runs = transaction.prepare_cached("SELECT id FROM run")?;
        let mut rows = runs.query([])?;
        while let Some(row) = rows.next()? {
            unlist.execute(params![row.get::<_, i64>(0)?, signed(first)])?;
        }
        set_floor(&transaction, last)?;
    }
    removed.floor = floor(&transaction)?;
    transaction.commit()?;
    removed.more = blocks == BLOCKS;
    if !removed.more && free > pages / SPARE + PAGES {
        connection
            .query_row(&format!("PRAGMA incremental_vacuum({PAGES})"), [], |_| Ok(()))
            .or_else(no_rows)?;
        removed.more = true;
    }
    Ok(removed)
}

fn no_rows(error: rusqlite::Error) -> rusqlite::Result<()> {
    if matches!(error, rusqlite::Error::QueryReturnedNoRows) { Ok(()) } else { Err(error) }
}
