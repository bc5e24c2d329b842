//! A run against a script.

use faregate::{Context, Outcome, Record, Run, SavedRun, Step, Timestamp};

use super::merge;
use crate::outcome::Scripted;
use crate::record::try_text;
use crate::{Error, Node, context_from, context_to_node, read_one, saved_run_from, saved_run_to_json};

/// How a scripted run went.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Played {
    /// What happened.
    pub record: Box<Record>,
    /// Outcomes of the script that no call came to.
    pub unused: usize,
}

/// Drives a run through a script. The clock begins at `context.now`; a call takes what the script says, a wait what it
/// has to.
///
/// Before every step a copy is saved, written as JSON, read, and restored by `restore`; both it and a run that was never
/// saved are driven on, and must go the same way. What the script observes is laid over `context`.
///
/// # Errors
/// What went wrong, in a sentence: the script has no outcome for a call, what is observed is no context, a restored copy
/// goes another way.
///
/// ```
/// use faregate::{Catalog, Context, Decision, Engine, PolicySet, Request};
/// use faregate_wire::{catalog_layer, golden::play, outcomes_file, record_to_node};
///
/// let text = r#"policy p { language 1 } workload rest { otherwise route { models "m/a" } retry { on rate_limit 1 time wait 3s } }"#;
/// let policy = PolicySet::parse([("p.fare", text)]).unwrap();
/// let market = catalog_layer("endpoints: [ { id: m/a@north, context_length: 9000, modalities: [text] } ]").unwrap();
/// let engine = Engine::new(policy, Catalog::new(vec![market]).unwrap()).unwrap();
/// let context = Context::new("2026-11-23T10:00:00Z".parse().unwrap());
/// let Decision::Route(plan) = engine.decide(&Request::new("r1", 100), &context) else { panic!() };
///
/// let script = outcomes_file("[ { error: rate_limit }, { ok: {} }, { ok: {} } ]").unwrap();
/// let restore = |saved| engine.restore(saved).map_err(|error| error.to_string());
/// let played = play(plan.run(), &script, &context, &restore).unwrap();
/// assert_eq!(played.unused, 1);
/// assert_eq!(
///     record_to_node(&played.record).get("steps").unwrap().to_json(),
///     r#"["try m/a@north","wait 3s","try m/a@north","done"]"#,
/// );
/// ```
pub fn play(
    run: Run,
    scripted: &[Scripted],
    context: &Context,
    restore: &dyn Fn(SavedRun) -> Result<Run, String>,
) -> Result<Played, String> {
    let mut pair = Pair { plain: run.clone(), restored: run, restore };
    let base = context_to_node(context);
    let mut now = context.now;
    let mut rest = scripted.iter();
    let mut calls: usize = 0;
    loop {
        match pair.step(now)? {
            Step::Try(attempt) => {
                calls = calls.saturating_add(1);
                let key = match &attempt.credential {
                    faregate::Credential::Shared => None,
                    faregate::Credential::Own(key) => Some(key.as_str()),
                };
                let Some(next) = rest.next() else {
                    let call = try_text(&attempt.endpoint, key);
                    return Err(format!("the script has no outcome for call {calls}, `{call}`"));
                };
                now = Timestamp(now.0.saturating_add_unsigned(next.took_ms));
                pair.next(&next.outcome, now)?;
                if let Some(overlay) = &next.observe {
                    let fresh = observed(&base, overlay, context.now)
                        .map_err(|error| format!("outcomes[{}].observe: {error}", calls.saturating_sub(1)))?;
                    pair.observe(&fresh)?;
                }
            }
            Step::Wait { until } if until > now => now = until,
            Step::Wait { until } => {
                return Err(format!("the run waits until {until}, and at {now} that has passed"));
            }
            Step::Done(record) | Step::Failed(record) => {
                return Ok(Played { record, unused: rest.len() });
            }
        }
    }
}

/// Returns the context of the beginning with what is observed laid over it; its `now` stays.
pub(super) fn observed(base: &Node, overlay: &Node, now: Timestamp) -> Result<Context, Error> {
    let fields = overlay.as_map().unwrap_or_default().iter().filter(|(name, _)| name != "now");
    let mut fresh = context_from(&merge(base, &Node::Map(fields.cloned().collect())))?;
    fresh.now = now;
    Ok(fresh)
}

/// A run that was never saved, and one that is saved and restored before every step.
struct Pair<'a> {
    plain: Run,
    restored: Run,
    restore: &'a dyn Fn(SavedRun) -> Result<Run, String>,
}

impl Pair<'_> {
    fn step(&mut self, now: Timestamp) -> Result<Step, String> {
        self.save_and_restore()?;
        let (plain, restored) = (self.plain.step(now), self.restored.step(now));
        if plain != restored {
            return Err(format!(
                "a run that was saved and restored went another way: {restored:?} in place of {plain:?}"
            ));
        }
        self.save_and_restore()?;
        Ok(restored)
    }

    fn next(&mut self, outcome: &Outcome, now: Timestamp) -> Result<(), String> {
        self.plain.next(outcome.clone(), now);
        self.restored.next(outcome.clone(), now);
        self.save_and_restore()
    }

    fn observe(&mut self, context: &Context) -> Result<(), String> {
        self.plain.observe(context);
        self.restored.observe(context);
        self.save_and_restore()
    }

    /// Puts a copy in the place of the restored run that went through JSON.
    fn save_and_restore(&mut self) -> Result<(), String> {
        let saved = self.restored.save();
        if saved != self.plain.save() {
            return Err(
                "a run that was saved and restored knows other things than one that was not".to_owned()
            );
        }
        let text = saved_run_to_json(&saved);
        let read = read_one(&text).and_then(|node| saved_run_from(&node));
        let read = read.map_err(|error| format!("a saved run cannot be read: {error}"))?;
        if read != saved {
            return Err(format!("a saved run reads otherwise than it was: {read:?} in place of {saved:?}"));
        }
        let restored =
            (self.restore)(read).map_err(|error| format!("a saved run cannot be restored: {error}"))?;
        self.restored = restored;
        Ok(())
    }
}
