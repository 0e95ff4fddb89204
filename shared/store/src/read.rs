//! Reading accounts: the newest line, a line by number, the line of a past instant, pages.

use std::borrow::Cow;
use std::collections::HashMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use scrip_domain::account::AccountId;
use scrip_domain::draft::Draft;
use scrip_domain::entry::{Entry, Operation};
use scrip_domain::id::RedemptionId;
use scrip_domain::program::Program;
use scrip_domain::tier;
use scrip_domain::time::Instant;
use scrip_domain::wallet::Wallet;

use crate::client::Boxed;
use crate::document::{Item, decode};
use crate::error::StoreError;
use crate::key;
use crate::ledger::{Ledger, Recorded};
use crate::table::{INDEX, OPERATION, PARTITION, SORT};

/// The most lines asked for in one call: those of the largest wallets then still arrive well
/// within the timeout of a call.
const LINES_PER_CALL: u32 = 25;
/// How far the newest line of an account may be ahead of this function's clock, in seconds.
const AHEAD_SECONDS_MAX: u64 = 5 * 60;

/// A wallet carried to an instant, and the line it was carried from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AsOf {
    /// The wallet at `at`.
    pub wallet: Wallet,
    /// The instant it was carried to.
    pub at: Instant,
    /// The line that was newest then.
    pub line: Recorded,
}

/// Lines, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The lines.
    pub lines: Vec<Recorded>,
    /// The number before which the next page starts; `None` at the end of the log.
    pub before: Option<u64>,
}

/// How fresh a read must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// Everything acknowledged is seen.
    Consistent,
    /// Half the cost; may miss what is very new.
    Eventual,
}

impl Freshness {
    fn is_consistent(self) -> bool {
        self == Self::Consistent
    }
}

