//! Decisions to JSON.

use std::collections::{BTreeMap, BTreeSet};

use faregate::syntax::Fixed;
use faregate::syntax::ast::{Commit, LimitKind, MoveKind, Partial};
use faregate::{
    Alert, Amount, Attempt, BudgetUse, Credential, Decision, Degraded, Denial, DenialCode, Digests,
    Exclusion, Explanation, Money, Plan, Ratio, Reason, RetryUse, ToolCap, WaiverUse,
};

use crate::{decision_to_json, decision_to_json_pretty, decision_to_node, read_one};

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn about() -> Explanation {
    let mut about = Explanation::new("req-7f3a", Digests::new("blake3:p", "blake3:c", "0.1.0"));
    about.workload = Some("support-chat".into());
    about
}

/// A plan in which every field says something.
pub(super) fn full_plan() -> Decision {
    let mut first = Attempt::new("a/b@north", "a/b", "north");
    first.expected_cost = Some(money("0.00810"));
    first.worst_cost = Some(money("0.0156"));
    first.timeout_ms = Some(30_000);
    first.first_token_ms = Some(5000);
    first.why = vec!["prefer at acme.fare:64:5".into(), "order by price at acme.fare:66:5".into()];
    let mut second = Attempt::new("a/b@south", "a/b", "south");
    second.credential = Credential::Own("corp".into());
    second.tier = 2;
    second.role = Some(MoveKind::Provider);
    second.native_model = Some("b-2026".into());
    second.max_output_tokens = Some(800);
    second.stall_ms = Some(10_000);
    second.drop_parameters = BTreeSet::from(["seed".into()]);
    let mut about = about();
    let mut spend = BudgetUse::new("hard", LimitKind::Spend, Amount::Money(money("2000")), "acme.fare:1:1");
    spend.per = vec![Some("support".into())];
    spend.period = Some("month".into());
    spend.window = Some(("2026-11-01T00:00:00Z".parse().unwrap(), "2026-12-01T00:00:00Z".parse().unwrap()));
    spend.counted = Some(Amount::Money(money("1430.11")));
    spend.remaining = Some(Amount::Money(money("569.89")));
    spend.this_run_at_most = Some(Amount::Money(money("0.0624")));
    let mut calls = BudgetUse::new("quota", LimitKind::Requests, Amount::Count(50), "acme.fare:2:1");
    calls.per = vec![Some("a".into()), None];
    let runs = BudgetUse::new("runs", LimitKind::Concurrency, Amount::Count(8), "acme.fare:3:1");
    about.budgets = vec![spend, calls, runs];
    about.alerts = vec![Alert::new("hard", Ratio("0.5".parse::<Fixed>().unwrap()))];
    about.degraded = vec![Degraded::new("soft", "chat", "economy", "acme.fare:4:1")];
    let mut reason = Reason::new("guardrail g", "guardrail", "endpoint.zdr is false");
    reason.at = Some("acme.fare:24:3".into());
    let reasons = vec![reason, Reason::new("built-in", "health", "down")];
    about.excluded = vec![Exclusion::new("a/c@east", Credential::Shared, reasons)];
    about.waivers = vec![WaiverUse::new("free", "acme.fare:30:1", "2026-12-31", vec!["a/b@south".into()])];
    about.aliases = BTreeMap::from([("b".into(), "a/b".into())]);
    about.ignored_budget_rows = BTreeSet::from(["old".into()]);
    let mut plan = Plan::new(vec![first, second], about);
    plan.expected_cost = Some(money("0.0081"));
    plan.calls_at_most = 4;
    plan.deadline_ms = Some(45_000);
    let mut retry = RetryUse::new("rate_limit", 2, "acme.fare:85:5");
    retry.wait = Some("retry_after up to 30s".into());
    plan.retry = vec![retry, RetryUse::new("network", 1, "acme.fare:86:5")];
    plan.tools = BTreeMap::from([("web_search".into(), ToolCap { calls: 3, results: Some(5) })]);
    plan.iterations = Some(8);
    plan.commit = Commit::End;
    plan.partial = Partial::Discard;
    Decision::Route(Box::new(plan))
}

pub(super) fn denial() -> Decision {
    let mut denial = Denial::new(DenialCode::Quota, "the quota is used up", about());
    denial.rule = Some("budget quota".into());
    denial.at = Some("acme.fare:2:1".into());
    denial.opens_at = Some("2026-11-24T00:00:00Z".parse().unwrap());
    Decision::Deny(Box::new(denial))
}

