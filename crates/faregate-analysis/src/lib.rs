//! Questions about policies that no decision asks: what their tests reach, which change of a policy no test notices, and whether
//! its invariants hold for every request.
//!
//! Nothing here reads a file or decides when to stop: texts come in, findings go out as data, and whoever runs the tests
//! says what came of them.

mod backstop;
mod coverage;
mod lcov;
mod mutate;
mod prove;
mod rules;

pub use coverage::{ConditionSeen, Coverage, FileCoverage, Report, RuleSeen, SetWatch};
pub use lcov::lcov;
pub use mutate::{Change, Mutant, Verdict, mutants};
pub use prove::{
    Counterexample, DecisionChange, Depth, Difference, Differences, Direction, Findings, NotRuledOut,
    Outcome, Proof, Unsettled, check, decide_alike, diff, findings, prove,
};
pub use rules::{Condition, Rule, conditions, rules};
