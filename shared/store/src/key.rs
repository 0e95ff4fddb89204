//! Every key and operation name of the table, and nothing else builds one.
//!
//! Ids hold no `#`, so segments that end in `#` are never prefixes of one another: order `100`
//! is not found under order `1000`.

use scrip_domain::account::AccountId;
use scrip_domain::asset::Kind;
use scrip_domain::card::{CardKey, Spender};
use scrip_domain::entry::{CardMove, Operation};
use scrip_domain::id::{CardId, CardNumber, LotId, OrderId, RedemptionId};
use scrip_domain::wallet::Job;

use crate::hour::Hour;

const MEMBER: &str = "MEMBER#";
const CARD: &str = "CARD#";
const DIRECT: &str = "DIRECT#";
/// Before the number of a line, in the sort key.
pub(crate) const ENTRY: &str = "E#";
/// Before the version of a program, in the sort key.
pub(crate) const VERSION: &str = "P#";
/// The partition of all program versions.
pub(crate) const PROGRAM: &str = "PROGRAM";
/// The sort key of the PIN attempts at a card's number. Their partition is not the card's: whoever
/// counts them may delete them, and nobody may delete a line.
pub(crate) const ATTEMPTS: &str = "ATTEMPTS";
/// Before a card's id, in the sort key of what its purchaser has of it.
pub(crate) const PURCHASED: &str = CARD;
/// The sort key of an order marker.
const ORDER: &str = "ORDER";
/// The sort key of the marker of a redemption without a member.
const DIRECT_MARKER: &str = "DIRECT";
/// Both keys of what a local stack remembers of its clock.
pub(crate) const LOCAL_CLOCK: (&str, &str) = ("LOCAL", "CLOCK");

const ATTEMPTS_PARTITION: &str = "ATTEMPTS#";
const ORDER_PARTITION: &str = "ORDER#";
const DUE: &str = "DUE#";
const SET_ASIDE: &str = "FAILED#";

/// What an item is, as its keys say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// A line of an account's log.
    Line(AccountId, u64),
    /// A due marker, or an account that a sweep set aside; the shard is the partition's.
    Due { shard: u8, account: AccountId },
    /// What an audit looks up by its key, or not at all: the marker of an order or of a redemption
    /// without a member, a card in its purchaser's partition, a version of the program, PIN
    /// attempts, a local stack's clock.
    Aside,
}

/// What an item with these keys is; `None`: nothing that has a place in the table.
pub(crate) fn place(partition: &str, sort: &str) -> Option<Place> {
    if (partition, sort) == LOCAL_CLOCK {
        return Some(Place::Aside);
    }
    if partition == PROGRAM {
        let version: u64 = sort.strip_prefix(VERSION)?.parse().ok()?;
        return (self::version(version) == sort).then_some(Place::Aside);
    }
    if let Some(number) = partition.strip_prefix(ATTEMPTS_PARTITION) {
        return (sort == ATTEMPTS && number.parse::<CardNumber>().is_ok()).then_some(Place::Aside);
    }
    if let Some(order) = partition.strip_prefix(ORDER_PARTITION) {
        return (sort == ORDER && order.parse::<OrderId>().is_ok()).then_some(Place::Aside);
    }
    if let Some(redemption) = partition.strip_prefix(DIRECT) {
        let is_id = redemption.parse::<RedemptionId>().is_ok();
        return (sort == DIRECT_MARKER && is_id).then_some(Place::Aside);
    }
    if let Some(shard) = partition.strip_prefix(DUE) {
        let (_, account) = due_account(sort)?;
        return Some(Place::Due { shard: job_shard(shard)?, account });
    }
    if let Some(shard) = partition.strip_prefix(SET_ASIDE) {
        return Some(Place::Due { shard: job_shard(shard)?, account: parse_account(sort)? });
    }
    match parse_account(partition)? {
        AccountId::Member(_) if sort.starts_with(PURCHASED) => {
            purchased_card(sort).map(|_| Place::Aside)
        }
        account => {
            let number = entry_number(sort).filter(|number| entry(*number) == sort && 0 < *number);
            Some(Place::Line(account, number?))
        }
    }
}

