//! The scheduled job that gives gift cards which nobody claimed or spent back to their purchasers
//! (DESIGN 5.14).

use scrip_domain::card::revert;
use scrip_domain::entry::Decision;
use scrip_domain::limit::LimitReached;
use scrip_domain::wallet::Job;
use scrip_edge::Sweep;
use scrip_store::Situation;

/// The function `revert`.
pub struct Revert;

impl Sweep for Revert {
    const JOB: Job = Job::Revert;

    fn decide(situation: &Situation<'_>) -> Result<Decision<()>, LimitReached> {
        revert::decide(situation, situation.now)
    }
}
