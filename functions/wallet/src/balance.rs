//! `GET /v1/members/{member}`: what a member holds, now or as of an instant.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use scrip_domain::amount::Points;
use scrip_domain::asset::{Asset, Kind};
use scrip_domain::facts::Facts;
use scrip_domain::id::{Handle, MemberId};
use scrip_domain::program::{PointsDefinition, PointsKind, Program};
use scrip_domain::tier;
use scrip_domain::time::Instant;
use scrip_domain::wallet::{Holding, Wallet};
use scrip_edge::{Answer, ApiRequest, App, Code, Problem};
use serde::Serialize;

use crate::assets::{self, BenefitAnswer, CreditAnswer, RewardAnswer, TotalAnswer};

#[derive(Serialize)]
struct BalanceAnswer {
    member: MemberId,
    at: Instant,
    entry: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    facts: Option<Facts>,
    points: Vec<PointsAnswer>,
    rewards: Vec<RewardAnswer>,
    rewards_total: Vec<TotalAnswer>,
    benefits: Vec<BenefitAnswer>,
    credits: Vec<CreditAnswer>,
    credits_total: Vec<TotalAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<TierAnswer>,
}

#[derive(Serialize)]
struct PointsAnswer {
    definition: Handle,
    kind: &'static str,
    available: Points,
    pending: Points,
    held: Points,
    debt: Points,
    /// What the available points are worth as money off; left out when not redeemable.
    #[serde(skip_serializing_if = "Option::is_none")]
    worth: Option<String>,
    /// Available points by expiry, soonest first; those that never expire are left out.
    expiring: Vec<ExpiringAnswer>,
}

#[derive(Serialize)]
struct ExpiringAnswer {
    amount: Points,
    at: Instant,
}

#[derive(Serialize)]
struct TierAnswer {
    level: Handle,
    window_points: Points,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<NextAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    anniversary: Option<NaiveDate>,
}

#[derive(Serialize)]
struct NextAnswer {
    level: Handle,
    remaining: Points,
}

pub(crate) async fn get(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let member: MemberId = request.path("member")?;
    let at: Option<Instant> = request.query("at")?;
    let found = match at {
        None => app.ledger.load(&member).await?,
        Some(at) => app.ledger.load_as_of(&member, at).await?,
    };
    let unknown = || match at {
        None => Problem::new(Code::NotFound, "there is no such member"),
        Some(at) => Problem::new(Code::NotFound, format!("there was no such member at {at}")),
    };
    let found = found.ok_or_else(unknown)?;
    let current = match at {
        None => app.program_knowing(|program| assets::is_known_to(program, &found.wallet)).await?,
        Some(at) => app.program_as_of(at).await?,
    };
    let (program, wallet) = (&current.program, &found.wallet);
    Ok(Answer::read(&BalanceAnswer {
        member,
        at: found.at,
        entry: found.line.entry.number,
        facts: wallet.facts.clone(),
        points: points(program, wallet),
        rewards: assets::rewards(wallet),
        rewards_total: assets::totals(wallet, Kind::Reward),
        benefits: assets::benefits(wallet),
        credits: assets::credits(program, wallet),
        credits_total: assets::totals(wallet, Kind::Credit),
        tier: tier(program, wallet),
    }))
}

/// Every definition that is a balance, in the order of the program; retired ones only while
/// something is left of them.
fn points(program: &Program, wallet: &Wallet) -> Vec<PointsAnswer> {
    let none = Holding::default();
    let definitions = program.points.iter().filter(|each| each.kind != PointsKind::Tier);
    let answers = definitions.map(|definition| {
        let holding = wallet.points(&definition.handle).unwrap_or(&none);
        let held = wallet.held(&Asset::Points(definition.handle.clone())).into();
        (definition, answer(program, definition, holding, held))
    });
    let something = |answer: &PointsAnswer| {
        [answer.available, answer.pending, answer.held, answer.debt].iter().any(|n| !n.is_zero())
    };
    let shown = answers.filter(|(definition, answer)| !definition.retired || something(answer));
    shown.map(|(_, answer)| answer).collect()
}

fn answer(
    program: &Program,
    definition: &PointsDefinition,
    holding: &Holding,
    held: Points,
) -> PointsAnswer {
    let available = holding.available().into();
    let worth = definition.value.and_then(|value| value.worth(available));
    PointsAnswer {
        definition: definition.handle.clone(),
        kind: match definition.kind {
            PointsKind::Reward => "reward",
            PointsKind::Action => "action",
            PointsKind::Tier => "tier",
        },
        available,
        pending: holding.pending().into(),
        held,
        debt: holding.debt,
        worth: worth.map(|worth| program.currency.format_amount(worth)),
        expiring: expiring(holding),
    }
}

fn expiring(holding: &Holding) -> Vec<ExpiringAnswer> {
    let lots = holding.lots.iter().filter(|lot| lot.is_accrued() && !lot.remaining.is_zero());
    let mut by_expiry: BTreeMap<Instant, Points> = BTreeMap::new();
    for (at, amount) in lots.filter_map(|lot| Some((lot.expires_at?, lot.remaining.into()))) {
        let sum = by_expiry.entry(at).or_default();
        // No more than the definition's available points.
        *sum = sum.checked_add(amount).unwrap_or(Points::MAX);
    }
    by_expiry.into_iter().map(|(at, amount)| ExpiringAnswer { amount, at }).collect()
}

fn tier(program: &Program, wallet: &Wallet) -> Option<TierAnswer> {
    let tiers = program.tiers.as_ref()?;
    let level = tier::level(wallet, tiers)?;
    let window_points = tier::window(wallet, tiers);
    let next = tiers.rank(&level.handle).and_then(|rank| tiers.above(rank));
    Some(TierAnswer {
        level: level.handle.clone(),
        window_points,
        next: next.map(|next| NextAnswer {
            level: next.handle.clone(),
            remaining: next.attain.checked_sub(window_points).unwrap_or(Points::ZERO),
        }),
        anniversary: tier::anniversary(wallet, program),
    })
}
