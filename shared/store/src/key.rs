//! Every key and operation name of the table, and nothing else builds one.
//!
//! Ids hold no `#`, so segments that end in `#` are never prefixes of one another: order `100`
//! is not found under order `1000`.

use scrip_domain::entry::Operation;
use scrip_domain::id::{MemberId, OrderId, RedemptionId};

use crate::hour::Hour;

/// Before the number of a line, in the sort key.
pub(crate) const ENTRY: &str = "E#";
/// Before the version of a program, in the sort key.
pub(crate) const VERSION: &str = "P#";
/// The partition of all program versions.
pub(crate) const PROGRAM: &str = "PROGRAM";
/// The sort key of an order marker.
pub(crate) const ORDER: &str = "ORDER";
/// Both keys of what a local stack remembers of its clock.
pub(crate) const LOCAL_CLOCK: (&str, &str) = ("LOCAL", "CLOCK");

const NUMBER_DIGITS: usize = 12;

pub(crate) fn account(member: &MemberId) -> String {
    format!("MEMBER#{member}")
}

pub(crate) fn entry(number: u64) -> String {
    format!("{ENTRY}{number:0NUMBER_DIGITS$}")
}

/// The number in the sort key of a line.
pub(crate) fn entry_number(sort_key: &str) -> Option<u64> {
    sort_key.strip_prefix(ENTRY)?.parse().ok()
}

pub(crate) fn order(order: &OrderId) -> String {
    format!("ORDER#{order}")
}

pub(crate) fn due_partition(job: &str, shard: u8) -> String {
    format!("DUE#{job}#{shard:02}")
}

pub(crate) fn due(hour: Hour, account: &str) -> String {
    format!("{hour}#{account}")
}

pub(crate) fn version(version: u64) -> String {
    format!("{VERSION}{version:0NUMBER_DIGITS$}")
}

/// The name under which an operation is found again in its account's log.
pub(crate) fn operation(operation: &Operation) -> String {
    match operation {
        Operation::Purchase(id) => format!("ORDER#{id}#"),
        Operation::Award(id) => format!("AWARD#{id}#"),
        Operation::Adjustment(id) => format!("ADJUSTMENT#{id}#"),
        Operation::TierAssignment(id) => format!("TIER#{id}#"),
        Operation::Redemption(id) => redemption(id),
        Operation::Capture(id) => format!("{}CAPTURE#", redemption(id)),
        Operation::Release(id) => format!("{}RELEASE#", redemption(id)),
    }
}

/// What the names of all operations on one redemption begin with.
pub(crate) fn redemption(id: &RedemptionId) -> String {
    format!("REDEMPTION#{id}#")
}

/// The operation that has this name.
pub(crate) fn parse_operation(name: &str) -> Option<Operation> {
    let segments: Vec<&str> = name.strip_suffix('#')?.split('#').collect();
    Some(match segments.as_slice() {
        ["ORDER", id] => Operation::Purchase(id.parse().ok()?),
        ["AWARD", id] => Operation::Award(id.parse().ok()?),
        ["ADJUSTMENT", id] => Operation::Adjustment(id.parse().ok()?),
        ["TIER", id] => Operation::TierAssignment(id.parse().ok()?),
        ["REDEMPTION", id] => Operation::Redemption(id.parse().ok()?),
        ["REDEMPTION", id, "CAPTURE"] => Operation::Capture(id.parse().ok()?),
        ["REDEMPTION", id, "RELEASE"] => Operation::Release(id.parse().ok()?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operation_is_found_again_by_its_name() {
        let id = "a.b:c@d-1";
        for each in [
            Operation::Purchase(id.parse().unwrap()),
            Operation::Award(id.parse().unwrap()),
            Operation::Adjustment(id.parse().unwrap()),
            Operation::TierAssignment(id.parse().unwrap()),
            Operation::Redemption(id.parse().unwrap()),
            Operation::Capture(id.parse().unwrap()),
            Operation::Release(id.parse().unwrap()),
        ] {
            assert_eq!(parse_operation(&operation(&each)), Some(each));
        }
    }

    #[test]
    fn name_of_one_order_is_no_prefix_of_another() {
        let short = operation(&Operation::Purchase("100".parse().unwrap()));
        let long = operation(&Operation::Purchase("1000".parse().unwrap()));
        assert!(!long.starts_with(&short));
    }

    #[test]
    fn entries_sort_by_number() {
        assert!(entry(9) < entry(10));
        assert_eq!(entry_number(&entry(999_999_999_999)), Some(999_999_999_999));
    }
}