#[test]
fn a_plan_has_the_shape_of_the_contract() {
    let expected = concat!(
        r#"{"outcome":"route","request":"req-7f3a","workload":"support-chat","attempts":["#,
        r#"{"endpoint":"a/b@north","model":"a/b","provider":"north","credential":{"kind":"shared"},"tier":1,"#,
        r#""role":"primary","cost":{"expected":"0.0081","worst":"0.0156"},"timeout_ms":30000,"first_token_ms":5000,"#,
        r#""drop_parameters":[],"why":["prefer at acme.fare:64:5","order by price at acme.fare:66:5"],"#,
        r#""native_model":null,"max_output_tokens":null,"stall_ms":null},"#,
        r#"{"endpoint":"a/b@south","model":"a/b","provider":"south","credential":{"kind":"own","key":"corp"},"tier":2,"#,
        r#""role":"provider_fallback","cost":{"expected":null,"worst":null},"timeout_ms":null,"first_token_ms":null,"#,
        r#""drop_parameters":["seed"],"why":[],"native_model":"b-2026","max_output_tokens":800,"stall_ms":10000}],"#,
        r#""cost":{"expected":"0.0081","worst":null},"calls_at_most":4,"deadline_ms":45000,"#,
        r#""disable_client_retries":true,"#,
        r#""retry":[{"on":"rate_limit","times":2,"at":"acme.fare:85:5","wait":"retry_after up to 30s"},"#,
        r#"{"on":"network","times":1,"at":"acme.fare:86:5","wait":null}],"#,
        r#""tools":{"web_search":{"calls":3,"results":5},"iterations":8},"#,
        r#""stream":{"commit":"end","partial":"discard"},"budgets":["#,
        r#"{"budget":"hard","per":"support","window":["2026-11-01T00:00:00Z","2026-12-01T00:00:00Z"],"limit":"2000","#,
        r#""counted":"1430.11","remaining":"569.89","this_run_at_most":"0.0624","kind":"spend","period":"month","#,
        r#""at":"acme.fare:1:1"},"#,
        r#"{"budget":"quota","per":["a",null],"window":null,"limit":50,"counted":null,"remaining":null,"#,
        r#""this_run_at_most":null,"kind":"requests","period":null,"at":"acme.fare:2:1"},"#,
        r#"{"budget":"runs","per":null,"window":null,"limit":8,"counted":null,"remaining":null,"#,
        r#""this_run_at_most":null,"kind":"concurrency","period":null,"at":"acme.fare:3:1"}],"#,
        r#""alerts":[{"budget":"hard","reached":"50%"}],"#,
        r#""degraded":[{"budget":"soft","from":"chat","to":"economy","at":"acme.fare:4:1"}],"#,
        r#""excluded":[{"endpoint":"a/c@east","credential":{"kind":"shared"},"reasons":["#,
        r#"{"rule":"guardrail g","code":"guardrail","detail":"endpoint.zdr is false","at":"acme.fare:24:3"},"#,
        r#"{"rule":"built-in","code":"health","detail":"down","at":null}]}],"#,
        r#""waivers":[{"guardrail":"free","at":"acme.fare:30:1","until":"2026-12-31","endpoints":["a/b@south"]}],"#,
        r#""aliases":[{"alias":"b","model":"a/b"}],"ignored_budget_rows":["old"],"#,
        r#""digests":{"policy":"blake3:p","catalog":"blake3:c","engine":"0.1.0"}}"#,
    );
    assert_eq!(decision_to_json(&full_plan()), expected);
}

#[test]
fn a_plan_that_caps_no_tools_says_so() {
    let plan = Decision::Route(Box::new(Plan::new(vec![], about())));
    let node = decision_to_node(&plan);
    assert_eq!(node.get("tools").unwrap().to_json(), r#"{"iterations":null}"#);
    assert_eq!(node.get("cost").unwrap().to_json(), r#"{"expected":null,"worst":null}"#);
    assert_eq!(
        node.get("stream").unwrap().to_json(),
        r#"{"commit":"first_token","partial":"mark_incomplete"}"#
    );
}

#[test]
fn a_denial_has_the_shape_of_the_contract() {
    let expected = concat!(
        r#"{"outcome":"deny","request":"req-7f3a","workload":"support-chat","denial":{"code":"quota","status":429,"#,
        r#""rule":"budget quota","at":"acme.fare:2:1","message":"the quota is used up","#,
        r#""opens_at":"2026-11-24T00:00:00Z","nearest":null,"advice":"slow_down"},"#,
        r#""budgets":[],"alerts":[],"degraded":[],"excluded":[],"waivers":[],"aliases":[],"ignored_budget_rows":[],"#,
        r#""digests":{"policy":"blake3:p","catalog":"blake3:c","engine":"0.1.0"}}"#,
    );
    assert_eq!(decision_to_json(&denial()), expected);
}

#[test]
fn all_forms_say_the_same() {
    for decision in [full_plan(), denial()] {
        let node = decision_to_node(&decision);
        assert_eq!(node.to_json(), decision_to_json(&decision));
        assert_eq!(read_one(&decision_to_json_pretty(&decision)).unwrap(), node);
    }
}
