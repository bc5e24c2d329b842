//! Looking on while decisions are made: which conditions were asked and came out how, which rules were applied.
//!
//! Tools that measure tests need it. The reference tells, since it follows the text of the policy; the compiled engine has no
//! hook, and pays nothing.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use faregate_syntax::Span;

use crate::engine::Engine;
use crate::ir::{Expr, ExprKind, Policy};
use crate::reference::candidate::Candidate;
use crate::reference::truth::Truth;
use crate::reference::world::World;
use crate::{Context, Decision, Request, RestoreError, Run, SavedRun};

/// Is told what a watched engine looks at. Spans are of the policy's texts, [`PolicySet::sources`](crate::PolicySet::sources).
pub trait Watch: Send + Sync {
    /// A condition, or a part of one, was asked of a request and where it is of an endpoint of one candidate; `None`: unknown.
    ///
    /// Each part is told whenever the whole is asked, also where the others have decided it: the language has no order in
    /// which the parts of a condition are looked at. What a decision only supposes, such as the change that `nearest` names,
    /// is not told.
    fn condition(&self, at: Span, truth: Option<bool>);

    /// A rule did its work: a workload was chosen, a guardrail's rule held to a candidate, a waiver lifted a guardrail, a limit
    /// of a budget counted, a soft cap led elsewhere, an entry of `models` named a candidate, candidates were put in order,
    /// a ceiling held to a price, a move or a retry became part of a plan.
    ///
    /// `at` is the rule's statement; of workloads and waivers their keyword, of budgets the limit, of `models` the entry.
    fn rule(&self, at: Span);
}

/// An engine whose decisions and runs are looked on. It decides by the reference.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use faregate::syntax::Span;
/// use faregate::{Catalog, Context, Engine, PolicySet, Request, Watch};
///
/// #[derive(Default)]
/// struct Asked(Mutex<Vec<(Span, Option<bool>)>>);
/// impl Watch for Asked {
///     fn condition(&self, at: Span, truth: Option<bool>) {
///         self.0.lock().unwrap().push((at, truth));
///     }
///     fn rule(&self, _: Span) {}
/// }
///
/// let text = r#"policy p { language 1 }
/// workload streams { when request.stream  deny "no streams" }
/// workload rest { otherwise  deny "closed" }"#;
/// let policy = PolicySet::parse([("p.fare", text)]).unwrap();
/// let engine = Engine::new(policy, Catalog::new(Vec::new()).unwrap()).unwrap();
/// let asked = Arc::new(Asked::default());
/// let context = Context::new("2026-11-23T10:00:00Z".parse().unwrap());
/// let _refused = engine.watched(asked.clone()).decide(&Request::new("r1", 100), &context);
/// let told = asked.0.lock().unwrap();
/// assert_eq!(engine.policy().sources().text(told[0].0), "request.stream");
/// assert_eq!(told[0].1, Some(false));
/// ```
#[derive(Clone, Debug)]
pub struct Watched {
    engine: Engine,
}

impl Watched {
    pub(crate) fn new(engine: Engine) -> Self {
        Self { engine }
    }

    /// Decides as [`Engine::decide_by_reference`] does; runs of the plan are looked on too.
    #[must_use]
    pub fn decide(&self, request: &Request, context: &Context) -> Decision {
        self.engine.decide_by_reference(request, context)
    }

    /// Makes a saved run go on, looked on.
    ///
    /// # Errors
    /// As [`Engine::restore`].
    pub fn restore(&self, saved: SavedRun) -> Result<Run, RestoreError> {
        self.engine.restore(saved).map(Run::by_reference)
    }
}

/// A checked policy, and who is told while it is applied, if anybody. What only supposes a policy has [`Policy`] alone.
#[derive(Clone)]
pub(crate) struct Followed {
    policy: Policy,
    watch: Option<Arc<dyn Watch>>,
}

impl Followed {
    pub(crate) fn by(policy: Policy, watch: Option<Arc<dyn Watch>>) -> Self {
        Self { policy, watch }
    }

    pub(crate) fn watch(&self) -> Option<&dyn Watch> {
        self.watch.as_deref()
    }
}

impl Deref for Followed {
    type Target = Policy;

    fn deref(&self) -> &Policy {
        &self.policy
    }
}

impl fmt::Debug for Followed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.policy.fmt(f)
    }
}

/// What [`World::new`] takes.
pub(crate) struct Applied<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) watch: Option<&'a dyn Watch>,
}

impl<'a> From<&'a Policy> for Applied<'a> {
    fn from(policy: &'a Policy) -> Self {
        Self { policy, watch: None }
    }
}

impl<'a> From<&'a Followed> for Applied<'a> {
    fn from(followed: &'a Followed) -> Self {
        Self { policy: &followed.policy, watch: followed.watch() }
    }
}

impl World<'_> {
    /// Tells whoever looks on that a rule did its work.
    pub(crate) fn tell_rule(&self, at: Span) {
        if let Some(watch) = self.watch {
            watch.rule(at);
        }
    }

    /// Tells whoever looks on of a condition that came out so, and of all its parts.
    pub(crate) fn tell_condition(&self, expr: &Expr, candidate: Option<&Candidate<'_>>, truth: Truth) {
        let Some(watch) = self.watch else { return };
        let told = match truth {
            Truth::True => Some(true),
            Truth::False => Some(false),
            Truth::Unknown => None,
        };
        watch.condition(expr.span, told);
        let part = |part: &Expr| self.tell_condition(part, candidate, self.truth(part, candidate));
        match &expr.kind {
            ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().for_each(part),
            ExprKind::Not(inner) => part(inner),
            _ => {}
        }
    }
}
