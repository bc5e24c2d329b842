//! What tests reach: rules, conditions, codes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use faregate::{Decision, DenialCode, Reason, Watch};
use faregate_syntax::{FileId, Source, Sources, Span, parse};

use crate::rules::{Condition, Rule, conditions, rules};

/// Counts what tests reach. Shared by all threads that run tests.
///
/// ```
/// use std::sync::Arc;
/// use faregate::{Catalog, Context, Engine, PolicySet, Request};
/// use faregate_analysis::Coverage;
///
/// let text = r#"policy p { language 1 }
/// workload streams { when request.stream  deny "no streams" }
/// workload rest { otherwise  deny "closed" }"#;
/// let coverage = Arc::new(Coverage::new());
/// let file = coverage.file("p.fare", text);
///
/// let policy = PolicySet::parse([("p.fare", text)]).unwrap();
/// let engine = Engine::new(policy, Catalog::new(Vec::new()).unwrap()).unwrap();
/// let watched = engine.watched(Coverage::watch(&coverage, vec![Some(file)]));
/// let context = Context::new("2026-11-23T10:00:00Z".parse().unwrap());
/// coverage.decision(&watched.decide(&Request::new("r1", 100), &context));
///
/// let report = coverage.report();
/// assert_eq!(report.rules(), (1, 2));
/// let condition = &report.files[0].conditions[0];
/// assert_eq!((condition.seen_true, condition.seen_false, condition.seen_unknown), (0, 1, 0));
/// assert!(report.denials.contains("refused"));
/// ```
#[derive(Debug, Default)]
pub struct Coverage {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    files: Vec<KnownFile>,
    rules: HashMap<Place, u64>,
    conditions: HashMap<Place, [u64; 3]>,
    reasons: BTreeSet<String>,
    denials: BTreeSet<&'static str>,
}

/// File, first byte, end.
type Place = (usize, u32, u32);

#[derive(Debug)]
struct KnownFile {
    name: String,
    text: String,
}

/// Where in the list [`Seen::conditions`] a truth counts.
const TRUE: usize = 0;
const FALSE: usize = 1;
const UNKNOWN: usize = 2;

impl Coverage {
    /// Returns an empty count.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a policy file, whether a test uses it or not, and returns its number. The same name and text is the same file.
    pub fn file(&self, name: &str, text: &str) -> usize {
        let mut seen = self.lock();
        if let Some(at) = seen.files.iter().position(|f| f.name == name && f.text == text) {
            return at;
        }
        seen.files.push(KnownFile { name: name.to_owned(), text: text.to_owned() });
        seen.files.len().saturating_sub(1)
    }

    /// Returns who looks on for a policy set: with each of its files the number, or `None` where it is not counted.
    #[must_use]
    pub fn watch(coverage: &Arc<Self>, files: Vec<Option<usize>>) -> Arc<SetWatch> {
        Arc::new(SetWatch { coverage: Arc::clone(coverage), files })
    }

    /// Counts the codes of a decision.
    pub fn decision(&self, decision: &Decision) {
        let (explanation, denial) = match decision {
            Decision::Route(plan) => (&plan.explanation, None),
            Decision::Deny(denial) => (&denial.explanation, Some(denial.code)),
        };
        let mut seen = self.lock();
        seen.denials.extend(denial.map(DenialCode::as_str));
        let reasons = explanation.excluded.iter().flat_map(|e| &e.reasons);
        for reason in reasons {
            if !seen.reasons.contains(&reason.code) {
                seen.reasons.insert(reason.code.clone());
            }
        }
    }

    /// Returns what has been reached so far.
    #[must_use]
    pub fn report(&self) -> Report {
        let seen = self.lock();
        let mut files: Vec<FileCoverage> = (0..).zip(&seen.files).map(|(n, file)| seen.of(n, file)).collect();
        files.sort_by(|a, b| a.name.cmp(&b.name));
        let missing = |known: &mut dyn Iterator<Item = &'static str>, seen: &dyn Fn(&str) -> bool| {
            known.filter(|code| !seen(code)).collect::<BTreeSet<_>>()
        };
        Report {
            files,
            reasons_missing: missing(&mut Reason::CODES.into_iter(), &|c| seen.reasons.contains(c)),
            denials_missing: missing(&mut DenialCode::ALL.into_iter().map(DenialCode::as_str), &|c| {
                seen.denials.contains(c)
            }),
            reasons: seen.reasons.clone(),
            denials: seen.denials.clone(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        // Counts are whole after each line that changes them.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn of(&self, number: usize, file: &KnownFile) -> FileCoverage {
        let mut sources = Sources::new();
        let id = sources.add(file.name.as_str(), file.text.as_str());
        let tree = parse(id, sources.get(id).map_or("", Source::text)).0;
        let place = |at: Span| (number, at.start, at.end);
        let rules = rules(&tree).into_iter().map(|rule| RuleSeen {
            line: sources.place(rule.at).line,
            column: sources.place(rule.at).column,
            times: self.rules.get(&place(rule.at)).copied().unwrap_or(0),
            rule,
        });
        let conditions = conditions(&tree).into_iter().map(|condition| {
            let [seen_true, seen_false, seen_unknown] =
                self.conditions.get(&place(condition.at)).copied().unwrap_or_default();
            ConditionSeen {
                line: sources.place(condition.at).line,
                column: sources.place(condition.at).column,
                text: words(sources.text(condition.at)),
                seen_true,
                seen_false,
                seen_unknown,
                condition,
            }
        });
        FileCoverage { name: file.name.clone(), rules: rules.collect(), conditions: conditions.collect() }
    }
}

/// On one line, whatever the layout.
pub(crate) fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Looks on while one policy set is applied: see [`Coverage::watch`].
#[derive(Debug)]
pub struct SetWatch {
    coverage: Arc<Coverage>,
    files: Vec<Option<usize>>,
}

impl SetWatch {
    fn place(&self, at: Span) -> Option<Place> {
        let FileId(file) = at.file;
        let number = (*self.files.get(usize::from(file))?)?;
        Some((number, at.start, at.end))
    }
}

impl Watch for SetWatch {
    fn condition(&self, at: Span, truth: Option<bool>) {
        let Some(place) = self.place(at) else { return };
        let which = match truth {
            Some(true) => TRUE,
            Some(false) => FALSE,
            None => UNKNOWN,
        };
        if let Some(times) = self.coverage.lock().conditions.entry(place).or_default().get_mut(which) {
            *times = times.saturating_add(1);
        }
    }

