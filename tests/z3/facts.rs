//! Every request, key, moment and endpoint at once: what an attribute is, as terms.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use faregate::model::{
    Attr, Body, Ceiling, Expr, ExprKind, Member, Policy, Routing, SetTerm, Subject, Term as Right, Type,
    Value as Known, Vocabulary, Zone, day,
};
use faregate::{Catalog, Endpoint, MAX_COUNT};

use super::script::{Solver, Term, all, any, at_most, int, no, not, same, sum, text, yes};

/// Why something is not covered.
pub(crate) type Covered<T> = Result<T, String>;

pub(crate) const DAY: i128 = 86_400_000;

/// What an attribute is.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(Text),
    Number { known: Term, value: Term },
    Flag { known: Term, value: Term },
    Set(Set),
}

#[derive(Clone, Debug)]
pub(crate) enum Text {
    Fixed(Option<String>),
    /// A number that stands for a text: of this list, else of all texts that are met.
    Coded {
        known: Term,
        code: Term,
        of: Option<&'static [&'static str]>,
    },
    /// A text of the solver's own, for attributes that patterns are held to.
    Spelled {
        known: Term,
        value: Term,
    },
}

#[derive(Clone, Debug)]
pub(crate) enum Set {
    Fixed(Option<BTreeSet<String>>),
    Asked { known: Term, of: (Subject, String) },
}

impl Value {
    /// Where it is known.
    pub(crate) fn known(&self) -> Term {
        match self {
            Self::Text(Text::Fixed(value)) => value.is_some().to_string(),
            Self::Set(Set::Fixed(value)) => value.is_some().to_string(),
            Self::Text(Text::Coded { known, .. } | Text::Spelled { known, .. })
            | Self::Set(Set::Asked { known, .. })
            | Self::Number { known, .. }
            | Self::Flag { known, .. } => known.clone(),
        }
    }
}

/// An endpoint with the shared or an own key, as a workload sees it. What changes from moment to moment has names that begin
/// with `slot`.
#[derive(Clone)]
pub(crate) struct Seen<'a> {
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) own: bool,
    pub(crate) slot: String,
    pub(crate) routing: &'a Routing,
}

/// A policy and a catalog, put to a solver.
pub(crate) struct Facts<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) catalog: &'a Catalog,
    pub(crate) solver: &'a mut Solver,
    /// The least prices of own keys that conditions tell apart.
    pub(crate) told_apart: BTreeSet<i128>,
    spelled: BTreeSet<(Subject, String)>,
    members: BTreeMap<(Subject, String), BTreeSet<String>>,
    codes: HashMap<String, i128>,
    pub(crate) zones: Vec<(Zone, Term)>,
    /// What was made of a candidate before.
    made: HashMap<(&'static str, [usize; 3], bool, String), Vec<Term>>,
    limits: HashMap<(String, BTreeSet<String>), Term>,
    pub(crate) first: i128,
    pub(crate) last: i128,
}

impl<'a> Facts<'a> {
    pub(crate) fn new(policy: &'a Policy, catalog: &'a Catalog, solver: &'a mut Solver) -> Self {
        solver.clear();
        let mut facts = Self {
            policy,
            catalog,
            solver,
            told_apart: BTreeSet::from([0]),
            spelled: BTreeSet::new(),
            members: BTreeMap::new(),
            codes: HashMap::new(),
            zones: Vec::new(),
            made: HashMap::new(),
            limits: HashMap::new(),
            first: i128::MAX,
            last: i128::MIN,
        };
        facts.look_around();
        facts
    }

    /// Finds what the whole policy says of an attribute, before any term is made: patterns, members of sets, days.
    fn look_around(&mut self) {
        let mut exprs = Vec::new();
        expressions(self.policy, &mut exprs);
        for expr in exprs {
            self.look_at(expr);
        }
        let mut days: Vec<i128> = self.policy.waivers.iter().map(|w| day(w.until)).collect();
        days.extend(self.catalog.endpoints().iter().filter_map(|e| e.facts.sunset).map(day));
        for named in days {
            self.reach(named * DAY);
        }
        if self.first > self.last {
            self.reach(20_454 * DAY);
        }
        let abilities: BTreeSet<String> = self
            .catalog
            .endpoints()
            .iter()
            .flat_map(|e| e.facts.supports.iter().flatten())
            .cloned()
            .collect();
        let kinds: BTreeSet<String> = self
            .catalog
            .endpoints()
            .iter()
            .flat_map(|e| e.facts.modalities.iter().flatten())
            .cloned()
            .collect();
        self.mention(Subject::Request, "parameters", abilities);
        self.mention(Subject::Request, "parameters", ["reasoning".to_owned()]);
        self.mention(Subject::Request, "modalities", kinds);
        self.mention(Subject::Request, "modalities", ["text".to_owned()]);
        for workload in &self.policy.workloads {
            if let Body::Route(routing) = &workload.body {
                self.mention(Subject::Request, "parameters", routing.tolerate.iter().cloned());
                self.mention(Subject::Request, "tools", routing.tools.keys().cloned());
            }
        }
        let tools: BTreeSet<String> = self
            .catalog
            .endpoints()
            .iter()
            .flat_map(|e| {
                let over = e.facts.prices.overrides.iter().flatten().flat_map(|o| o.tools.keys());
                e.facts.prices.tools.keys().chain(over)
            })
            .cloned()
            .collect();
        self.mention(Subject::Request, "tools", tools);
    }

