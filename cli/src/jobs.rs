//! `scrip sweep` and `scrip due`: the scheduled jobs by hand, and what is ahead of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use scrip_domain::time::{Instant, Zone};
use scrip_domain::wallet::Job;
use scrip_edge::{App, SweepOptions, SweepReport, retry_set_aside, sweep};
use scrip_expire::Expire;
use scrip_revert::Revert;
use scrip_store::{DueMarker, Hour, Ledger, SHARDS, StoreError};

/// Markers read in one call.
const PAGE: u32 = 1_000;
/// The width of the longest bar of the chart.
const BAR: u64 = 40;
/// The days that the chart shows one by one; what is later is one row.
const DAYS: usize = 31;

/// What the bars of the chart are.
const LEGEND: &str =
    "# expire: value expires, holds lapse, levels are judged; = revert: gift cards go back";

/// A job as it is named on the command line.
#[derive(Clone, Copy, ValueEnum)]
pub enum JobArg {
    /// Value expires, holds lapse, levels are judged.
    Expire,
    /// Unclaimed gift cards go back to their purchasers.
    Revert,
}

/// How a sweep is run by hand.
#[derive(Clone, Copy, Default)]
pub struct By {
    /// Only what was due before the hour of this instant.
    pub until: Option<Instant>,
    /// Count what is due, and change nothing.
    pub dry_run: bool,
    /// Try the accounts again that were set aside, instead.
    pub set_aside: bool,
}

/// Runs a job, with a bar that counts accounts.
///
/// # Errors
/// [`StoreError`]; what was done stays done.
pub async fn run(app: &App, job: JobArg, by: By) -> Result<SweepReport, StoreError> {
    let bar = ProgressBar::new_spinner();
    // The template is a constant, which a test shows.
    let style = ProgressStyle::with_template("{spinner} {pos} accounts, {per_sec}, {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.enable_steady_tick(Duration::from_millis(100));
    let counter = bar.clone();
    let watch: Arc<dyn Fn() + Send + Sync> = Arc::new(move || counter.inc(1));
    let options = SweepOptions {
        until: by.until,
        watch: Some(watch),
        dry_run: by.dry_run,
        ..SweepOptions::default()
    };
    // Boxed: the futures of the SDK are deep.
    let report = match (job, by.set_aside) {
        (JobArg::Expire, true) => Box::pin(retry_set_aside::<Expire>(app, options)).await,
        (JobArg::Revert, true) => Box::pin(retry_set_aside::<Revert>(app, options)).await,
        (JobArg::Expire, false) => Box::pin(sweep::<Expire>(app, options)).await.map(|it| it.0),
        (JobArg::Revert, false) => Box::pin(sweep::<Revert>(app, options)).await.map(|it| it.0),
    };
    bar.finish_and_clear();
    report
}

/// What a run came to, in a sentence or two.
pub fn describe(report: &SweepReport, by: By) -> String {
    let SweepReport { visited, posted, failed, left, .. } = report;
    let through = report.finished_through.map(|at| format!(", due before {at}"));
    let through = through.filter(|_| !by.set_aside).unwrap_or_default();
    if by.dry_run {
        return format!("{visited} accounts would be looked at{through}; nothing was changed");
    }
    let left = (0 < *left).then(|| format!("; {left} are left for the next run"));
    let failed =
        (0 < *failed).then(|| format!("; {failed} could not be decided: see `--set-aside`"));
    let (left, failed) = (left.unwrap_or_default(), failed.unwrap_or_default());
    format!("{visited} accounts looked at{through}: {posted} had something to write{left}{failed}")
}

/// How many accounts are due on each day from the earliest on, for both jobs: each account counts
/// once, for what is due of it next.
///
/// # Errors
/// [`StoreError`].
pub async fn due(ledger: &Ledger) -> Result<String, StoreError> {
    let mut days: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    for (place, job) in Job::ALL.into_iter().enumerate() {
        for shard in 0..SHARDS {
            let mut after: Option<DueMarker> = None;
            loop {
                let page = ledger.due_markers(job, shard, Hour::END, after.as_ref(), PAGE).await?;
                for marker in &page {
                    let day = Zone::utc().date(marker.hour.start()).to_string();
                    let counts = days.entry(day).or_default();
                    if let Some(count) = counts.get_mut(place) {
                        *count = count.saturating_add(1);
                    }
                }
                match page.into_iter().next_back() {
                    Some(last) => after = Some(last),
                    None => break,
                }
            }
        }
    }
    Ok(chart(&days))
}

/// A row a day: the day (UTC), how many accounts, and a bar as long as they are many, `#` for what
/// expires and `=` for what reverts.
fn chart(days: &BTreeMap<String, [u64; 2]>) -> String {
    if days.is_empty() {
        return "nothing is due".to_owned();
    }
    let later = days.iter().skip(DAYS).fold([0_u64; 2], |sum, (_, [expire, revert])| {
        let [expires, reverts] = sum;
        [expires.saturating_add(*expire), reverts.saturating_add(*revert)]
    });
    let mut rows: Vec<(&str, [u64; 2])> =
        days.iter().take(DAYS).map(|(day, counts)| (day.as_str(), *counts)).collect();
    if later != [0, 0] {
        rows.push(("later", later));
    }
    let total = |[expire, revert]: [u64; 2]| expire.saturating_add(revert);
    let most = rows.iter().map(|(_, counts)| total(*counts)).max().unwrap_or(1).max(1);
    // At least one mark for what is not nothing.
    let marks = |count: u64| count.saturating_mul(BAR).div_ceil(most).min(BAR);
    let bar = |mark: &str, count: u64| mark.repeat(usize::try_from(marks(count)).unwrap_or(0));
    let rows = rows.into_iter().map(|(day, [expire, revert])| {
        let bars = bar("#", expire) + &bar("=", revert);
        format!("{day:<10} {expire:>9} {revert:>8}  {bars}\n")
    });
    let rows: String = rows.collect();
    format!("day (UTC)     expire   revert\n{rows}{LEGEND}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chart_has_a_row_a_day_and_bars_in_proportion() {
        let days = [("2026-11-22", [40, 0]), ("2026-11-23", [1, 20])];
        let days = days.map(|(day, counts)| (day.to_owned(), counts)).into();
        let expected = format!(
            "day (UTC)     expire   revert\n\
             2026-11-22        40        0  {}\n\
             2026-11-23         1       20  #{}\n\
             # expire: value expires, holds lapse, levels are judged; = revert: gift cards go back",
            "#".repeat(40),
            "=".repeat(20)
        );
        assert_eq!(chart(&days), expected);
        assert_eq!(chart(&BTreeMap::new()), "nothing is due");
        let many = (0..40).map(|day| (format!("2027-{day:03}"), [1, 1])).collect();
        let text = chart(&many);
        assert_eq!(text.lines().count(), 1 + DAYS + 1 + 1);
        assert!(text.contains("later              9        9"), "{text}");
    }

    #[test]
    fn template_of_the_bar_is_one() {
        assert!(
            ProgressStyle::with_template("{spinner} {pos} accounts, {per_sec}, {elapsed}").is_ok()
        );
    }
}