    fn rule(&self, at: Span) {
        let Some(place) = self.place(at) else { return };
        let mut seen = self.coverage.lock();
        let times = seen.rules.entry(place).or_default();
        *times = times.saturating_add(1);
    }
}

/// What tests reached.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// By name.
    pub files: Vec<FileCoverage>,
    /// Codes of reasons that excluded somebody.
    pub reasons: BTreeSet<String>,
    /// Those that never did. A policy need not be able to reach each.
    pub reasons_missing: BTreeSet<&'static str>,
    /// Codes of denials.
    pub denials: BTreeSet<&'static str>,
    /// Those with which nobody was denied.
    pub denials_missing: BTreeSet<&'static str>,
}

impl Report {
    /// Returns how many rules were reached, of how many.
    #[must_use]
    pub fn rules(&self) -> (usize, usize) {
        sum(self.files.iter().map(FileCoverage::rules_reached))
    }

    /// Returns how many outcomes of conditions were seen, of how many: true and false of each. Unknown is told beside them and not
    /// counted, since many a fact is never unknown.
    #[must_use]
    pub fn outcomes(&self) -> (usize, usize) {
        sum(self.files.iter().map(FileCoverage::outcomes_seen))
    }

    /// Whether at least this share of rules was reached, in percent. Where there are no rules, all are.
    #[must_use]
    pub fn reaches(&self, percent: u8) -> bool {
        let (reached, all) = self.rules();
        reached.saturating_mul(100) >= all.saturating_mul(usize::from(percent))
    }
}

fn sum(pairs: impl Iterator<Item = (usize, usize)>) -> (usize, usize) {
    pairs.fold((0, 0), |(a, b), (c, d)| (a.saturating_add(c), b.saturating_add(d)))
}

/// What tests reached of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileCoverage {
    /// Its name, as it was given.
    pub name: String,
    /// Its rules, in the order of the text.
    pub rules: Vec<RuleSeen>,
    /// Its conditions, in the order of the text.
    pub conditions: Vec<ConditionSeen>,
}

impl FileCoverage {
    /// Returns how many rules were reached, of how many.
    #[must_use]
    pub fn rules_reached(&self) -> (usize, usize) {
        (self.rules.iter().filter(|r| r.times > 0).count(), self.rules.len())
    }

    /// Returns how many outcomes of conditions were seen, of how many, as [`Report::outcomes`] counts.
    #[must_use]
    pub fn outcomes_seen(&self) -> (usize, usize) {
        let seen = |c: &ConditionSeen| {
            (usize::from(c.seen_true > 0).saturating_add(usize::from(c.seen_false > 0)), 2)
        };
        sum(self.conditions.iter().map(seen))
    }

    /// Returns how often each line with a rule did its work: the most of its rules.
    #[must_use]
    pub fn lines(&self) -> BTreeMap<u32, u64> {
        let mut lines: BTreeMap<u32, u64> = BTreeMap::new();
        for rule in &self.rules {
            let times = lines.entry(rule.line).or_default();
            *times = (*times).max(rule.times);
        }
        lines
    }
}

/// A rule, and how often it did its work.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleSeen {
    /// The rule.
    pub rule: Rule,
    /// Its line, from 1.
    pub line: u32,
    /// Its column, from 1.
    pub column: u32,
    /// How often; 0: no test reached it.
    pub times: u64,
}

/// A condition, and how it came out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConditionSeen {
    /// The condition.
    pub condition: Condition,
    /// Its text, on one line.
    pub text: String,
    /// Its line, from 1.
    pub line: u32,
    /// Its column, from 1.
    pub column: u32,
    /// How often it was true.
    pub seen_true: u64,
    /// How often it was false.
    pub seen_false: u64,
    /// How often it was unknown.
    pub seen_unknown: u64,
}
