//! Conditions as pairs of formulas: where each is true, and where it is false; elsewhere it is unknown.

use std::collections::{BTreeMap, BTreeSet};

use faregate::model::{
    Attr, Expr, ExprKind, Member, Policy, SetTerm, Subject, Term, Type, Value, Vocabulary, Zone,
    endpoint_fact, named_price,
};
use faregate::{Catalog, Endpoint};
use faregate_syntax::ast::{CompareOp, Quantifier};

use super::costs::{Case, Regime};
use super::facts;
use super::formula::{Arena, Formula, Key, Moment, TextTest};

/// Where a condition is true, and where it is false.
#[derive(Clone, Copy, Debug)]
pub(super) struct Truth {
    pub(super) yes: Formula,
    pub(super) no: Formula,
}

impl Truth {
    fn of(value: bool) -> Self {
        Self { yes: Formula::of(value), no: Formula::of(!value) }
    }

    pub(super) const ALWAYS: Self = Self { yes: Formula::TRUE, no: Formula::FALSE };

    const UNKNOWN: Self = Self { yes: Formula::FALSE, no: Formula::FALSE };

    fn not(self) -> Self {
        Self { yes: self.no, no: self.yes }
    }
}

/// An endpoint with a kind of credential, as a condition sees it.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) own: bool,
    pub(super) regimes: &'a [Regime],
    /// What an attempt costs at most; `None`: not to be asked here.
    pub(super) cost: Option<&'a [Case]>,
}

/// What turns conditions into formulas.
pub(super) struct Lower<'a> {
    pub(super) arena: Arena,
    pub(super) policy: &'a Policy,
    pub(super) catalog: &'a Catalog,
    /// What stands for attributes of which two policies think differently; of one policy alone, nothing.
    pub(super) stands: Stands,
    /// Whether nobody is taken to be cooling down.
    pub(super) cooled: bool,
}

/// What an attribute is where two policies that are compared declare it differently.
#[derive(Clone, Debug)]
pub(super) enum Stand {
    /// It has this value, or none, whatever a request says.
    Fixed(Option<Value>),
    /// It has this value where nothing is said.
    Default(Value),
}

/// The attributes that stand for something else, by whose they are and their names.
pub(super) type Stands = BTreeMap<(Subject, String), Stand>;

/// What an attribute is.
enum Source {
    Constant(Option<Value>),
    Key(Key),
    /// Cases that exclude one another, and what it is in each.
    Cases(Vec<(Formula, Option<i128>)>),
    /// The same of sums.
    Sums(Vec<Case>),
    Time,
    Unclear,
}