impl Ledger {
    /// An account now; `None` when it has no line. One read unit up to 4 KB.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn load(&self, account: impl Into<AccountId>) -> Result<Option<AsOf>, StoreError> {
        let account = account.into();
        let Some(newest) = self.newest(&account).await? else { return Ok(None) };
        let now = self.one_instant(std::iter::once(&newest))?;
        self.carried(newest, now).await.map(Some)
    }

    /// The one instant of an operation: the later of the clock and the newest line of every
    /// account in it.
    pub(crate) fn one_instant<'a>(
        &self,
        newest: impl Iterator<Item = &'a Recorded>,
    ) -> Result<Instant, StoreError> {
        let clock = self.now();
        let mut now = clock;
        for line in newest {
            let recorded_at = line.entry.recorded_at;
            let seconds = recorded_at.seconds_since(clock);
            if AHEAD_SECONDS_MAX < seconds {
                let account = line.entry.account.to_string();
                return Err(StoreError::ClockBehind { account, seconds });
            }
            now = now.max(recorded_at);
        }
        Ok(now)
    }

    /// An account as of an instant; `None` when it had no line then. A later instant
    /// than the present shows what will be when nothing else happens.
    ///
    /// The line is found by binary search over the numbers of the log: about log₂ of its length
    /// reads of half a unit each.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn load_as_of(
        &self,
        account: impl Into<AccountId>,
        at: Instant,
    ) -> Result<Option<AsOf>, StoreError> {
        let account = account.into();
        let Some(newest) = self.newest(&account).await? else {
            return Ok(None);
        };
        let is_early = |line: &Recorded| line.entry.recorded_at <= at;
        match self.parted(newest, is_early).await?.0 {
            Some(line) => self.carried(line, at).await.map(Some),
            None => Ok(None),
        }
    }

    /// The first line that was recorded at an instant or later, of the account whose newest line
    /// is given; `None` when even that is earlier. Costs as much as [`Self::load_as_of`].
    pub(crate) async fn first_line_from(
        &self,
        newest: &Recorded,
        at: Instant,
    ) -> Result<Option<Recorded>, StoreError> {
        Ok(self.parted(newest.clone(), |line| line.entry.recorded_at < at).await?.1)
    }

    /// The last line of an account that is early and the first that is not, by binary search over
    /// the numbers of its log. All lines before one that is early are.
    async fn parted(
        &self,
        newest: Recorded,
        is_early: impl Fn(&Recorded) -> bool,
    ) -> Result<(Option<Recorded>, Option<Recorded>), StoreError> {
        if is_early(&newest) {
            return Ok((Some(newest), None));
        }
        let account = newest.entry.account.clone();
        let (mut early, mut late) = (None, newest);
        loop {
            let low = early.as_ref().map_or(0, |line: &Recorded| line.entry.number);
            let middle = low + (late.entry.number - low) / 2;
            if middle == low {
                return Ok((early, Some(late)));
            }
            let line = self.existing_line(&account, middle).await?;
            if is_early(&line) {
                early = Some(line);
            } else {
                late = line;
            }
        }
    }

    /// The line with this number; `None` when the log does not reach it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn line(
        &self,
        account: impl Into<AccountId>,
        number: u64,
    ) -> Result<Option<Recorded>, StoreError> {
        self.get_line(&account.into(), number, Freshness::Consistent).await
    }

    /// The newest line of a redemption; `None` when the member has none of this id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn redemption(
        &self,
        account: impl Into<AccountId>,
        redemption: &RedemptionId,
    ) -> Result<Option<Entry>, StoreError> {
        let account = account.into();
        let prefix = key::operation(&account, &Operation::Redemption(redemption.clone()));
        let number = self.newest_under(&account, &prefix, Freshness::Consistent).await?;
        let Some(number) = number else { return Ok(None) };
        Ok(Some(self.existing_line(&account, number).await?.entry))
    }

    /// A redemption's newest line and the wallet, as they stood together: without this a hold that
    /// is captured between two reads would seem to have lapsed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn redemption_now(
        &self,
        account: impl Into<AccountId>,
        redemption: &RedemptionId,
    ) -> Result<Option<(Entry, AsOf)>, StoreError> {
        let account = account.into();
        loop {
            let Some(wallet) = self.load(&account).await? else { return Ok(None) };
            let Some(line) = self.redemption(&account, redemption).await? else { return Ok(None) };
            // A line newer than the wallet was written between the reads; somebody made progress
            // each time that this is repeated.
            if line.number <= wallet.line.entry.number {
                return Ok(Some((line, wallet)));
            }
        }
    }

    /// Up to `limit` lines, newest first, from the one before `before` on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn page(
        &self,
        account: impl Into<AccountId>,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Page, StoreError> {
        let account = account.into();
        let last = match before {
            None => u64::MAX >> 24,
            Some(before) => before.saturating_sub(1),
        };
        let query = self
            .query(key::account(&account), Freshness::Consistent)
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :first AND :last")
            .expression_attribute_names("#sk", SORT)
            .expression_attribute_values(":first", AttributeValue::S(key::entry(0)))
            .expression_attribute_values(":last", AttributeValue::S(key::entry(last)))
            .scan_index_forward(false)
            .limit(limit.min(LINES_PER_CALL).cast_signed());
        let items = self.all_items(query, usize::try_from(limit).unwrap_or(0)).await?;
        let lines: Result<Vec<_>, _> =
            items.into_iter().map(|item| decode(&account, item)).collect();
        let lines = lines?;
        let before = lines.last().map(|line| line.entry.number).filter(|number| *number > 1);
        Ok(Page { lines, before })
    }

    pub(crate) async fn newest(&self, account: &AccountId) -> Result<Option<Recorded>, StoreError> {
        let query = self
            .query(key::account(account), Freshness::Consistent)
            .key_condition_expression("#pk = :pk AND begins_with(#sk, :entries)")
            .expression_attribute_names("#sk", SORT)
            .expression_attribute_values(":entries", AttributeValue::S(key::ENTRY.to_owned()))
            .scan_index_forward(false)
            .limit(1);
        let newest = self.all_items(query, 1).await?.pop();
        newest.map(|item| decode(account, item)).transpose()
    }

    /// A line that is known to exist. Lines never change, so an eventually consistent read that
    /// finds it is right; one that does not is repeated.
    pub(crate) async fn existing_line(
        &self,
        account: &AccountId,
        number: u64,
    ) -> Result<Recorded, StoreError> {
        if let Some(line) = self.get_line(account, number, Freshness::Eventual).await? {
            return Ok(line);
        }
        let line = self.get_line(account, number, Freshness::Consistent).await?;
        let missing =
            || StoreError::damaged(&account.to_string(), &format!("entry {number}"), "missing");
        line.ok_or_else(missing)
    }

    /// The number of the line whose operation has exactly this name.
    pub(crate) async fn find_operation(
        &self,
        account: &AccountId,
        name: &str,
    ) -> Result<Option<u64>, StoreError> {
        let found = self.operations(account, "#op = :name", name, Freshness::Consistent).await?;
        Ok(newest_of(&found))
    }

    /// The number of the newest line whose operation's name begins so.
    pub(crate) async fn newest_under(
        &self,
        account: &AccountId,
        prefix: &str,
        freshness: Freshness,
    ) -> Result<Option<u64>, StoreError> {
        Ok(newest_of(&self.operations_under(account, prefix, freshness).await?))
    }

    /// The operations whose names begin so, with the numbers of their lines.
    pub(crate) async fn operations_under(
        &self,
        account: &AccountId,
        prefix: &str,
        freshness: Freshness,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        self.operations(account, "begins_with(#op, :name)", prefix, freshness).await
    }

    async fn operations(
        &self,
        account: &AccountId,
        condition: &str,
        name: &str,
        freshness: Freshness,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        let query = self
            .query(key::account(account), freshness)
            .index_name(INDEX)
            .key_condition_expression(format!("#pk = :pk AND {condition}"))
            .expression_attribute_names("#op", OPERATION)
            .expression_attribute_values(":name", AttributeValue::S(name.to_owned()));
        let mut found = Vec::new();
        for row in self.all_items(query, usize::MAX).await? {
            let text = |name: &str| row.get(name).and_then(|value| value.as_s().ok());
            let number = text(SORT).and_then(|sort| key::entry_number(sort));
            let (Some(operation), Some(number)) = (text(OPERATION), number) else {
                let detail = "no operation or entry number";
                return Err(StoreError::damaged(&account.to_string(), name, detail));
            };
            found.push((operation.clone(), number));
        }
        Ok(found)
    }

    pub(crate) fn query(&self, partition: String, freshness: Freshness) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&*self.table)
            .consistent_read(freshness.is_consistent())
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .expression_attribute_names("#pk", PARTITION)
            .expression_attribute_values(":pk", AttributeValue::S(partition))
    }

    /// The items of every page, up to `wanted`.
    pub(crate) async fn all_items(
        &self,
        query: QueryFluentBuilder,
        wanted: usize,
    ) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let page = query.clone().set_exclusive_start_key(start).send().boxed().await;
            let page = page.map_err(|error| StoreError::from_sdk("Query", &error))?;
            self.meter.read(page.consumed_capacity());
            items.extend(page.items.unwrap_or_default());
            start = page.last_evaluated_key;
            if start.is_none() || wanted <= items.len() {
                items.truncate(wanted);
                return Ok(items);
            }
        }
    }

    pub(crate) async fn get(
        &self,
        partition: &str,
        sort: &str,
        freshness: Freshness,
    ) -> Result<Option<Item>, StoreError> {
        let key = HashMap::from([
            (PARTITION.to_owned(), AttributeValue::S(partition.to_owned())),
            (SORT.to_owned(), AttributeValue::S(sort.to_owned())),
        ]);
        let found = self
            .client
            .get_item()
            .table_name(&*self.table)
            .set_key(Some(key))
            .consistent_read(freshness.is_consistent())
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .boxed()
            .await
            .map_err(|error| StoreError::from_sdk("GetItem", &error))?;
        self.meter.read(found.consumed_capacity());
        Ok(found.item)
    }

    async fn get_line(
        &self,
        account: &AccountId,
        number: u64,
        freshness: Freshness,
    ) -> Result<Option<Recorded>, StoreError> {
        let item = self.get(&key::account(account), &key::entry(number), freshness).await?;
        item.map(|item| decode(account, item)).transpose()
    }
}

