//! The scheduled jobs of a local stack: on the clock while it runs, and when asked.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use scrip_domain::wallet::Job;
use scrip_edge::{Code, Problem, SweepOptions, SweepReport, sweep};
use scrip_expire::Expire;
use scrip_revert::Revert;
use scrip_store::StoreError;
use serde_json::json;

use crate::gateway::problem;
use crate::local::Stack;

/// How often the jobs are run while the clock runs: as often as the template schedules them.
const EVERY: Duration = Duration::from_mins(15);

/// Runs both jobs again and again, unless time stands still.
pub(crate) async fn on_the_clock(stack: Arc<Stack>) {
    loop {
        tokio::time::sleep(EVERY).await;
        if stack.clock.is_told() {
            continue;
        }
        for job in Job::ALL {
            if let Err(error) = run(&stack, job).await {
                tracing::error!(job = job.as_str(), %error, "the sweep failed");
            }
        }
    }
}

/// `POST /_local/sweeps/{job}`
pub(crate) async fn post(State(stack): State<Arc<Stack>>, Path(name): Path<String>) -> Response {
    let Some(job) = Job::ALL.into_iter().find(|job| job.as_str() == name) else {
        return problem(&Problem::new(Code::NotFound, "there is no such job"));
    };
    match run(&stack, job).await {
        Ok(report) => {
            let SweepReport { visited, posted, failed, left, finished_through, .. } = report;
            let report = json!({"visited": visited, "posted": posted, "failed": failed,
                "left": left, "finished_through": finished_through});
            Json(report).into_response()
        }
        Err(error) => problem(&error.into()),
    }
}

async fn run(stack: &Stack, job: Job) -> Result<SweepReport, StoreError> {
    let options = SweepOptions::default();
    // Boxed: the futures of the SDK are deep.
    let (report, usage) = match job {
        Job::Expire => Box::pin(sweep::<Expire>(&stack.app, options)).await?,
        Job::Revert => Box::pin(sweep::<Revert>(&stack.app, options)).await?,
    };
    stack.capacity.add(job.as_str(), "sweep", usage);
    Ok(report)
}