    /// Makes terms of a candidate once.
    pub(crate) fn once(
        &mut self,
        what: &'static str,
        number: usize,
        seen: &Seen<'a>,
        make: impl FnOnce(&mut Self) -> Covered<Vec<Term>>,
    ) -> Covered<Vec<Term>> {
        let (endpoint, routing) = (std::ptr::from_ref(seen.endpoint), std::ptr::from_ref(seen.routing));
        let key = (what, [number, endpoint.addr(), routing.addr()], seen.own, seen.slot.clone());
        if let Some(made) = self.made.get(&key) {
            return Ok(made.clone());
        }
        let made = make(self)?;
        self.made.insert(key, made.clone());
        Ok(made)
    }

    fn mention(&mut self, subject: Subject, name: &str, values: impl IntoIterator<Item = String>) {
        self.members.entry((subject, name.to_owned())).or_default().extend(values);
    }

    /// A year to both sides of whatever moment is named holds each weekday and hour under each rule of the zones.
    fn reach(&mut self, moment: i128) {
        self.first = self.first.min(moment - 400 * DAY);
        self.last = self.last.max(moment + 400 * DAY);
    }

    fn look_at(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().for_each(|p| self.look_at(p)),
            ExprKind::Not(inner) => self.look_at(inner),
            ExprKind::Matches { left, .. } => {
                self.spelled.insert((left.subject, left.name.clone()));
            }
            ExprKind::In { left, members, .. } => {
                let pattern = |m: &Member| matches!(m, Member::Group(_, of) if of.iter().any(|p| p.as_str().contains('*')));
                if members.iter().any(pattern) {
                    self.spelled.insert((left.subject, left.name.clone()));
                }
                for member in members {
                    if let Member::Value(Known::Number(n)) = member {
                        self.look_at_number(left, *n);
                    }
                }
            }
            ExprKind::Compare { left, right: Right::Value(Known::Number(n)), .. } => {
                self.look_at_number(left, *n)
            }
            ExprKind::Between { left, low, high, .. } => {
                self.look_at_number(left, *low);
                self.look_at_number(left, *high);
            }
            ExprKind::Includes { left, right, .. } => match right {
                SetTerm::Values(values) => {
                    let values: Vec<String> = values.iter().map(|v| self.canonical(left, v)).collect();
                    self.mention(left.subject, &left.name, values);
                }
                SetTerm::Attr(attr) => {
                    for (own, other) in [(left, attr), (attr, left)] {
                        let texts = self.all_of(other);
                        self.mention(own.subject, &own.name, texts);
                    }
                }
            },
            _ => {}
        }
    }

    fn look_at_number(&mut self, attr: &Attr, n: i128) {
        match attr.ty {
            Type::Date if attr.subject == Subject::Time => self.reach(n * DAY),
            Type::Instant => self.reach(n),
            Type::Price(_) => self.told_apart.extend([n.max(0), n.max(0) + 1]),
            _ => {}
        }
    }

    /// All values that an attribute has in the catalog.
    fn all_of(&self, attr: &Attr) -> BTreeSet<String> {
        let mut values = BTreeSet::new();
        for endpoint in self.catalog.endpoints() {
            match fact(endpoint, &attr.name) {
                Some(Known::Text(t)) => {
                    values.insert(t);
                }
                Some(Known::Set(set)) => values.extend(set),
                _ => {}
            }
        }
        values
    }

    /// A model may be named by an alias; what is compared is the model.
    pub(crate) fn canonical(&self, attr: &Attr, name: &str) -> String {
        match attr.ty {
            Type::Text(Vocabulary::Models) | Type::Set(Vocabulary::Models) => {
                self.catalog.resolve(name).to_owned()
            }
            _ => name.to_owned(),
        }
    }

    /// Returns the number that stands for a text.
    pub(crate) fn code(&mut self, of: Option<&[&str]>, value: &str) -> i128 {
        if let Some(list) = of {
            return list.iter().position(|v| *v == value).map_or(-1, |at| at as i128);
        }
        let next = self.codes.len() as i128;
        *self.codes.entry(value.to_owned()).or_insert(next)
    }

    fn default(&self, subject: Subject, name: &str) -> bool {
        self.policy.declared.iter().any(|d| d.subject == subject && d.name == name && d.default.is_some())
    }

    /// The values that a declaration allows.
    fn allowed(&self, subject: Subject, name: &str) -> Option<Vec<String>> {
        let declared = self.policy.declared.iter().find(|d| d.subject == subject && d.name == name)?;
        match &declared.ty {
            Type::Text(Vocabulary::Declared(list)) | Type::Set(Vocabulary::Declared(list)) => {
                Some(list.iter().cloned().collect())
            }
            _ => None,
        }
    }

    pub(crate) fn value(
        &mut self,
        attr: &Attr,
        seen: Option<&Seen<'a>>,
        zone: Option<&Zone>,
    ) -> Covered<Value> {
        match attr.subject {
            Subject::Request | Subject::Key => Ok(self.given(attr.subject, &attr.name, &attr.ty)),
            Subject::Time => Ok(self.moment(&attr.name, zone)),
            Subject::Attempt => Err("a condition on attempts".to_owned()),
            Subject::Endpoint => {
                let seen = seen.ok_or("an attribute of an endpoint where there is none")?;
                self.of_endpoint(attr, seen)
            }
        }
    }

    /// An attribute of request or key.
    pub(crate) fn given(&mut self, subject: Subject, name: &str, ty: &Type) -> Value {
        let key = format!("{}.{name}", if subject == Subject::Key { "key" } else { "request" });
        if (subject, name) == (Subject::Request, "total_tokens") {
            let (known, most) = self.max_output();
            return Value::Number { known, value: sum([self.input(), most]) };
        }
        let always = subject == Subject::Request
            && matches!(
                name,
                "id" | "input_tokens"
                    | "models"
                    | "cached_input_tokens"
                    | "caching"
                    | "images"
                    | "stream"
                    | "idempotent"
                    | "side_effects"
                    | "parameters"
                    | "modalities"
                    | "tools"
                    | "tags"
            );
        let known = if always || self.default(subject, name) {
            yes()
        } else {
            self.solver.flag(&format!("{key} is known"))
        };
        let allowed = self.allowed(subject, name);
        match ty {
            Type::Bool => Value::Flag { known, value: self.solver.flag(&key) },
            Type::Set(_) => Value::Set(Set::Asked { known, of: (subject, name.to_owned()) }),
            Type::Text(_) if self.spelled.contains(&(subject, name.to_owned())) => {
                let value = self.solver.constant(&key, "String", |symbol| match &allowed {
                    Some(list) => vec![any(list.iter().map(|v| format!("(= {symbol} {})", text(v))))],
                    None => Vec::new(),
                });
                Value::Text(Text::Spelled { known, value })
            }
            Type::Text(_) => {
                let codes: Option<Vec<i128>> =
                    allowed.map(|list| list.iter().map(|v| self.code(None, v)).collect());
                let code = self.solver.constant(&key, "Int", |symbol| match codes {
                    Some(codes) => vec![any(codes.iter().map(|c| same(symbol, &int(*c))))],
                    None => Vec::new(),
                });
                Value::Text(Text::Coded { known, code, of: None })
            }
            _ => {
                let most = match ty {
                    Type::Count => Some(i128::from(MAX_COUNT)),
                    Type::Duration => Some(i128::from(u64::MAX)),
                    _ => None,
                };
                let value = self.solver.constant(&key, "Int", |symbol| match most {
                    Some(most) => vec![at_most("0", symbol), at_most(symbol, &int(most))],
                    None => Vec::new(),
                });
                Value::Number { known, value }
            }
        }
    }

    fn count(&mut self, name: &str) -> (Term, Term) {
        match self.given(Subject::Request, name, &Type::Count) {
            Value::Number { known, value } => (known, value),
            _ => unreachable!("a count is a number"),
        }
    }

    pub(crate) fn input(&mut self) -> Term {
        self.count("input_tokens").1
    }

    pub(crate) fn images(&mut self) -> Term {
        self.count("images").1
    }

    pub(crate) fn max_output(&mut self) -> (Term, Term) {
        self.count("max_output_tokens")
    }

    pub(crate) fn credits(&mut self) -> (Term, Term) {
        match self.given(Subject::Key, "credits", &Type::Money) {
            Value::Number { known, value } => (known, value),
            _ => unreachable!("money is a number"),
        }
    }

    pub(crate) fn caching(&mut self) -> Term {
        self.solver.flag("request.caching")
    }

    /// Whether the request may read or write a cache (rule 9).
    pub(crate) fn uses_cache(&mut self) -> Term {
        let cached = self.count("cached_input_tokens").1;
        let none = at_most(&cached, "0");
        any([self.caching(), not(&none)])
    }

    /// The caller's own ceiling on output (rule 28): the one of them that can make room, since it bounds a cost.
    pub(crate) fn caller_output(&mut self) -> (Term, Term) {
        let known = self.solver.flag("max_price.output is known");
        let about = |s: &str| vec![at_most("0", s), at_most(s, &int(i128::from(MAX_COUNT)))];
        (known, self.solver.constant("max_price.output", "Int", about))
    }

    pub(crate) fn set_is_known(&mut self, subject: Subject, name: &str) -> Term {
        match self.given(subject, name, &Type::Set(Vocabulary::Open)) {
            Value::Set(Set::Asked { known, .. }) => known,
            _ => no(),
        }
    }

    /// Whether a set of the request or the key has a member.
    pub(crate) fn has(&mut self, of: &(Subject, String), member: &str) -> Term {
        if self.allowed(of.0, &of.1).is_some_and(|list| !list.iter().any(|v| v == member)) {
            return no();
        }
        let key = if of.0 == Subject::Key { "key" } else { "request" };
        self.solver.flag(&format!("{key}.{} has {member}", of.1))
    }

    pub(crate) fn request_has(&mut self, name: &str, member: &str) -> Term {
        self.has(&(Subject::Request, name.to_owned()), member)
    }

    /// Whether a set of the request or the key has no member but these.
    pub(crate) fn within(&mut self, of: &(Subject, String), limit: &BTreeSet<String>) -> Term {
        let key = format!("{}.{}", if of.0 == Subject::Key { "key" } else { "request" }, of.1);
        let place = (key, limit.clone());
        if let Some(made) = self.limits.get(&place) {
            return made.clone();
        }
        let mut universe = self.members.get(of).cloned().unwrap_or_default();
        let mut parts = Vec::new();
        match self.allowed(of.0, &of.1) {
            Some(list) => universe.extend(list),
            None => {
                let other = self.solver.flag(&format!("{} has another", place.0));
                parts.push(not(&other));
            }
        }
        for member in universe.difference(limit) {
            let has = self.has(of, member);
            parts.push(not(&has));
        }
        let made = self.solver.name("Bool", all(parts));
        self.limits.insert(place, made.clone());
        made
    }

    /// The tools that a request may name: all that policy and catalog know, and whether it names another.
    pub(crate) fn tools(&mut self) -> (Vec<String>, Term) {
        let of = (Subject::Request, "tools".to_owned());
        let known = self.members.get(&of).cloned().unwrap_or_default();
        let within = self.within(&of, &known);
        (known.into_iter().collect(), not(&within))
    }

    fn of_endpoint(&mut self, attr: &Attr, seen: &Seen<'a>) -> Covered<Value> {
        let (name, slot) = (attr.name.as_str(), &seen.slot);
        let figure = |facts: &mut Self, most: Option<i128>| {
            let known = facts.solver.flag(&format!("{slot}{name} is known"));
            let value = facts.solver.constant(&format!("{slot}{name}"), "Int", |s| match most {
                Some(most) => vec![at_most("0", s), at_most(s, &int(most))],
                None => Vec::new(),
            });
            Value::Number { known, value }
        };
        Ok(match name {
            "byok" => Value::Flag { known: yes(), value: seen.own.to_string() },
            "cooling_down" => {
                Value::Flag { known: yes(), value: self.solver.flag(&format!("{slot}cooling")) }
            }
            "health" => Value::Text(Text::Coded {
                known: yes(),
                code: self.health(slot),
                of: Some(&["up", "degraded", "down"]),
            }),
            "cost" => {
                let (known, value) = self.worst(seen)?;
                Value::Number { known, value }
            }
            "uptime" | "error_rate" => figure(self, None),
            _ if name.starts_with("latency_") => figure(self, Some(i128::from(u64::MAX))),
            _ if name.starts_with("throughput_") => figure(self, None),
            _ if name.starts_with("price_") => {
                let (known, value) = self.price_now(seen, name)?;
                Value::Number { known, value }
            }
            _ => match (&attr.ty, fact(seen.endpoint, name)) {
                (Type::Text(_), Some(Known::Text(t))) => Value::Text(Text::Fixed(Some(t))),
                (Type::Text(_), _) => Value::Text(Text::Fixed(None)),
                (Type::Set(_), Some(Known::Set(set))) => Value::Set(Set::Fixed(Some(set))),
                (Type::Set(_), _) => Value::Set(Set::Fixed(None)),
                (Type::Bool, Some(Known::Bool(b))) => Value::Flag { known: yes(), value: b.to_string() },
                (Type::Bool, _) => Value::Flag { known: no(), value: no() },
                (_, Some(Known::Number(n))) => Value::Number { known: yes(), value: int(n) },
                _ => Value::Number { known: no(), value: int(0) },
            },
        })
    }

    /// 0: up, 1: degraded, 2: down.
    pub(crate) fn health(&mut self, slot: &str) -> Term {
        self.solver.constant(&format!("{slot}health"), "Int", |s| vec![at_most("0", s), at_most(s, "2")])
    }
}