impl Ledger {
    /// The account of a line, carried to an instant.
    async fn carried(&self, line: Recorded, at: Instant) -> Result<AsOf, StoreError> {
        let judged = self.judged(&line.entry.line.wallet, at).await?;
        let wallet = Draft::open(judged.as_ref(), at).into_wallet();
        Ok(AsOf { wallet, at, line })
    }

    /// A wallet whose level has been judged at every anniversary up to an instant, each by the
    /// program that was newest then. The programs are read only when there is one: once a year.
    pub(crate) async fn judged<'a>(
        &self,
        wallet: &'a Wallet,
        at: Instant,
    ) -> Result<Cow<'a, Wallet>, StoreError> {
        let mut judged = Cow::Borrowed(wallet);
        while let Some(review_at) = tier::review_due(&judged, at) {
            // A level is of some program.
            let Some(version) = self.program_as_of(review_at).await? else { break };
            let program = Program::from_document(&version.document).map_err(|faults| {
                let version = version.version.to_string();
                StoreError::damaged(key::PROGRAM, &version, format!("{faults:?}"))
            })?;
            judged = Cow::Owned(tier::judge(&judged, &program, review_at));
        }
        Ok(judged)
    }
}

/// The number of the newest of these lines.
pub(crate) fn newest_of(operations: &[(String, u64)]) -> Option<u64> {
    operations.iter().map(|(_, number)| *number).max()
}
