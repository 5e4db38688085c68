//! One question, one answer.

use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Response as Http, StatusCode};
use serde_json::Value;

use crate::budget::{Bill, Budget};
use crate::endpoint::{Endpoint, Prices};
use crate::error::Error;
use crate::wire::{Choice, Format, Message, Request, Response, Schema, Usage};

/// Before a second try, unless the endpoint names a time; and the longest that is waited for.
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Of an error's body, to be kept for people.
const ERROR_BYTES: usize = 2_000;
/// A token is rarely shorter; a guess for endpoints that do not count.
const BYTES_A_TOKEN: u64 = 3;

/// What a model is asked, and the form that its answer must have.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    pub instructions: &'q str,
    pub text: &'q str,
    pub name: &'q str,
    pub schema: &'q Value,
}

/// What came of it.
#[derive(Debug)]
pub struct Asked {
    pub outcome: Result<String, Error>,
    /// What the endpoint said, also where that is no answer.
    pub said: String,
    pub tokens: u64,
    pub cost_micros: u64,
    pub took: Duration,
}

/// One try.
#[derive(Default)]
struct Try {
    said: String,
    bill: Bill,
    pause: Option<Duration>,
}

impl Endpoint {
    /// Asks, and asks once more if that may help. `limit`: for all of it, should its own be longer.
    pub async fn ask(&self, question: &Question<'_>, budget: &Budget, limit: Duration) -> Asked {
        let began = Instant::now();
        let limit = limit.min(self.limits.time).min(budget.time_left());
        let mut last = Try::default();
        let mut bill = Bill::default();
        let tries = async {
            let first = self.once(question, budget, &mut last).await;
            bill = last.bill;
            match first {
                Err(error) if error.is_passing() => {
                    tokio::time::sleep(last.pause.unwrap_or(PAUSE)).await;
                    let mut second = Try::default();
                    match self.once(question, budget, &mut second).await {
                        // What the first try came to says more than that there is no second.
                        Err(Error::Spent(_)) => Err(error),
                        outcome => {
                            bill.tokens += second.bill.tokens;
                            bill.cost_micros += second.bill.cost_micros;
                            last = second;
                            outcome
                        }
                    }
                }
                outcome => outcome,
            }
        };
        let outcome = match tokio::time::timeout(limit, tries).await {
            Ok(outcome) => outcome,
            Err(_) if budget.time_left().is_zero() && limit.is_zero() => Err(Error::Spent("time")),
            Err(_) => Err(Error::Timeout { limit }),
        };
        // A first try that never ended is billed by what was sent.
        let Bill { tokens, cost_micros } = if bill.tokens == 0 { last.bill } else { bill };
        Asked { outcome, said: last.said, tokens, cost_micros, took: began.elapsed() }
    }

    async fn once(
        &self,
        question: &Question<'_>,
        budget: &Budget,
        told: &mut Try,
    ) -> Result<String, Error> {
        let body = self.request(question);
        let sent = tokens_of(&body);
        let least = self.prices.bill(sent, 0);
        let most = self.prices.bill(sent, u64::from(self.limits.answer_tokens));
        let mut held = budget.hold(most, least)?;
        told.bill = least;
        let mut request =
            self.client.post(self.address()).header(CONTENT_TYPE, "application/json").body(body);
        if let Some(key) = self.key() {
            request = request.bearer_auth(key.expose());
        }
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        if status != StatusCode::OK {
            told.pause = pause(&response);
            told.said = text(bytes(response, ERROR_BYTES).await.unwrap_or_default());
            return Err(Error::Status(status.as_u16()));
        }
        let limit = self.limits.answer_bytes;
        let body = bytes(response, limit).await?;
        let read: Result<Response, _> = serde_json::from_slice(&body);
        let Ok(Response { choices, usage }) = read else {
            told.said = text(body);
            return Err(Error::Malformed);
        };
        let choice = choices.into_iter().next();
        let said = choice.as_ref().and_then(|it| it.message.content.clone()).unwrap_or_default();
        told.bill = self.prices.of(usage, (sent, tokens_of(&said)));
        held.came_to(told.bill);
        told.said.clone_from(&said);
        answered(choice.ok_or(Error::Malformed)?, said, told)
    }

    fn request(&self, question: &Question<'_>) -> String {
        let request = Request {
            model: &self.model,
            messages: [
                Message { role: "system", content: question.instructions },
                Message { role: "user", content: question.text },
            ],
            response_format: Format {
                r#type: "json_schema",
                json_schema: Schema { name: question.name, strict: true, schema: question.schema },
            },
            max_completion_tokens: self.limits.answer_tokens,
        };
        // Texts and a JSON value always serialize.
        serde_json::to_string(&request).unwrap_or_default()
    }
}

/// A text that is whole and meant as an answer.
fn answered(choice: Choice, said: String, told: &mut Try) -> Result<String, Error> {
    if let Some(refusal) = choice.message.refusal {
        told.said = refusal;
        return Err(Error::Refused);
    }
    match choice.finish_reason.as_deref() {
        Some("content_filter") => Err(Error::Refused),
        Some("length") => Err(Error::Unfinished),
        _ if said.trim().is_empty() => Err(Error::Unfinished),
        _ => Ok(said),
    }
}

impl Prices {
    fn bill(self, question: u64, answer: u64) -> Bill {
        let of = |tokens: u64, price: u64| tokens.saturating_mul(price).div_ceil(1_000_000);
        Bill {
            tokens: question.saturating_add(answer),
            cost_micros: of(question, self.question_micros)
                .saturating_add(of(answer, self.answer_micros)),
        }
    }

    /// By the endpoint's count, else by a guess from the bytes.
    fn of(self, usage: Option<Usage>, guess: (u64, u64)) -> Bill {
        let counted = usage.map(|it| (it.prompt_tokens, it.completion_tokens));
        let (question, answer) = counted.unwrap_or(guess);
        self.bill(question, answer)
    }
}

fn tokens_of(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX).div_ceil(BYTES_A_TOKEN)
}

fn unreachable(error: reqwest::Error) -> Error {
    Error::Unreachable(error.without_url())
}

fn pause(response: &Http) -> Option<Duration> {
    let asked = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(asked).min(LONGEST_PAUSE))
}

/// Counted while they arrive.
async fn bytes(mut response: Http, limit: usize) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        body.extend_from_slice(&chunk);
        if body.len() > limit {
            return Err(Error::TooLarge { limit });
        }
    }
    Ok(body)
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}
