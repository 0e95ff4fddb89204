//! Every key and operation name of the table, and nothing else builds one.
//!
//! Ids hold no `#`, so segments that end in `#` are never prefixes of one another: order `100`
//! is not found under order `1000`.

use scrip_domain::asset::Kind;
use scrip_domain::entry::Operation;
use scrip_domain::id::{LotId, MemberId, OrderId};

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

/// The name under which an operation is found again in its account's log. That of an action on
/// something begins with the name of the operation that made it.
pub(crate) fn operation(operation: &Operation) -> String {
    match operation {
        Operation::Purchase(id) => format!("ORDER#{id}#"),
        Operation::Award(id) => format!("AWARD#{id}#"),
        Operation::Adjustment(id) => format!("ADJUSTMENT#{id}#"),
        Operation::TierAssignment(id) => format!("TIER#{id}#"),
        Operation::Issue(kind, id) => issue(*kind, id),
        Operation::Void(kind, id) => format!("{}VOID#", issue(*kind, id)),
        Operation::Extension(kind, id, extension) => {
            format!("{}EXTENSION#{extension}#", issue(*kind, id))
        }
        Operation::Redemption(id) => format!("REDEMPTION#{id}#"),
        Operation::Capture(id) => format!("REDEMPTION#{id}#CAPTURE#"),
        Operation::Release(id) => format!("REDEMPTION#{id}#RELEASE#"),
        Operation::Refund(id, refund) => format!("REDEMPTION#{id}#REFUND#{refund}#"),
        Operation::Conversion(id) => format!("CONVERSION#{id}#"),
        Operation::Transfer(id) => format!("TRANSFER#{id}#"),
        Operation::TransferRefund(id, refund) => format!("TRANSFER#{id}#REFUND#{refund}#"),
    }
}

fn issue(kind: Kind, id: &LotId) -> String {
    format!("{}#{id}#", kind_word(kind))
}

fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Benefit => "BENEFIT",
        Kind::Reward => "REWARD",
        Kind::Credit => "CREDIT",
    }
}

/// The operation that has this name.
pub(crate) fn parse_operation(name: &str) -> Option<Operation> {
    let segments: Vec<&str> = name.strip_suffix('#')?.split('#').collect();
    let kind = |word: &str| Kind::ALL.into_iter().find(|kind| kind_word(*kind) == word);
    Some(match segments.as_slice() {
        ["ORDER", id] => Operation::Purchase(id.parse().ok()?),
        ["AWARD", id] => Operation::Award(id.parse().ok()?),
        ["ADJUSTMENT", id] => Operation::Adjustment(id.parse().ok()?),
        ["TIER", id] => Operation::TierAssignment(id.parse().ok()?),
        ["REDEMPTION", id] => Operation::Redemption(id.parse().ok()?),
        ["REDEMPTION", id, "CAPTURE"] => Operation::Capture(id.parse().ok()?),
        ["REDEMPTION", id, "RELEASE"] => Operation::Release(id.parse().ok()?),
        ["REDEMPTION", id, "REFUND", refund] => {
            Operation::Refund(id.parse().ok()?, refund.parse().ok()?)
        }
        ["CONVERSION", id] => Operation::Conversion(id.parse().ok()?),
        ["TRANSFER", id] => Operation::Transfer(id.parse().ok()?),
        ["TRANSFER", id, "REFUND", refund] => {
            Operation::TransferRefund(id.parse().ok()?, refund.parse().ok()?)
        }
        [word, id] => Operation::Issue(kind(word)?, id.parse().ok()?),
        [word, id, "VOID"] => Operation::Void(kind(word)?, id.parse().ok()?),
        [word, id, "EXTENSION", extension] => {
            Operation::Extension(kind(word)?, id.parse().ok()?, extension.parse().ok()?)
        }
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
            Operation::Refund(id.parse().unwrap(), "r".parse().unwrap()),
            Operation::Conversion(id.parse().unwrap()),
            Operation::Transfer(id.parse().unwrap()),
            Operation::TransferRefund(id.parse().unwrap(), "r".parse().unwrap()),
            Operation::Issue(Kind::Benefit, id.parse().unwrap()),
            Operation::Void(Kind::Reward, id.parse().unwrap()),
            Operation::Extension(Kind::Credit, id.parse().unwrap(), "x".parse().unwrap()),
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
