//! `docs/redemption.md`, request by request.

use reqwest::Method;
use serde_json::Value;

use crate::support::Stack;

const PAGE: &str = include_str!("../../../docs/redemption.md");

/// A request of the page.
struct Step<'a> {
    /// As it is written, for whoever reads why the test failed.
    command: &'a str,
    method: Method,
    path: &'a str,
    body: Option<&'a str>,
    /// The block that follows it, if one does.
    answer: Option<Value>,
}

impl<'a> Step<'a> {
    /// `curl -sX PUT $scrip/path -d '{…}'`, or `curl -s $scrip/path`; the path may be in quotes.
    fn read(command: &'a str) -> Option<Self> {
        let rest = command.strip_prefix("curl -s")?;
        let (request, body) = match rest.split_once(" -d '") {
            Some((request, body)) => (request, Some(body.strip_suffix('\'')?)),
            None => (rest, None),
        };
        let (method, url) = request.split_once(' ')?;
        let (method, url) = match method {
            "" => (Method::GET, url),
            "X" => {
                let (method, url) = url.split_once(' ')?;
                (method.parse().ok()?, url)
            }
            _ => return None,
        };
        let path = url.trim_matches('"').strip_prefix("$scrip")?;
        let is_one_command = !path.contains([' ', '\n']) && !body.unwrap_or("").contains('\'');
        is_one_command.then_some(Self { command, method, path, body, answer: None })
    }

    /// The `status` that a refusal shows; otherwise any 2xx will do.
    fn is_answered_with(&self, status: u16) -> bool {
        match self.answer.as_ref().and_then(|answer| answer["status"].as_u64()) {
            Some(refused) => refused == u64::from(status),
            None => (200..300).contains(&status),
        }
    }
}

/// Every `sh` block, each with the `json` block that comes before the next. A `console` block is
/// not sent.
fn steps(page: &str) -> Vec<Step<'_>> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    for block in page.split("```").skip(1).step_by(2) {
        let (language, text) = block.split_once('\n').unwrap();
        let text = text.trim_end();
        match language {
            "console" => {}
            "sh" => steps.push(Step::read(text).unwrap_or_else(|| panic!("not one curl: {text}"))),
            "json" => {
                let step = steps.last_mut().unwrap();
                let answer = serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"));
                assert!(step.answer.replace(answer).is_none(), "two answers: {}", step.command);
            }
            other => panic!("a block of `{other}`"),
        }
    }
    steps
}

#[tokio::test]
async fn worked_example_answers_what_the_page_says() {
    let stack = Stack::new().await;
    let steps = steps(PAGE);
    assert!(30 < steps.len(), "only {} requests were found", steps.len());
    for step in &steps {
        let body = step.body.map(str::to_owned);
        let reply = stack.send(step.method.clone(), step.path, body).await;
        let (command, status) = (step.command, reply.status);
        assert!(step.is_answered_with(status), "{command}\nanswered {status}: {}", reply.body);
        if let Some(answer) = &step.answer {
            assert_eq!(reply.body, *answer, "\n{command}");
        }
    }
}
