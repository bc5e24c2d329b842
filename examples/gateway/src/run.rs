//! The run of one request: decide, call, wait, call elsewhere, record.

use std::sync::Arc;

use faregate::{Context, Decision, ErrorClass, Failure, Outcome, Step};
use faregate_wire::{decision_to_json, record_to_json};
use tokio_util::sync::CancellationToken;

use crate::clock::{now, sleep_until};
use crate::config::Client;
use crate::errors::ApiError;
use crate::reply::Reply;
use crate::server::Gateway;
use crate::state::NotAdmitted;
use crate::translate::Ask;
use crate::upstream::Progress;

/// Serves a request, whatever becomes of the client: `left` is cancelled when it goes away.
///
/// A task of its own, so that a client that hangs up does not take the record with it.
pub(crate) async fn drive(
    gateway: Arc<Gateway>,
    client: Client,
    ask: Ask,
    mut reply: Reply,
    left: CancellationToken,
) {
    let mut context = Context::new(now());
    context.key = client.key;
    context.credentials = gateway.config.credentials.iter().map(|(c, _)| c.clone()).collect();
    context.shared_except = gateway.without_shared_key();
    let (plan, mut held) = match gateway.state.admit(&ask.request, &context) {
        Ok(admitted) => admitted,
        Err(NotAdmitted::Denied(denial)) => {
            reply.decided(denial.explanation.workload.as_deref(), false);
            let error = ApiError::denied(&denial, now());
            gateway.records.write(decision_to_json(&Decision::Deny(denial))).await;
            return reply.refuse(&error);
        }
        Err(NotAdmitted::Busy(refused)) => {
            let line = serde_json::json!({ "busy": ask.request.id, "message": refused.to_string() });
            gateway.records.write(line.to_string()).await;
            return reply.refuse(&ApiError::new(429, "busy", refused.to_string()));
        }
    };
    // An OpenAI stream cannot take back what it said. Where the run may begin an answer anew after output, which
    // `idempotent` allows, output has to wait for its end.
    let to_the_end = plan.commit == faregate::syntax::ast::Commit::End || ask.request.idempotent;
    reply.decided(plan.explanation.workload.as_deref(), to_the_end);
    let mut run = plan.run();
    let record = loop {
        match held.step(&mut run, now()) {
            Step::Try(attempt) => {
                reply.begin(&attempt);
                let mut progress = Progress::default();
                let outcome = tokio::select! {
                    biased;
                    outcome = gateway.upstreams.call(&gateway.config, &attempt, &ask, &mut reply, &mut progress) => outcome,
                    () = left.cancelled() => progress.left(),
                };
                held.next(&mut run, outcome, now());
            }
            Step::Wait { until } => {
                tokio::select! {
                    () = sleep_until(until) => {}
                    () = left.cancelled() => {
                        held.next(&mut run, Outcome::Failure(Failure::new(ErrorClass::Cancelled)), now());
                    }
                }
            }
            Step::Done(record) | Step::Failed(record) => break record,
        }
    };
    if let Err(error) = held.settle(&record) {
        eprintln!("{}: not counted: {error}", record.request.id);
    }
    gateway.records.write(record_to_json(&record)).await;
    reply.finish(&record).await;
}