/// What the catalog says of an endpoint (rules 1 and 2).
pub(crate) fn fact(endpoint: &Endpoint, name: &str) -> Option<Known> {
    let f = &endpoint.facts;
    let text = |t: &Option<String>| t.clone().map(Known::Text);
    let count = |n: Option<u64>| n.map(|n| Known::Number(i128::from(n)));
    match name {
        "id" => Some(Known::Text(endpoint.id.clone())),
        "model" => Some(Known::Text(endpoint.model.clone())),
        "provider" => Some(Known::Text(endpoint.provider.clone())),
        "native_model" => text(&endpoint.native_model),
        "region" => text(&f.region),
        "quantization" => text(&f.quantization),
        "context_length" => count(f.context_length),
        "max_output_tokens" => count(f.max_output_tokens),
        "supports" => f.supports.clone().map(Known::Set),
        "modalities" => f.modalities.clone().map(Known::Set),
        "tags" => f.tags.clone().map(Known::Set),
        "zdr" => f.zdr.map(Known::Bool),
        "trains" => f.trains.map(Known::Bool),
        "retains" => f.retains.map(Known::Bool),
        "deprecated" => Some(Known::Bool(f.deprecated == Some(true))),
        "joint_context" => Some(Known::Bool(f.joint_context == Some(true))),
        "sunset" => f.sunset.map(|d| Known::Number(day(d))),
        "free" => f.free.map(Known::Bool).or_else(|| {
            let p = &f.prices;
            let charged = |m: &Option<faregate::Money>| m.is_some_and(|m| m.0.units() != 0);
            let (Some(_), Some(_)) = (p.prompt, p.completion) else { return None };
            let mut all = vec![p.prompt, p.completion, p.request];
            all.extend(p.overrides.iter().flatten().flat_map(|o| [o.prompt, o.completion, o.request]));
            Some(Known::Bool(!all.iter().any(charged)))
        }),
        _ => None,
    }
}

