//! Cards by what their purchasers call them: the authority for a card's number and how its PIN is
//! derived, put before the first line of the card's own log.

use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure,
};
use scrip_domain::card::{CardKey, PinTerms};
use scrip_domain::id::{CardId, CardNumber, MemberId};

use crate::client::Boxed;
use crate::document::Item;
use crate::error::StoreError;
use crate::key;
use crate::ledger::Ledger;
use crate::marker::failed_condition;
use crate::read::Freshness;
use crate::table::{PARTITION, SORT};

const NUMBER: &str = "number";
const KEY: &str = "key";
const DIGITS: &str = "digits";

/// What was drawn for a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurchasedCard {
    /// What its purchaser calls it.
    pub card: CardId,
    /// Its number.
    pub number: CardNumber,
    /// How its PIN is derived.
    pub pin: PinTerms,
}

impl Ledger {
    /// What was drawn for a card; `None` when nothing was. The card may still not have been issued.
    /// One read unit.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn purchased_card(&self, key: &CardKey) -> Result<Option<PurchasedCard>, StoreError> {
        let (partition, sort) = keys(key);
        let item = self.get(&partition, &sort, Freshness::Consistent).await?;
        item.map(|item| decode(&partition, &item)).transpose()
    }

    /// Keeps what was drawn for a card, unless something was before: then that. `taken` is a number
    /// that turned out to be another card's, and is given up. One write unit.
    ///
    /// # Errors
    /// [`StoreError`]; sending the same again finds out what is kept.
    pub async fn keep_drawn(
        &self,
        purchaser: &MemberId,
        drawn: PurchasedCard,
        taken: Option<&CardNumber>,
    ) -> Result<PurchasedCard, StoreError> {
        let key = CardKey { purchaser: purchaser.clone(), card: drawn.card.clone() };
        let (partition, sort) = keys(&key);
        let put = self
            .client
            .put_item()
            .table_name(&*self.table)
            .item(PARTITION, AttributeValue::S(partition.clone()))
            .item(SORT, AttributeValue::S(sort))
            .item(NUMBER, number(&drawn.number))
            .item(KEY, AttributeValue::S(drawn.pin.key.to_string()))
            .item(DIGITS, AttributeValue::N(drawn.pin.digits.to_string()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let put = match taken {
            None => put
                .condition_expression("attribute_not_exists(#pk)")
                .expression_attribute_names("#pk", PARTITION),
            Some(taken) => put
                .condition_expression("#number = :taken")
                .expression_attribute_names("#number", NUMBER)
                .expression_attribute_values(":taken", number(taken)),
        };
        match put.send().boxed().await {
            Ok(put) => {
                self.meter.wrote(put.consumed_capacity());
                Ok(drawn)
            }
            Err(error) => match failed_condition(&error) {
                Some(item) => decode(&partition, &item),
                None => Err(StoreError::from_sdk("PutItem", &error)),
            },
        }
    }

    /// Up to `limit` cards of a purchaser in the order of their ids, from the one after `after` on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn purchased_cards(
        &self,
        purchaser: &MemberId,
        after: Option<&CardId>,
        limit: u32,
    ) -> Result<Vec<PurchasedCard>, StoreError> {
        let partition = key::account(&purchaser.into());
        // Beyond every id, which has ASCII alone.
        let last = format!("{}~", key::PURCHASED);
        let first = after.map_or_else(|| key::PURCHASED.to_owned(), |id| key::purchased(id) + " ");
        let query = self
            .query(partition.clone(), Freshness::Consistent)
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :first AND :last")
            .expression_attribute_names("#sk", SORT)
            .expression_attribute_values(":first", AttributeValue::S(first))
            .expression_attribute_values(":last", AttributeValue::S(last))
            .limit(limit.cast_signed());
        let items = self.all_items(query, usize::try_from(limit).unwrap_or(0)).await?;
        items.iter().map(|item| decode(&partition, item)).collect()
    }
}

fn keys(key: &CardKey) -> (String, String) {
    (key::account(&(&key.purchaser).into()), key::purchased(&key.card))
}

fn number(number: &CardNumber) -> AttributeValue {
    AttributeValue::S(number.as_str().to_owned())
}

fn decode(partition: &str, item: &Item) -> Result<PurchasedCard, StoreError> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
    let card = text(SORT).and_then(|sort| key::purchased_card(sort));
    let read = |card: CardId| {
        let digits = item.get(DIGITS).and_then(|digits| digits.as_n().ok())?.parse().ok()?;
        let pin = PinTerms { key: text(KEY)?.parse().ok()?, digits };
        Some(PurchasedCard { card, number: text(NUMBER)?.parse().ok()?, pin })
    };
    let sort = text(SORT).cloned().unwrap_or_default();
    let damaged = || StoreError::damaged(partition, &sort, "no number, key or digits");
    card.and_then(read).ok_or_else(damaged)
}
