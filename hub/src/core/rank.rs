//! Where a run stands in the list of runs: an opaque `nanoseconds.number`.

use std::fmt;
use std::str::FromStr;

use choo_protocol::Timestamp;

/// When a run began, and the how manieth the hub met; later ones are greater.
///
/// Clients hand it back as they got it. There is one way to write each, so that text that is merely similar
/// is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    pub(crate) began: Timestamp,
    pub(crate) nth: u64,
}

/// The text is no rank of any run; the client's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the beginning of a page of runs: hand back the `next` of the page before")]
pub(crate) struct RankError;

impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.began.unix_nanos(), self.nth)
    }
}

impl FromStr for Rank {
    type Err = RankError;

    fn from_str(text: &str) -> Result<Self, RankError> {
        let (began, nth) = text.split_once('.').ok_or(RankError)?;
        let began = Timestamp::from_unix_nanos(began.parse().map_err(|_| RankError)?);
        let rank = Rank { began, nth: nth.parse().map_err(|_| RankError)? };
        // Also refuses signs, leading zeros, and what no timestamp can say.
        if rank.to_string() == text { Ok(rank) } else { Err(RankError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rank_survives_the_way_to_a_client_and_back() {
        for time in ["2025-01-18T10:30:00Z", "0001-01-01T00:00:00Z", "2025-01-18T10:30:00.123456789+02:00"] {
            let rank = Rank { began: time.parse().unwrap(), nth: u64::MAX };
            assert_eq!(rank.to_string().parse(), Ok(rank), "{rank}");
        }
    }

    #[test]
    fn whatever_no_hub_wrote_is_refused() {
        let huge = format!("{}.1", i128::MAX);
        for text in ["", ".", "1", "1.", ".1", "x.1", "1.-1", "+1.1", "01.1", "1.01", "1.1.1", " 1.1", &huge]
        {
            assert_eq!(text.parse::<Rank>(), Err(RankError), "{text:?}");
        }
        assert!("1.18446744073709551616".parse::<Rank>().is_err());
    }
}