/// All expressions of a policy.
fn expressions<'p>(policy: &'p Policy, into: &mut Vec<&'p Expr>) {
    for guardrail in &policy.guardrails {
        into.extend(&guardrail.when);
        into.extend(guardrail.rules.iter().map(|r| &r.expr));
    }
    into.extend(policy.waivers.iter().filter_map(|w| w.when.as_ref()));
    for budget in &policy.budgets {
        into.extend(budget.when.iter().chain(&budget.covers).chain(budget.reserve.iter().map(|(_, e)| e)));
    }
    for workload in &policy.workloads {
        into.extend(workload.when.iter().map(|(e, _)| e));
        let Body::Route(routing) = &workload.body else { continue };
        into.extend(routing.rules.iter().map(|r| &r.expr));
        into.extend(routing.ceilings.iter().filter_map(|c: &Ceiling| c.when.as_ref()));
        into.extend(routing.fallback.iter().flat_map(|f| &f.requires).map(|(e, _)| e));
        into.extend(routing.fallback.iter().flat_map(|f| &f.rules).filter_map(|r| r.when.as_ref()));
        into.extend(routing.retry.iter().flat_map(|r| &r.rules).filter_map(|r| r.when.as_ref()));
    }
    for invariant in &policy.invariants {
        into.extend(&invariant.condition);
        if let faregate::model::Always::Holds(expr) = &invariant.always {
            into.push(expr);
        }
    }
}
