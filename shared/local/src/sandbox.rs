//! A real binary under Lambda's Runtime API, on loopback.

use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant as Stopwatch;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

/// What Lambda tells a function of each invocation, beside the event.
const HEADERS: [(&str, &str); 4] = [
    ("lambda-runtime-aws-request-id", "00000000-0000-0000-0000-000000000001"),
    ("lambda-runtime-deadline-ms", "9999999999999"),
    ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:000000000000:function:local"),
    ("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000"),
];

/// A process as Lambda runs it: started once, and then given one event after the other. It is
/// killed with this.
pub struct Sandbox {
    /// When the process was about to be started.
    pub started_at: Stopwatch,
    function: Child,
    events: UnboundedSender<Bytes>,
    told: UnboundedReceiver<Told>,
    log: JoinHandle<std::io::Result<String>>,
    server: JoinHandle<std::io::Result<()>>,
}

/// An answer, and between which instants it was found.
#[derive(Debug)]
pub struct Answered {
    /// What was answered.
    pub body: Bytes,
    /// When the event was handed out.
    pub handed_out_at: Stopwatch,
    /// When the answer had arrived.
    pub at: Stopwatch,
}

/// What a function says to the Runtime API.
enum Told {
    Answer(Answered),
    Error(Bytes),
}

/// The Runtime API's side.
struct Api {
    events: tokio::sync::Mutex<UnboundedReceiver<Bytes>>,
    handed_out_at: Mutex<Stopwatch>,
    told: UnboundedSender<Told>,
}

impl Sandbox {
    /// Starts a command, with what Lambda tells every function beside its own variables.
    ///
    /// # Errors
    /// When it cannot be started; for a person to read.
    pub async fn start(mut command: Command) -> Result<Self, String> {
        let (events, waiting) = unbounded_channel();
        let (telling, told) = unbounded_channel();
        let started_at = Stopwatch::now();
        let api = Api {
            events: tokio::sync::Mutex::new(waiting),
            handed_out_at: Mutex::new(started_at),
            told: telling,
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(|it| it.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let server = tokio::spawn(async move { axum::serve(listener, router(api)).await });
        command
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "local")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let started_at = Stopwatch::now();
        let mut function = command
            .spawn()
            .map_err(|error| format!("{}: {error}", command.as_std().get_program().display()))?;
        let output = function.stdout.take();
        // Read all the time: a function whose pipe is full would wait for ever.
        let log = tokio::spawn(async move {
            let mut log = String::new();
            if let Some(mut output) = output {
                output.read_to_string(&mut log).await?;
            }
            Ok(log)
        });
        Ok(Self { started_at, function, events, told, log, server })
    }

    /// Gives it an event, and waits for its answer.
    ///
    /// # Errors
    /// When it ends without one or reports an error; for a person to read.
    pub async fn invoke(&mut self, event: impl Into<Bytes>) -> Result<Answered, String> {
        self.events.send(event.into()).map_err(|_| "the Runtime API has ended")?;
        let told = tokio::select! {
            told = self.told.recv() => told.ok_or("no answer")?,
            ended = self.function.wait() => return Err(format!("ended without an answer: {ended:?}")),
        };
        match told {
            Told::Answer(answered) => Ok(answered),
            Told::Error(error) => Err(String::from_utf8_lossy(&error).into_owned()),
        }
    }

    /// Its number in the system; `None` when it has ended.
    pub fn process(&self) -> Option<u32> {
        self.function.id()
    }

    /// Ends it. Returns what it wrote to its standard output.
    ///
    /// # Errors
    /// When it cannot be ended, or its output is no text; for a person to read.
    pub async fn stop(mut self) -> Result<String, String> {
        self.function.kill().await.map_err(|error| error.to_string())?;
        self.server.abort();
        let log = self.log.await.map_err(|error| error.to_string())?;
        log.map_err(|error| error.to_string())
    }
}

fn router(api: Api) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(error))
        .with_state(Arc::new(api))
}

async fn next(State(api): State<Arc<Api>>) -> Response {
    // When there is no event, Lambda keeps the function waiting, too.
    let Some(event) = api.events.lock().await.recv().await else {
        return std::future::pending().await;
    };
    *api.handed_out_at.lock().unwrap_or_else(PoisonError::into_inner) = Stopwatch::now();
    (HEADERS, event).into_response()
}

async fn response(State(api): State<Arc<Api>>, body: Bytes) -> StatusCode {
    let at = Stopwatch::now();
    let handed_out_at = *api.handed_out_at.lock().unwrap_or_else(PoisonError::into_inner);
    // The receiver is only gone when the caller is.
    let _ = api.told.send(Told::Answer(Answered { body, handed_out_at, at }));
    StatusCode::ACCEPTED
}

async fn error(State(api): State<Arc<Api>>, body: Bytes) -> StatusCode {
    let _ = api.told.send(Told::Error(body));
    StatusCode::ACCEPTED
}