impl Lower<'_> {
    /// Without an endpoint, its facts and those of a failed call may be anything.
    pub(super) fn truth(&mut self, expr: &Expr, seen: Option<Seen<'_>>) -> Truth {
        if self.arena.taken.names_open && names_models(expr) {
            let key = facts::worded(&mut self.arena, format!("{:?}", expr.kind));
            return self.flagged(key);
        }
        if !self.stands.is_empty()
            && !matches!(expr.kind, ExprKind::And(_) | ExprKind::Or(_) | ExprKind::Not(_))
            && let Some((attr, default)) = self.defaulted(expr)
        {
            return self.by_default(expr, &attr, default, seen);
        }
        match &expr.kind {
            ExprKind::Constant(value) => Truth::of(*value),
            ExprKind::And(parts) => {
                let parts: Vec<Truth> = parts.iter().map(|p| self.truth(p, seen)).collect();
                Truth {
                    yes: self.arena.all(parts.iter().map(|t| t.yes)),
                    no: self.arena.any(parts.iter().map(|t| t.no)),
                }
            }
            ExprKind::Or(parts) => {
                let parts: Vec<Truth> = parts.iter().map(|p| self.truth(p, seen)).collect();
                Truth {
                    yes: self.arena.any(parts.iter().map(|t| t.yes)),
                    no: self.arena.all(parts.iter().map(|t| t.no)),
                }
            }
            ExprKind::Not(inner) => self.truth(inner, seen).not(),
            ExprKind::Flag(attr) => self.flag(attr, seen),
            ExprKind::Present(attr) => self.present(attr, seen),
            ExprKind::Compare { left, op, right, zone } => {
                self.compare(left, *op, right, zone.as_ref(), seen)
            }
            ExprKind::Between { left, low, high, zone } => {
                self.between(left, *low, *high, zone.as_ref(), seen)
            }
            ExprKind::In { left, members, zone } => self.member(left, members, zone.as_ref(), seen),
            ExprKind::Includes { left, quantifier, right } => self.includes(left, *quantifier, right, seen),
            ExprKind::Matches { left, pattern } => match self.source(left, seen) {
                Source::Constant(Some(Value::Text(text))) => Truth::of(pattern.matches(&text)),
                Source::Constant(_) => Truth::UNKNOWN,
                Source::Key(key) => self.test(key, [TextTest::Like(pattern.as_str().to_owned())]),
                _ => self.unclear(),
            },
        }
    }

    /// Returns an attribute of a comparison that has a default on this side alone.
    fn defaulted(&self, expr: &Expr) -> Option<(Attr, Value)> {
        let mut found = None;
        faregate::model::attributes(expr, &mut |attr| {
            if let Some(Stand::Default(value)) = self.stands.get(&(attr.subject, attr.name.clone())) {
                found.get_or_insert((attr.clone(), value.clone()));
            }
        });
        found
    }

    /// Where something is said of the attribute, and where its default counts.
    fn by_default(&mut self, expr: &Expr, attr: &Attr, default: Value, seen: Option<Seen<'_>>) -> Truth {
        let place = (attr.subject, attr.name.clone());
        let Some(key) = facts::given(&mut self.arena, self.policy, attr.subject, &attr.name) else {
            return self.unclear();
        };
        let said = self.arena.known(key);
        let stand = self.stands.remove(&place);
        let with = self.truth(expr, seen);
        self.stands.insert(place.clone(), Stand::Fixed(Some(default)));
        let without = self.truth(expr, seen);
        self.stands.extend(stand.map(|stand| (place, stand)));
        let mut side = |with: Formula, without: Formula| {
            let (a, b) = (self.arena.both(said, with), self.arena.both(said.not(), without));
            self.arena.either(a, b)
        };
        Truth { yes: side(with.yes, without.yes), no: side(with.no, without.no) }
    }

    /// What is not modelled: true, false or unknown.
    fn unclear(&mut self) -> Truth {
        let (yes, other) = (self.arena.free(), self.arena.free());
        let no = self.arena.both(yes.not(), other);
        Truth { yes, no }
    }

    fn source(&mut self, attr: &Attr, seen: Option<Seen<'_>>) -> Source {
        if let Some(Stand::Fixed(value)) = self.stands.get(&(attr.subject, attr.name.clone())) {
            return Source::Constant(value.clone());
        }
        match attr.subject {
            Subject::Request if attr.name == "total_tokens" => {
                let (input, output) = self.tokens();
                let known = self.arena.known(output);
                let sum = super::costs::Linear { terms: vec![(input, 1), (output, 1)], constant: 0 };
                Source::Sums(vec![
                    Case { when: known, cost: Some(sum) },
                    Case { when: known.not(), cost: None },
                ])
            }
            Subject::Request | Subject::Key => {
                match facts::given(&mut self.arena, self.policy, attr.subject, &attr.name) {
                    Some(key) => Source::Key(key),
                    None => Source::Unclear,
                }
            }
            Subject::Time => Source::Time,
            Subject::Attempt => Source::Key(facts::any(&mut self.arena, attr)),
            Subject::Endpoint => match seen {
                Some(seen) => self.endpoint(attr, seen),
                None => Source::Key(facts::any(&mut self.arena, attr)),
            },
        }
    }

    fn endpoint(&mut self, attr: &Attr, seen: Seen<'_>) -> Source {
        let name = attr.name.as_str();
        match name {
            "byok" => return Source::Constant(Some(Value::Bool(seen.own))),
            "credential" if !seen.own => return Source::Constant(Some(Value::Text("shared".to_owned()))),
            "credential" => return Source::Unclear,
            "cost" => return seen.cost.map_or(Source::Unclear, |cases| Source::Sums(cases.to_vec())),
            _ => {}
        }
        if name.starts_with("price_") {
            if seen.own && !self.arena.taken.list_prices {
                return Source::Key(facts::own(&mut self.arena, name));
            }
            let of = |r: &Regime| named_price(&r.now, name).flatten().map(|m| m.0.units());
            return Source::Cases(seen.regimes.iter().map(|r| (r.when, of(r))).collect());
        }
        if self.cooled && name == "cooling_down" {
            return Source::Constant(Some(Value::Bool(false)));
        }
        let figure = matches!(name, "uptime" | "error_rate" | "health" | "cooling_down")
            || name.starts_with("latency_")
            || name.starts_with("throughput_");
        if figure {
            return Source::Key(facts::figure(&mut self.arena, &seen.endpoint.id, attr));
        }
        Source::Constant(endpoint_fact(seen.endpoint, name))
    }

    /// Returns the keys of input and output.
    pub(super) fn tokens(&mut self) -> (Key, Key) {
        (self.request("input_tokens"), self.request("max_output_tokens"))
    }

    /// Returns the key of a built-in field of the request.
    pub(super) fn request(&mut self, name: &str) -> Key {
        match facts::given(&mut self.arena, self.policy, Subject::Request, name) {
            Some(key) => key,
            // Names come from this crate, and all of them are fields; a caller's output is the nearest that there is.
            None => facts::caller_output(&mut self.arena),
        }
    }

    fn flag(&mut self, attr: &Attr, seen: Option<Seen<'_>>) -> Truth {
        match self.source(attr, seen) {
            Source::Constant(Some(Value::Bool(b))) => Truth::of(b),
            Source::Constant(_) => Truth::UNKNOWN,
            Source::Key(key) => self.flagged(key),
            _ => self.unclear(),
        }
    }

    fn flagged(&mut self, key: Key) -> Truth {
        let (known, yes) = (self.arena.known(key), self.arena.is_true(key));
        Truth { yes, no: self.arena.both(known, yes.not()) }
    }

    fn present(&mut self, attr: &Attr, seen: Option<Seen<'_>>) -> Truth {
        let yes = match self.source(attr, seen) {
            Source::Constant(value) => Formula::of(value.is_some()),
            Source::Key(key) => self.arena.known(key),
            Source::Cases(cases) => {
                let known = cases.into_iter().filter(|(_, v)| v.is_some()).map(|(when, _)| when);
                self.arena.any(known)
            }
            Source::Sums(cases) => {
                let known = cases.into_iter().filter(|c| c.cost.is_some()).map(|c| c.when);
                self.arena.any(known)
            }
            Source::Time => Formula::TRUE,
            Source::Unclear => self.arena.free(),
        };
        Truth { yes, no: yes.not() }
    }

    fn compare(
        &mut self,
        left: &Attr,
        op: CompareOp,
        right: &Term,
        zone: Option<&Zone>,
        seen: Option<Seen<'_>>,
    ) -> Truth {
        let a = self.source(left, seen);
        let b = match right {
            Term::Value(value) => Source::Constant(Some(self.canonical(left, value.clone()))),
            Term::Attr(attr) => self.source(attr, seen),
        };
        match (a, b) {
            (Source::Time, Source::Constant(Some(value))) => self.moment(left, op, value, zone),
            (Source::Constant(None), _) | (_, Source::Constant(None)) => Truth::UNKNOWN,
            (Source::Constant(Some(a)), Source::Constant(Some(b))) => Truth::of(compare(&a, op, &b)),
            (Source::Key(key), Source::Constant(Some(value))) => self.against(key, op, &value),
            (Source::Constant(Some(value)), Source::Key(key)) => self.against(key, mirrored(op), &value),
            (Source::Cases(cases), Source::Constant(Some(Value::Number(n)))) => self.cases(&cases, op, n),
            (Source::Constant(Some(Value::Number(n))), Source::Cases(cases)) => {
                self.cases(&cases, mirrored(op), n)
            }
            (a, b) => {
                let (Some(a), Some(b)) = (self.sums(a), self.sums(b)) else { return self.unclear() };
                self.sums_compare(&a, op, &b)
            }
        }
    }

    /// Returns numbers as cases of sums; `None`: they are none, or nothing is known of them.
    fn sums(&mut self, source: Source) -> Option<Vec<Case>> {
        let constant = |n| super::costs::Linear { terms: Vec::new(), constant: n };
        Some(match source {
            Source::Sums(cases) => cases,
            Source::Cases(cases) => {
                cases.into_iter().map(|(when, n)| Case { when, cost: n.map(constant) }).collect()
            }
            Source::Constant(Some(Value::Number(n))) => {
                vec![Case { when: Formula::TRUE, cost: Some(constant(n)) }]
            }
            Source::Key(key) => {
                let number = self
                    .arena
                    .about(key)
                    .is_some_and(|a| matches!(a.range, super::formula::Range::Number(..)));
                if !number {
                    return None;
                }
                let known = self.arena.known(key);
                let sum = super::costs::Linear { terms: vec![(key, 1)], constant: 0 };
                vec![Case { when: known, cost: Some(sum) }, Case { when: known.not(), cost: None }]
            }
            _ => return None,
        })
    }

    fn sums_compare(&mut self, a: &[Case], op: CompareOp, b: &[Case]) -> Truth {
        let (mut yes, mut no) = (Vec::new(), Vec::new());
        for x in a {
            for y in b {
                let (Some(p), Some(q)) = (&x.cost, &y.cost) else { continue };
                let when = self.arena.both(x.when, y.when);
                let holds = match p.minus(q) {
                    Some(difference) => self.sign(&difference, op),
                    None => self.arena.free(),
                };
                yes.push(self.arena.both(when, holds));
                no.push(self.arena.both(when, holds.not()));
            }
        }
        Truth { yes: self.arena.any(yes), no: self.arena.any(no) }
    }

    /// Where a sum stands in this relation to zero.
    fn sign(&mut self, sum: &super::costs::Linear, op: CompareOp) -> Formula {
        let at_most = |lower: &mut Self, n: i128| match n.checked_sub(sum.constant) {
            Some(most) => lower.arena.sum_at_most(&sum.terms, most),
            None => lower.arena.free(),
        };
        match op {
            CompareOp::Le => at_most(self, 0),
            CompareOp::Lt => at_most(self, -1),
            CompareOp::Gt => at_most(self, 0).not(),
            CompareOp::Ge => at_most(self, -1).not(),
            CompareOp::Eq => {
                let (le, lt) = (at_most(self, 0), at_most(self, -1));
                self.arena.both(le, lt.not())
            }
            CompareOp::Ne => {
                let (le, lt) = (at_most(self, 0), at_most(self, -1));
                self.arena.both(le, lt.not()).not()
            }
        }
    }

    /// Compares an attribute with a value.
    fn against(&mut self, key: Key, op: CompareOp, value: &Value) -> Truth {
        match value {
            Value::Text(text) => {
                let truth = self.test(key, [TextTest::Is(text.clone())]);
                if op == CompareOp::Ne { truth.not() } else { truth }
            }
            Value::Bool(b) => {
                let truth = self.flagged(key);
                if *b == (op == CompareOp::Eq) { truth } else { truth.not() }
            }
            Value::Number(n) => {
                let sum = super::costs::Linear { terms: vec![(key, 1)], constant: 0 };
                let known = self.arena.known(key);
                let holds = match n.checked_neg() {
                    Some(minus) => self.sign(&super::costs::Linear { constant: minus, ..sum }, op),
                    None => self.arena.free(),
                };
                Truth { yes: self.arena.both(known, holds), no: self.arena.both(known, holds.not()) }
            }
            Value::Set(_) => self.unclear(),
        }
    }

    /// Whether a text is known and passes one of the tests.
    fn test(&mut self, key: Key, tests: impl IntoIterator<Item = TextTest>) -> Truth {
        let known = self.arena.known(key);
        let parts: Vec<Formula> = tests.into_iter().map(|t| self.arena.text(key, t)).collect();
        let yes = self.arena.any(parts);
        Truth { yes, no: self.arena.both(known, yes.not()) }
    }

    fn cases(&mut self, cases: &[(Formula, Option<i128>)], op: CompareOp, n: i128) -> Truth {
        let side = |wanted: bool| {
            let holds = move |v: i128| compare(&Value::Number(v), op, &Value::Number(n)) == wanted;
            cases.iter().filter(move |(_, v)| v.is_some_and(holds)).map(|(when, _)| *when)
        };
        let (yes, no) = (side(true).collect::<Vec<_>>(), side(false).collect::<Vec<_>>());
        Truth { yes: self.arena.any(yes), no: self.arena.any(no) }
    }

    fn between(
        &mut self,
        left: &Attr,
        low: i128,
        high: i128,
        zone: Option<&Zone>,
        seen: Option<Seen<'_>>,
    ) -> Truth {
        if left.ty == Type::TimeOfDay {
            let yes = self.arena.moment_is(Moment::Hour { zone: zone.cloned(), from: low, to: high });
            return Truth { yes, no: yes.not() };
        }
        let from = self.compare(left, CompareOp::Ge, &Term::Value(Value::Number(low)), zone, seen);
        let to = self.compare(left, CompareOp::Le, &Term::Value(Value::Number(high)), zone, seen);
        Truth { yes: self.arena.both(from.yes, to.yes), no: self.arena.either(from.no, to.no) }
    }

    fn moment(&mut self, attr: &Attr, op: CompareOp, value: Value, zone: Option<&Zone>) -> Truth {
        let zone = zone.cloned();
        let truth = match value {
            Value::Number(value) => {
                let yes = self.arena.moment_is(Moment::Compare { name: attr.name.clone(), zone, op, value });
                return Truth { yes, no: yes.not() };
            }
            Value::Text(day) => {
                let yes = self.arena.moment_is(Moment::Weekday { zone, days: BTreeSet::from([day]) });
                Truth { yes, no: yes.not() }
            }
            _ => self.unclear(),
        };
        if op == CompareOp::Ne { truth.not() } else { truth }
    }

    fn member(
        &mut self,
        left: &Attr,
        members: &[Member],
        zone: Option<&Zone>,
        seen: Option<Seen<'_>>,
    ) -> Truth {
        match self.source(left, seen) {
            Source::Constant(None) => Truth::UNKNOWN,
            Source::Constant(Some(value)) => {
                Truth::of(members.iter().any(|m| self.is_member(left, &value, m)))
            }
            Source::Time if left.name == "weekday" => {
                let days = members.iter().filter_map(|m| match m {
                    Member::Value(Value::Text(day)) => Some(day.clone()),
                    _ => None,
                });
                let yes = self.arena.moment_is(Moment::Weekday { zone: zone.cloned(), days: days.collect() });
                Truth { yes, no: yes.not() }
            }
            Source::Key(key) if matches!(left.ty, Type::Text(_)) => {
                let mut tests = Vec::new();
                for member in members {
                    match member {
                        Member::Value(value) => {
                            if let Value::Text(text) = self.canonical(left, value.clone()) {
                                tests.push(TextTest::Is(text));
                            }
                        }
                        Member::Group(_, patterns) => {
                            for pattern in patterns.iter() {
                                let text = pattern.as_str();
                                tests.push(TextTest::Like(text.to_owned()));
                                tests.push(TextTest::Is(self.catalog.resolve(text).to_owned()));
                            }
                        }
                    }
                }
                self.test(key, tests)
            }
            // Numbers, one by one.
            _ => {
                let parts: Vec<Truth> = members
                    .iter()
                    .map(|m| match m {
                        Member::Value(value) => {
                            self.compare(left, CompareOp::Eq, &Term::Value(value.clone()), zone, seen)
                        }
                        Member::Group(..) => self.unclear(),
                    })
                    .collect();
                Truth {
                    yes: self.arena.any(parts.iter().map(|t| t.yes)),
                    no: self.arena.all(parts.iter().map(|t| t.no)),
                }
            }
        }
    }

    fn is_member(&self, attr: &Attr, value: &Value, member: &Member) -> bool {
        match (member, value) {
            (Member::Value(wanted), _) => self.canonical(attr, wanted.clone()) == *value,
            (Member::Group(_, patterns), Value::Text(text)) => {
                patterns.iter().any(|p| p.matches(text) || self.catalog.resolve(p.as_str()) == text)
            }
            _ => false,
        }
    }

    /// A model written in a policy may be an alias; what is compared is the model behind it.
    fn canonical(&self, attr: &Attr, value: Value) -> Value {
        match (&attr.ty, value) {
            (Type::Text(Vocabulary::Models) | Type::Set(Vocabulary::Models), Value::Text(name)) => {
                Value::Text(self.catalog.resolve(&name).to_owned())
            }
            (_, value) => value,
        }
    }

    fn includes(
        &mut self,
        left: &Attr,
        quantifier: Quantifier,
        right: &SetTerm,
        seen: Option<Seen<'_>>,
    ) -> Truth {
        let set = self.source(left, seen);
        let wanted = match right {
            SetTerm::Values(values) => {
                let text = |v: &String| match self.canonical(left, Value::Text(v.clone())) {
                    Value::Text(t) => t,
                    _ => v.clone(),
                };
                Source::Constant(Some(Value::Set(values.iter().map(text).collect())))
            }
            SetTerm::Attr(attr) => self.source(attr, seen),
        };
        let any = quantifier == Quantifier::Any;
        match (set, wanted) {
            (Source::Constant(None), _) | (_, Source::Constant(None)) => Truth::UNKNOWN,
            (Source::Constant(Some(Value::Set(set))), Source::Constant(Some(wanted))) => {
                let wanted = texts(wanted);
                let has = |w: &String| set.contains(w);
                Truth::of(if any { wanted.iter().any(has) } else { wanted.iter().all(has) })
            }
            (Source::Key(key), Source::Constant(Some(wanted))) => {
                let known = self.arena.known(key);
                let has: Vec<Formula> = texts(wanted).into_iter().map(|w| self.arena.has(key, w)).collect();
                let yes = if any { self.arena.any(has) } else { self.arena.all(has) };
                let yes = self.arena.both(known, yes);
                Truth { yes, no: self.arena.both(known, yes.not()) }
            }
            (Source::Constant(Some(Value::Set(set))), Source::Key(key)) => {
                let is_set =
                    self.arena.about(key).is_some_and(|a| matches!(a.range, super::formula::Range::Set(_)));
                if !is_set {
                    return self.test(key, set.into_iter().map(TextTest::Is));
                }
                let known = self.arena.known(key);
                let yes = if any {
                    let has: Vec<Formula> = set.into_iter().map(|w| self.arena.has(key, w)).collect();
                    self.arena.any(has)
                } else {
                    self.arena.within(key, set)
                };
                let yes = self.arena.both(known, yes);
                Truth { yes, no: self.arena.both(known, yes.not()) }
            }
            _ => self.unclear(),
        }
    }
}

/// Whether a comparison is with names of models, of which a catalog says which are one.
fn names_models(expr: &Expr) -> bool {
    let (ExprKind::Compare { left, .. }
    | ExprKind::In { left, .. }
    | ExprKind::Includes { left, .. }
    | ExprKind::Matches { left, .. }) = &expr.kind
    else {
        return false;
    };
    matches!(left.ty, Type::Text(Vocabulary::Models) | Type::Set(Vocabulary::Models))
}

fn texts(value: Value) -> BTreeSet<String> {
    match value {
        Value::Set(set) => set,
        Value::Text(text) => BTreeSet::from([text]),
        _ => BTreeSet::new(),
    }
}

fn mirrored(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Lt => CompareOp::Gt,
        CompareOp::Le => CompareOp::Ge,
        CompareOp::Gt => CompareOp::Lt,
        CompareOp::Ge => CompareOp::Le,
        same => same,
    }
}

fn compare(a: &Value, op: CompareOp, b: &Value) -> bool {
    let ordering = match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        _ => return false,
    };
    op.holds(ordering)
}