/// The shard in what follows the first segment of a partition of markers.
fn job_shard(text: &str) -> Option<u8> {
    let (job, shard) = text.split_once('#')?;
    let is_job = Job::ALL.into_iter().any(|each| each.as_str() == job);
    let number: u8 = shard.parse().ok().filter(|_| is_job)?;
    (format!("{number:02}") == shard).then_some(number)
}

const NUMBER_DIGITS: usize = 12;

pub(crate) fn account(account: &AccountId) -> String {
    match account {
        AccountId::Member(member) => format!("{MEMBER}{member}"),
        AccountId::Card(number) => format!("{CARD}{}", number.as_str()),
    }
}

/// The partition of the PIN attempts at what is presented as the number of a card.
pub(crate) fn attempts(number: &CardNumber) -> String {
    format!("{ATTEMPTS_PARTITION}{}", number.as_str())
}

/// The account that has this key.
pub(crate) fn parse_account(text: &str) -> Option<AccountId> {
    let member = || Some(AccountId::Member(text.strip_prefix(MEMBER)?.parse().ok()?));
    let card = || Some(AccountId::Card(text.strip_prefix(CARD)?.parse().ok()?));
    member().or_else(card)
}

pub(crate) fn entry(number: u64) -> String {
    format!("{ENTRY}{number:0NUMBER_DIGITS$}")
}

/// The number in the sort key of a line.
pub(crate) fn entry_number(sort_key: &str) -> Option<u64> {
    sort_key.strip_prefix(ENTRY)?.parse().ok()
}

/// Both keys of the marker that keeps an operation to one account: an order to one member, a
/// redemption without a member to one card. Other operations have none.
pub(crate) fn marker(account: &AccountId, operation: &Operation) -> Option<(String, &'static str)> {
    match (account, operation) {
        (_, Operation::Purchase(order)) => Some(order_marker(order)),
        (AccountId::Card(_), Operation::Redemption(redemption)) => Some(direct_marker(redemption)),
        _ => None,
    }
}

/// Both keys of the marker of an order.
pub(crate) fn order_marker(order: &OrderId) -> (String, &'static str) {
    (format!("{ORDER_PARTITION}{order}"), ORDER)
}

/// Both keys of the marker of a redemption without a member.
pub(crate) fn direct_marker(redemption: &RedemptionId) -> (String, &'static str) {
    (format!("{DIRECT}{redemption}"), DIRECT_MARKER)
}

/// The sort key of a card in its purchaser's partition.
pub(crate) fn purchased(card: &CardId) -> String {
    format!("{PURCHASED}{card}")
}

/// The card in such a sort key.
pub(crate) fn purchased_card(sort_key: &str) -> Option<CardId> {
    sort_key.strip_prefix(PURCHASED)?.parse().ok()
}

/// The partition of what a job's sweep set aside.
pub(crate) fn set_aside_partition(job: &str, shard: u8) -> String {
    format!("{SET_ASIDE}{job}#{shard:02}")
}

/// The account in the sort key of a due marker.
pub(crate) fn due_account(sort_key: &str) -> Option<(Hour, AccountId)> {
    let (hour, account) = sort_key.split_once('#')?;
    Some((hour.parse().ok()?, parse_account(account)?))
}

pub(crate) fn due_partition(job: &str, shard: u8) -> String {
    format!("{DUE}{job}#{shard:02}")
}

pub(crate) fn due(hour: Hour, account: &str) -> String {
    format!("{hour}#{account}")
}

pub(crate) fn version(version: u64) -> String {
    format!("{VERSION}{version:0NUMBER_DIGITS$}")
}

/// The name under which an operation is found again in its account's log. That of an action on
/// something begins with the name of the operation that made it.
///
/// In a card's log it begins with who acts, or says that nobody does: only the route that spent of
/// a card may give back.
pub(crate) fn operation(account: &AccountId, operation: &Operation) -> String {
    let is_redemption = matches!(
        operation,
        Operation::Redemption(_)
            | Operation::Capture(_)
            | Operation::Release(_)
            | Operation::Refund(..)
    );
    let name = name(operation);
    match account {
        AccountId::Card(_) if is_redemption => format!("{DIRECT}{name}"),
        AccountId::Card(_) | AccountId::Member(_) => name,
    }
}

