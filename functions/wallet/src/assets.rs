//! Rewards, benefits and credits as a balance shows them, each in the order it is spent.

use std::collections::BTreeMap;

use scrip_domain::amount::{Minor, Units};
use scrip_domain::asset::{Asset, Kind};
use scrip_domain::currency::Currency;
use scrip_domain::id::{Handle, LotId};
use scrip_domain::program::{CreditKind, Program};
use scrip_domain::time::Instant;
use scrip_domain::wallet::{Lot, Wallet};
use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct RewardAnswer {
    id: LotId,
    reward: Handle,
    currency: Currency,
    available: String,
    held: String,
    accrue_at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
}

#[derive(Serialize)]
pub(crate) struct BenefitAnswer {
    id: LotId,
    benefit: Handle,
    uses: Units,
    held: Units,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
}

#[derive(Serialize)]
pub(crate) struct CreditAnswer {
    id: LotId,
    credit: Handle,
    /// Left out when the program of the time does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    currency: Currency,
    available: String,
    held: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Instant>,
}

#[derive(Serialize)]
pub(crate) struct TotalAnswer {
    currency: Currency,
    amount: String,
}

/// A lot with something left or set aside.
struct Shown<'a> {
    asset: &'a Asset,
    lot: &'a Lot,
    id: &'a LotId,
    issued_at: Instant,
    held: Units,
}

impl Shown<'_> {
    fn money(&self) -> Option<(Currency, String, String)> {
        let currency = self.asset.currency()?;
        let money = |units: Units| currency.format_amount(units.into());
        Some((currency, money(available(self.lot)), money(self.held)))
    }
}

pub(crate) fn rewards(wallet: &Wallet) -> Vec<RewardAnswer> {
    let shown = shown(wallet, Kind::Reward);
    let answers = shown.iter().filter_map(|each| {
        let (currency, available, held) = each.money()?;
        Some(RewardAnswer {
            id: each.id.clone(),
            reward: each.asset.definition().clone(),
            currency,
            available,
            held,
            accrue_at: each.lot.accrue_at.unwrap_or(each.issued_at),
            expires_at: each.lot.expires_at,
        })
    });
    answers.collect()
}

pub(crate) fn benefits(wallet: &Wallet) -> Vec<BenefitAnswer> {
    let shown = shown(wallet, Kind::Benefit);
    let answers = shown.iter().map(|each| BenefitAnswer {
        id: each.id.clone(),
        benefit: each.asset.definition().clone(),
        uses: available(each.lot),
        held: each.held,
        expires_at: each.lot.expires_at,
    });
    answers.collect()
}

pub(crate) fn credits(program: &Program, wallet: &Wallet) -> Vec<CreditAnswer> {
    let kind = |asset: &Asset| program.credit(asset.definition()).map(|credit| credit.kind);
    let mut shown = shown(wallet, Kind::Credit);
    shown.sort_by_key(|each| kind(each.asset));
    let answers = shown.iter().filter_map(|each| {
        let (currency, available, held) = each.money()?;
        Some(CreditAnswer {
            id: each.id.clone(),
            credit: each.asset.definition().clone(),
            kind: kind(each.asset).map(CreditKind::as_str),
            currency,
            available,
            held,
            expires_at: each.lot.expires_at,
        })
    });
    answers.collect()
}

/// What is available of a kind, by currency.
pub(crate) fn totals(wallet: &Wallet, kind: Kind) -> Vec<TotalAnswer> {
    let mut totals: BTreeMap<Currency, Minor> = BTreeMap::new();
    for each in shown(wallet, kind) {
        let Some(currency) = each.asset.currency() else { continue };
        let total = totals.entry(currency).or_default();
        // Each asset is within the range; their sum is shown as the most there can be.
        *total = total.checked_add(available(each.lot).into()).unwrap_or(Minor::MAX);
    }
    let totals = totals.into_iter();
    let totals = totals
        .map(|(currency, total)| TotalAnswer { currency, amount: currency.format_amount(total) });
    totals.collect()
}

/// Whether a program defines everything that a wallet holds.
pub(crate) fn is_known_to(program: &Program, wallet: &Wallet) -> bool {
    wallet.assets.keys().all(|asset| match asset {
        Asset::Points(handle) => program.points(handle).is_some(),
        Asset::Benefit(handle) => program.benefit(handle).is_some(),
        Asset::Reward(handle, _) => program.reward(handle).is_some(),
        Asset::Credit(handle, _) => program.credit(handle).is_some(),
        // A card has an account of its own.
        Asset::GiftCard(..) => true,
    })
}

/// What can be spent of a lot.
fn available(lot: &Lot) -> Units {
    if lot.is_accrued() { lot.remaining } else { Units::ZERO }
}

/// The lots of a kind, soonest expiry first, never-expiring last, then the oldest.
fn shown(wallet: &Wallet, kind: Kind) -> Vec<Shown<'_>> {
    let lots = wallet.lots_of(kind).filter_map(|(asset, lot)| {
        let identity = lot.identity.as_ref()?;
        let held = wallet.held_of(asset, &identity.id);
        let shown = Shown { asset, lot, id: &identity.id, issued_at: identity.issued_at, held };
        (!lot.remaining.is_zero() || !held.is_zero()).then_some(shown)
    });
    let mut shown: Vec<Shown<'_>> = lots.collect();
    let order =
        |each: &Shown<'_>| (each.lot.expires_at.is_none(), each.lot.expires_at, each.issued_at);
    shown.sort_by_key(order);
    shown
}
