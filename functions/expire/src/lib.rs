//! The scheduled job that writes down what time alone did to accounts: value expired, holds lapsed,
//! levels judged (DESIGN 5.17).

use scrip_domain::entry::Decision;
use scrip_domain::limit::LimitReached;
use scrip_domain::settlement;
use scrip_domain::wallet::Job;
use scrip_edge::Sweep;
use scrip_store::Situation;

/// The function `expire`.
pub struct Expire;

impl Sweep for Expire {
    const JOB: Job = Job::Expire;

    fn decide(situation: &Situation<'_>) -> Result<Decision<()>, LimitReached> {
        Ok(settlement::decide(situation.wallet, situation.now))
    }
}
