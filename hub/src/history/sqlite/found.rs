//! What is in the tables when they are opened.

use rusqlite::{Connection, OptionalExtension};

use super::journal::State;
use super::unsigned;
use crate::core::{Epoch, OpenSpan, SavedRun, Span};
use crate::history::store::Found;

/// The offset of the last record, though it may have been removed; 0 without one.
pub(super) fn last(connection: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT last FROM block ORDER BY first DESC LIMIT 1";
    let last = connection.query_row(sql, [], |row| row.get(0)).optional()?;
    Ok(last.map_or(0, unsigned).max(floor(connection)?))
}

/// The offset behind which nothing has been removed.
pub(super) fn floor(connection: &Connection) -> rusqlite::Result<u64> {
    connection.query_row("SELECT floor FROM floor", [], |row| row.get(0)).map(unsigned)
}

/// Which journal goes on behind what is there; none without an epoch.
pub(super) fn state(connection: &Connection) -> rusqlite::Result<Option<State>> {
    let sql = "SELECT generation, epoch, start FROM journal, epoch ORDER BY epoch DESC LIMIT 1";
    let state = connection.query_row(sql, [], |row| {
        let epoch = Epoch::from_number(unsigned(row.get(1)?));
        Ok(State {
            generation: unsigned(row.get(0)?),
            span: OpenSpan { epoch, start: unsigned(row.get(2)?) },
        })
    });
    state.optional()
}

/// The epochs, oldest first, and whether the last one ended in good order.
pub(super) fn spans(connection: &Connection) -> rusqlite::Result<(Vec<Span>, bool)> {
    let last = last(connection)?;
    let mut statement =
        connection.prepare_cached("SELECT epoch, start, ended, clean FROM epoch ORDER BY epoch")?;
    let mut clean = true;
    let rows = statement.query_map([], |row| {
        let start = unsigned(row.get(1)?);
        clean = row.get(3)?;
        let end = row.get::<_, Option<i64>>(2)?.map_or(last.max(start), unsigned);
        Ok(Span { epoch: Epoch::from_number(unsigned(row.get(0)?)), start, end })
    })?;
    let spans = rows.collect::<Result<_, _>>()?;
    Ok((spans, clean))
}

/// What the hubs before have left.
pub(super) fn found(connection: &Connection) -> rusqlite::Result<Found> {
    let (spans, clean) = spans(connection)?;
    let sql = "SELECT run.standing, state.through, state.checksum, state.state \
               FROM run LEFT JOIN state ON state.run = run.id";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut runs = Vec::new();
    while let Some(row) = rows.next()? {
        let Ok(saved) = serde_json::from_str::<SavedRun>(row.get_ref(0)?.as_str()?) else {
            tracing::warn!("a run in the history cannot be read and is left out");
            continue;
        };
        let through: Option<i64> = row.get(1)?;
        let state = through.and_then(|through| {
            let json = row.get_ref(3).ok()?.as_str().ok()?;
            let whole = row.get::<_, u32>(2).ok()? == crc32fast::hash(json.as_bytes());
            let state = serde_json::from_str(json).ok().filter(|_| whole);
            if state.is_none() {
                tracing::warn!(run = %saved.run, "the stored state of a run is damaged; folding its events");
            }
            Some((unsigned(through), state?))
        });
        runs.push((saved, state));
    }
    Ok(Found { spans, clean, floor: floor(connection)?, runs, set_aside: None })
}
