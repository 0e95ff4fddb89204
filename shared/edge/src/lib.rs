//! What every function does at its border: the caller, the request, the answer, the log.
//!
//! A function implements [`Function`]; its `main` is [`run`]. [`serve()`] is one invocation:
//! authorise, answer, turn a problem into RFC 9457, log once.

mod answer;
mod app;
mod aws;
mod body;
mod caller;
mod entry;
mod gift_card;
mod keys;
mod pin;
mod problem;
mod programs;
mod request;
mod serve;
mod sweep;
mod telemetry;
mod value;

pub use answer::{Answer, line_of};
pub use app::{App, Draw, StartError, system_clock};
pub use aws::aws;
pub use body::{Object, parse_body};
pub use caller::{Caller, Scope};
pub use entry::{BalanceAnswer, PostingAnswer, operation_path};
pub use gift_card::{card_held, card_not_active, not_spendable};
pub use keys::{KeyRing, Keys, KeysError};
pub use pin::Pin;
pub use problem::{Code, Problem};
pub use programs::CurrentProgram;
pub use request::{ApiRequest, require_body_size, require_lines, require_unique};
pub use serve::{Function, Handled, Route, log_filter, run, serve, start_logging, stop_at};
pub use sweep::{Sweep, SweepOptions, SweepReport, retry_set_aside, run_sweep, sweep};
pub use telemetry::{Measurement, Telemetry, Unit};
pub use value::{LotAnswer, change, units};
