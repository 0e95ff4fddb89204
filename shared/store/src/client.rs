//! How the store talks to DynamoDB. By default the SDK waits for a silent server for ever.

use std::pin::Pin;
use std::time::Duration;

use aws_sdk_dynamodb::Config;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;

/// One try of one call: DynamoDB answers in single milliseconds, and a slow one is better tried
/// again elsewhere.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);
/// One call with its tries.
const CALL_TIMEOUT: Duration = Duration::from_secs(4);
/// One transaction with its tries: it takes two rounds of writes.
const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(8);
/// One try of a page of an audit, which may be 1 MB over a slow line. Nobody waits at a till for it.
const PAGE_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// One page with its tries.
const PAGE_TIMEOUT: Duration = Duration::from_mins(1);
/// DynamoDB's own base for exponential backoff.
const BACKOFF: Duration = Duration::from_millis(25);
/// Tries of one call. Throttling and timeouts only: a failed condition is never tried again.
const TRIES_MAX: u32 = 3;
/// Tries of a page of an audit: it reads so much at once that throttling is to be expected.
const PAGE_TRIES_MAX: u32 = 10;

/// Puts a future of the SDK on the heap: it has kilobytes, which every future around it would copy,
/// and a type so deep that the compiler gives up on theirs.
pub(crate) trait Boxed<'a>: Future + Sized + Send + 'a {
    fn boxed(self) -> Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>> {
        Box::pin(self)
    }
}

impl<'a, F: Future + Send + 'a> Boxed<'a> for F {}

/// Completes a DynamoDB configuration with this store's timeouts and retries.
pub fn client_config(base: Builder) -> Config {
    let retries =
        RetryConfig::standard().with_initial_backoff(BACKOFF).with_max_attempts(TRIES_MAX);
    base.timeout_config(timeouts(CALL_TIMEOUT)).retry_config(retries).build()
}

/// The override for the put of a line, which is sent once.
///
/// Were it sent again by the SDK, the first could still be on its way when the second is turned away
/// by a transaction, and nobody would know: a caller would be told that nothing was written. The
/// protocol tries again by itself, and looks the operation up before it does.
pub(crate) fn line_config() -> Builder {
    Config::builder().retry_config(RetryConfig::disabled())
}

/// The override for transactions of lines, which are sent once, too.
pub(crate) fn transaction_config() -> Builder {
    line_config().timeout_config(timeouts(TRANSACTION_TIMEOUT))
}

/// The override for the pages of an audit.
pub(crate) fn page_config() -> Builder {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(ATTEMPT_TIMEOUT)
        .operation_attempt_timeout(PAGE_ATTEMPT_TIMEOUT)
        .operation_timeout(PAGE_TIMEOUT)
        .build();
    let retries =
        RetryConfig::standard().with_initial_backoff(BACKOFF).with_max_attempts(PAGE_TRIES_MAX);
    Config::builder().timeout_config(timeouts).retry_config(retries)
}

fn timeouts(call: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(ATTEMPT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(call)
        .build()
}
