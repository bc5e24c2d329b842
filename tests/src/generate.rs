//! Random policies, catalogs, requests and contexts, each drawn from bytes.
//!
//! The names are few, so that rules, rows and requests meet. Every policy loads: the generators know the language from
//! its description, and a test holds them to it. Absent facts are frequent.

mod catalog;
mod context;
mod expr;
pub mod outcomes;
mod policy;
mod request;
mod sections;
mod words;

pub use catalog::{catalog, market, row_id};
pub use context::context;
pub use expr::{Place, expr};
pub use policy::{budget, guardrail, policy};
pub use request::request;
pub use sections::{ceiling_line, rule_line};
pub use words::{ATTRIBUTES, MODELS, PROVIDERS};

/// What a policy declares: the names that its expressions and its data can use.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Declared attributes: `request.tier`, its kind, whether it has a default, whether it narrows a built-in one.
    pub declared: Vec<Declared>,
    /// Groups of models.
    pub model_groups: Vec<String>,
    /// Groups of providers.
    pub provider_groups: Vec<String>,
    /// Whether anything goes: rules that few endpoints pass, sizes at the limits. Tame worlds are those in which plans are
    /// long; both are needed.
    pub wild: bool,
    /// Budgets, for the rows of a context.
    pub budgets: Vec<BudgetShape>,
}

/// A declared attribute.
#[derive(Clone, Debug)]
pub struct Declared {
    /// `request` or `key`.
    pub subject: &'static str,
    /// The part after the dot.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether an absent value counts as something.
    pub default: bool,
    /// Whether the name is a built-in one.
    pub narrows: bool,
}

/// What an attribute holds, and how its values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text; these are some of its values.
    Text(Vocabulary, &'static [&'static str]),
    /// A set of texts.
    Set(Vocabulary, &'static [&'static str]),
    /// `true`, `false`
    Bool,
    /// `200k`
    Count,
    /// `$0.25`
    Money,
    /// `$5 per Mtok`
    Mtok,
    /// `$0.01 per image`
    Image,
    /// `$0.01 per call`
    Call,
    /// `30s`
    Duration,
    /// `99.5%`
    Ratio,
    /// Tokens per second, written as a count.
    Rate,
    /// `2026-12-31`
    Date,
    /// `2026-12-31T18:00:00Z`
    Instant,
    /// `09:00`
    Time,
}

/// How the values of a text are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vocabulary {
    /// Quoted.
    Open,
    /// Quoted, or a group after `in`.
    Models,
    /// Quoted, or a group after `in`.
    Providers,
    /// Bare or quoted.
    Words,
}

/// What the rows of a context need to know of a budget.
#[derive(Clone, Debug)]
pub struct BudgetShape {
    /// Its name.
    pub name: String,
    /// The attributes of its `per`.
    pub per: Vec<String>,
    /// Kind and window of each limit: `spend`, `month`; a `concurrency` has none.
    pub limits: Vec<(&'static str, Option<&'static str>)>,
}
