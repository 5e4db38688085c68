//! The processes of a sandbox: so many at once, started when they are needed, and kept.

use std::sync::{Mutex, PoisonError};

use mapping::expression::Limits;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;

use crate::process::{Answer, Process};
use crate::{Error, Settings};

#[derive(Debug)]
pub(crate) struct Pool {
    settings: Option<Settings>,
    turns: Semaphore,
    idle: Mutex<Vec<Process>>,
}

impl Pool {
    pub(crate) fn new(settings: Option<Settings>) -> Self {
        let processes = settings.as_ref().map_or(0, |it| it.processes.max(1));
        Self { settings, turns: Semaphore::new(processes), idle: Mutex::default() }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.settings.as_ref().map(|it| it.limits.clone()).unwrap_or_default()
    }

    /// One request, when its turn comes. Whoever gives up waiting for the answer kills the process.
    pub(crate) async fn ask(
        &self,
        expression: &str,
        rows: &[Box<RawValue>],
    ) -> Result<Answer, Error> {
        let none = || Error::unavailable("none is set up here");
        let settings = self.settings.as_ref().ok_or_else(none)?;
        let _turn = self.turns.acquire().await.map_err(|_closed| none())?;
        let (mut process, was_idle) = match self.idle() {
            Some(idle) => (idle, true),
            None => (Process::start(settings).await?, false),
        };
        let mut answer = process.ask(settings, expression, rows).await?;
        if was_idle && process.is_over() && !answer.stands {
            // It may have ended before it was asked: then the expression is not to blame.
            process = Process::start(settings).await?;
            answer = process.ask(settings, expression, rows).await?;
        }
        if !process.is_over() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(process);
        }
        Ok(answer)
    }

    fn idle(&self) -> Option<Process> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain_mut(|it| it.is_alive());
        idle.pop()
    }
}