fn name(operation: &Operation) -> String {
    match operation {
        Operation::Purchase(id) => format!("ORDER#{id}#"),
        Operation::Return(order, id) => format!("ORDER#{order}#RETURN#{id}#"),
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
        Operation::CardCredit(CardKey { purchaser, card }, it) => {
            format!("GIFT_CARD#{purchaser}#{card}#{}#", move_word(*it))
        }
        Operation::CardIssue(CardKey { purchaser, card }) => {
            format!("{MEMBER}{purchaser}#GIFT_CARD#{card}#")
        }
        Operation::CardMove(Some(member), it) => format!("{MEMBER}{member}#{}#", move_word(*it)),
        Operation::CardMove(None, it) => format!("{}#", move_word(*it)),
        Operation::Of(Spender::Member(member), it) => format!("{MEMBER}{member}#{}", name(it)),
        Operation::Of(Spender::Direct, it) => format!("{DIRECT}{}", name(it)),
    }
}

const MOVES: [CardMove; 4] = [CardMove::Claim, CardMove::Revert, CardMove::Cancel, CardMove::Void];

fn move_word(it: CardMove) -> &'static str {
    match it {
        CardMove::Claim => "CLAIM",
        CardMove::Revert => "REVERT",
        CardMove::Cancel => "CANCEL",
        CardMove::Void => "VOID",
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

/// The operation that has this name in an account's log.
pub(crate) fn parse_operation(account: &AccountId, name: &str) -> Option<Operation> {
    let segments: Vec<&str> = name.strip_suffix('#')?.split('#').collect();
    let of = |spender, rest: &[&str]| Some(Operation::Of(spender, Box::new(parse(rest)?)));
    let moved = |word: &str| MOVES.into_iter().find(|it| move_word(*it) == word);
    match segments.as_slice() {
        ["DIRECT", rest @ ..] => match account {
            AccountId::Card(_) => parse(rest),
            AccountId::Member(_) => of(Spender::Direct, rest),
        },
        ["MEMBER", purchaser, "GIFT_CARD", card] => {
            let (purchaser, card) = (purchaser.parse().ok()?, card.parse().ok()?);
            Some(Operation::CardIssue(CardKey { purchaser, card }))
        }
        ["MEMBER", member, word] => Some(Operation::CardMove(member.parse().ok(), moved(word)?)),
        ["MEMBER", member, rest @ ..] => of(Spender::Member(member.parse().ok()?), rest),
        ["GIFT_CARD", purchaser, card, word] => {
            let (purchaser, card) = (purchaser.parse().ok()?, card.parse().ok()?);
            Some(Operation::CardCredit(CardKey { purchaser, card }, moved(word)?))
        }
        [word] => Some(Operation::CardMove(None, moved(word)?)),
        rest => parse(rest),
    }
}

fn parse(segments: &[&str]) -> Option<Operation> {
    let kind = |word: &str| Kind::ALL.into_iter().find(|kind| kind_word(*kind) == word);
    Some(match segments {
        ["ORDER", id] => Operation::Purchase(id.parse().ok()?),
        ["ORDER", order, "RETURN", id] => Operation::Return(order.parse().ok()?, id.parse().ok()?),
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
            Operation::Return(id.parse().unwrap(), "r".parse().unwrap()),
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
            check(&AccountId::Member(id.parse().unwrap()), each);
        }
    }

    #[track_caller]
    fn check(account: &AccountId, each: Operation) {
        assert_eq!(parse_operation(account, &operation(account, &each)), Some(each));
    }

    #[test]
    fn operation_on_a_card_is_found_again_by_its_name() {
        let (alice, card) = (AccountId::Member("alice".parse().unwrap()), card());
        let redemptions = || {
            let id = "r-1";
            [
                Operation::Redemption(id.parse().unwrap()),
                Operation::Capture(id.parse().unwrap()),
                Operation::Release(id.parse().unwrap()),
                Operation::Refund(id.parse().unwrap(), "back".parse().unwrap()),
            ]
        };
        let key = CardKey { purchaser: "bob".parse().unwrap(), card: "c1".parse().unwrap() };
        let bob = || Spender::Member("bob".parse().unwrap());
        for it in MOVES {
            check(&alice, Operation::CardCredit(key.clone(), it));
            check(&card, Operation::CardMove(Some("bob".parse().unwrap()), it));
            check(&card, Operation::CardMove(None, it));
        }
        check(&card, Operation::CardIssue(key));
        for each in redemptions() {
            check(&card, Operation::Of(bob(), Box::new(each)));
        }
        for each in redemptions() {
            assert!(operation(&card, &each).starts_with("DIRECT#REDEMPTION#r-1#"));
            check(&card, each);
        }
        for each in redemptions() {
            check(&alice, Operation::Of(Spender::Direct, Box::new(each)));
        }
    }

    fn card() -> AccountId {
        AccountId::Card("6000000000000007".parse().unwrap())
    }

    #[test]
    fn account_is_found_again_by_its_key() {
        for each in [card(), AccountId::Member("alice".parse().unwrap())] {
            assert_eq!(parse_account(&account(&each)), Some(each.clone()));
            let hour: Hour = "2026-11-21T03".parse().unwrap();
            assert_eq!(due_account(&due(hour, &account(&each))), Some((hour, each)));
        }
        assert_eq!(parse_account("ORDER#1"), None);
    }

    #[test]
    fn place_is_known_of_every_item_that_is_written_and_of_no_other() {
        let alice = AccountId::Member("alice".parse().unwrap());
        let hour: Hour = "2026-11-21T03".parse().unwrap();
        let due = due(hour, &account(&alice));
        for (partition, sort, found) in [
            ("MEMBER#alice", "E#000000000001", Some(Place::Line(alice.clone(), 1))),
            ("CARD#6000000000000007", "E#000000000012", Some(Place::Line(card(), 12))),
            ("MEMBER#alice", "CARD#c", Some(Place::Aside)),
            ("DUE#expire#07", &due, Some(Place::Due { shard: 7, account: alice.clone() })),
            ("FAILED#revert#63", "MEMBER#alice", Some(Place::Due { shard: 63, account: alice })),
            ("ORDER#1", "ORDER", Some(Place::Aside)),
            ("DIRECT#r", "DIRECT", Some(Place::Aside)),
            ("ATTEMPTS#6000000000000007", "ATTEMPTS", Some(Place::Aside)),
            ("PROGRAM", "P#000000000001", Some(Place::Aside)),
            ("LOCAL", "CLOCK", Some(Place::Aside)),
            ("MEMBER#alice", "E#1", None),
            ("MEMBER#alice", "E#000000000000", None),
            ("CARD#6000000000000007", "ATTEMPTS", None),
            ("ATTEMPTS#6", "ATTEMPTS", None),
            ("ATTEMPTS#6000000000000007", "E#000000000001", None),
            ("MEMBER#a b", "E#000000000001", None),
            ("CARD#6", "E#000000000001", None),
            ("CARD#6000000000000007", "CARD#c", None),
            ("DUE#expire#7", &due, None),
            ("DUE#other#07", &due, None),
            ("DUE#expire#07", "MEMBER#alice", None),
            ("ORDER#1", "DIRECT", None),
            ("PROGRAM", "P#1", None),
            ("OTHER", "THING", None),
        ] {
            assert_eq!(place(partition, sort), found, "{partition} / {sort}");
        }
    }

    #[test]
    fn name_of_one_order_is_no_prefix_of_another() {
        let short = name(&Operation::Purchase("100".parse().unwrap()));
        let long = name(&Operation::Purchase("1000".parse().unwrap()));
        assert!(!long.starts_with(&short));
    }

    #[test]
    fn entries_sort_by_number() {
        assert!(entry(9) < entry(10));
        assert_eq!(entry_number(&entry(999_999_999_999)), Some(999_999_999_999));
    }
}
