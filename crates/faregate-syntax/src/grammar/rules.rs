//! The rules of `grammar/faregate.pest`, as data. Made by the tests of the module above: `UPDATE=1 cargo test -p faregate-syntax`.

use super::Expr::{Ahead, Any, Choice, End, Opt, Range, Rep, RepOnce, Seq, Start, Str, Until};
use super::Kind::{Atomic, Blank, Compound, Normal, Silent};
use super::{Expr, Kind};

#[rustfmt::skip]
#[allow(dead_code, reason = "some stand only in other rules")]
#[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "the names of the grammar")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Rule {
    WHITESPACE,
    COMMENT,
    rest_of_line,
    file,
    item,
    item_word,
    item_next,
    policy,
    policy_head,
    policy_line,
    policy_next,
    policy_word,
    policy_statement,
    language,
    owner,
    version,
    declare,
    declare_head,
    declare_line,
    declare_next,
    declare_statement,
    declared_type,
    one_of,
    set_of,
    default,
    constant,
    plain_word,
    group,
    group_line,
    group_kind,
    guardrail,
    guardrail_head,
    guardrail_line,
    guardrail_next,
    guardrail_word,
    guardrail_statement,
    when,
    require,
    forbid,
    because,
    waivable_in,
    waive,
    waive_head,
    waive_line,
    waive_next,
    waive_word,
    waive_statement,
    until,
    approved,
    budget,
    budget_head,
    budget_line,
    budget_next,
    budget_word,
    budget_statement,
    covers,
    per,
    limits,
    limit_kind,
    limit,
    window,
    window_word,
    total,
    byok,
    reserve,
    alert,
    on_exhausted,
    exhausted,
    use_workload,
    alert_only,
    workload,
    workload_head,
    workload_line,
    workload_next,
    workload_word,
    workload_statement,
    otherwise,
    deny,
    use_profile,
    profile,
    profile_head,
    profile_line,
    profile_next,
    profile_word,
    profile_statement,
    section,
    fallback_none,
    retry_none,
    route,
    route_line,
    route_next,
    route_word,
    route_statement,
    models,
    tier,
    requested,
    entry,
    prefer,
    order_by,
    balance,
    by_price,
    share,
    sticky,
    credentials,
    credential_mode,
    own_first,
    shared_first,
    own_only,
    shared_only,
    tolerate,
    parameter,
    ceiling,
    ceiling_line,
    ceiling_next,
    ceiling_statement,
    tool_ceiling,
    ceiling_name,
    amount,
    unknown_unit,
    condition,
    fallback,
    fallback_line,
    fallback_next,
    fallback_word,
    fallback_statement,
    other,
    move_kind,
    at_most_moves,
    price_at_most,
    classes,
    class,
    retry,
    retry_line,
    retry_next,
    retry_word,
    retry_statement,
    retry_rule,
    retry_after,
    up_to,
    backoff,
    exponential,
    jitter,
    at_most_calls,
    timeout,
    first_token,
    stall,
    deadline,
    health,
    health_line,
    health_next,
    health_word,
    health_statement,
    cool,
    cooldown,
    probe,
    stream,
    stream_line,
    stream_next,
    stream_word,
    stream_statement,
    commit,
    partial,
    tools,
    tools_line,
    tools_next,
    tools_statement,
    iterations,
    tool,
    results,
    tool_name,
    invariant,
    invariant_head,
    invariant_line,
    invariant_next,
    invariant_word,
    invariant_statement,
    for_workload,
    for_requests,
    always,
    claim,
    at_least,
    counted,
    cost,
    calls,
    expr,
    conjunction,
    negation,
    primary,
    paren,
    present,
    comparison,
    left_word,
    relation,
    compare,
    is_in,
    between,
    includes,
    any_of,
    all_of,
    matches,
    values,
    value,
    zone,
    operator,
    truth,
    attribute,
    subject,
    attribute_name,
    word,
    name,
    group_name,
    order_key,
    any_word,
    word_start,
    word_character,
    end_of_word,
    reserved,
    literal,
    price,
    unit,
    money,
    ratio,
    count,
    duration,
    date,
    instant,
    time_of_day,
    number,
    calendar_day,
    clock,
    two,
    end_of_literal,
    string,
    escape,
    open,
    close,
    open_paren,
    close_paren,
    comma,
    equals,
    kw_and,
    kw_or,
    kw_not,
    kw_in,
    kw_between,
    kw_includes,
    kw_any,
    kw_all,
    kw_of,
    kw_matches,
    kw_present,
    kw_true,
    kw_false,
    kw_none,
    kw_requested,
    kw_then,
    kw_otherwise,
    kw_policy,
    kw_declare,
    kw_group,
    kw_guardrail,
    kw_waive,
    kw_budget,
    kw_profile,
    kw_workload,
    kw_invariant,
    kw_language,
    kw_owner,
    kw_version,
    kw_one_of,
    kw_set_of,
    kw_text,
    kw_bool,
    kw_count,
    kw_money,
    kw_duration,
    kw_default,
    kw_models,
    kw_providers,
    kw_when,
    kw_require,
    kw_forbid,
    kw_because,
    kw_waivable,
    kw_until,
    kw_approved,
    kw_covers,
    kw_per,
    kw_spend,
    kw_requests,
    kw_tokens,
    kw_concurrency,
    kw_byok,
    kw_reserve,
    kw_alert,
    kw_on,
    kw_included,
    kw_excluded,
    kw_for,
    kw_at,
    kw_exhausted,
    kw_deny,
    kw_use,
    kw_only,
    kw_route,
    kw_ceiling,
    kw_fallback,
    kw_retry,
    kw_health,
    kw_stream,
    kw_tools,
    kw_prefer,
    kw_order,
    kw_balance,
    kw_credentials,
    kw_tolerate,
    kw_within,
    kw_by,
    kw_price,
    kw_sticky,
    kw_own,
    kw_shared,
    kw_tool,
    kw_other,
    kw_provider,
    kw_model,
    kw_credential,
    kw_most,
    kw_moves,
    kw_move,
    kw_first,
    kw_timeout,
    kw_first_token,
    kw_stall,
    kw_deadline,
    kw_times,
    kw_time,
    kw_wait,
    kw_retry_after,
    kw_else,
    kw_up,
    kw_to,
    kw_exponential,
    kw_from,
    kw_jitter,
    kw_full,
    kw_equal,
    kw_calls,
    kw_call,
    kw_cool,
    kw_probe,
    kw_after,
    kw_failures,
    kw_failure,
    kw_request,
    kw_commit,
    kw_partial,
    kw_end,
    kw_mark_incomplete,
    kw_discard,
    kw_iterations,
    kw_results,
    kw_result,
    kw_always,
    kw_least,
    kw_served,
    kw_denied,
    kw_cost,
    kw_endpoints,
    kw_endpoint,
    EOI,
}

pub(super) const WHITESPACE: Rule = Rule::WHITESPACE;
pub(super) const COMMENT: Rule = Rule::COMMENT;

#[cfg(test)]
#[rustfmt::skip]
pub(super) static ALL: [Rule; 370] = [
    Rule::WHITESPACE,
    Rule::COMMENT,
    Rule::rest_of_line,
    Rule::file,
    Rule::item,
    Rule::item_word,
    Rule::item_next,
    Rule::policy,
    Rule::policy_head,
    Rule::policy_line,
    Rule::policy_next,
    Rule::policy_word,
    Rule::policy_statement,
    Rule::language,
    Rule::owner,
    Rule::version,
    Rule::declare,
    Rule::declare_head,
    Rule::declare_line,
    Rule::declare_next,
    Rule::declare_statement,
    Rule::declared_type,
    Rule::one_of,
    Rule::set_of,
    Rule::default,
    Rule::constant,
    Rule::plain_word,
    Rule::group,
    Rule::group_line,
    Rule::group_kind,
    Rule::guardrail,
    Rule::guardrail_head,
    Rule::guardrail_line,
    Rule::guardrail_next,
    Rule::guardrail_word,
    Rule::guardrail_statement,
    Rule::when,
    Rule::require,
    Rule::forbid,
    Rule::because,
    Rule::waivable_in,
    Rule::waive,
    Rule::waive_head,
    Rule::waive_line,
    Rule::waive_next,
    Rule::waive_word,
    Rule::waive_statement,
    Rule::until,
    Rule::approved,
    Rule::budget,
    Rule::budget_head,
    Rule::budget_line,
    Rule::budget_next,
    Rule::budget_word,
    Rule::budget_statement,
    Rule::covers,
    Rule::per,
    Rule::limits,
    Rule::limit_kind,
    Rule::limit,
    Rule::window,
    Rule::window_word,
    Rule::total,
    Rule::byok,
    Rule::reserve,
    Rule::alert,
    Rule::on_exhausted,
    Rule::exhausted,
    Rule::use_workload,
    Rule::alert_only,
    Rule::workload,
    Rule::workload_head,
    Rule::workload_line,
    Rule::workload_next,
    Rule::workload_word,
    Rule::workload_statement,
    Rule::otherwise,
    Rule::deny,
    Rule::use_profile,
    Rule::profile,
    Rule::profile_head,
    Rule::profile_line,
    Rule::profile_next,
    Rule::profile_word,
    Rule::profile_statement,
    Rule::section,
    Rule::fallback_none,
    Rule::retry_none,
    Rule::route,
    Rule::route_line,
    Rule::route_next,
    Rule::route_word,
    Rule::route_statement,
    Rule::models,
    Rule::tier,
    Rule::requested,
    Rule::entry,
    Rule::prefer,
    Rule::order_by,
    Rule::balance,
    Rule::by_price,
    Rule::share,
    Rule::sticky,
    Rule::credentials,
    Rule::credential_mode,
    Rule::own_first,
    Rule::shared_first,
    Rule::own_only,
    Rule::shared_only,
    Rule::tolerate,
    Rule::parameter,
    Rule::ceiling,
    Rule::ceiling_line,
    Rule::ceiling_next,
    Rule::ceiling_statement,
    Rule::tool_ceiling,
    Rule::ceiling_name,
    Rule::amount,
    Rule::unknown_unit,
    Rule::condition,
    Rule::fallback,
    Rule::fallback_line,
    Rule::fallback_next,
    Rule::fallback_word,
    Rule::fallback_statement,
    Rule::other,
    Rule::move_kind,
    Rule::at_most_moves,
    Rule::price_at_most,
    Rule::classes,
    Rule::class,
    Rule::retry,
    Rule::retry_line,
    Rule::retry_next,
    Rule::retry_word,
    Rule::retry_statement,
    Rule::retry_rule,
    Rule::retry_after,
    Rule::up_to,
    Rule::backoff,
    Rule::exponential,
    Rule::jitter,
    Rule::at_most_calls,
    Rule::timeout,
    Rule::first_token,
    Rule::stall,
    Rule::deadline,
    Rule::health,
    Rule::health_line,
    Rule::health_next,
    Rule::health_word,
    Rule::health_statement,
    Rule::cool,
    Rule::cooldown,
    Rule::probe,
    Rule::stream,
    Rule::stream_line,
    Rule::stream_next,
    Rule::stream_word,
    Rule::stream_statement,
    Rule::commit,
    Rule::partial,
    Rule::tools,
    Rule::tools_line,
    Rule::tools_next,
    Rule::tools_statement,
    Rule::iterations,
    Rule::tool,
    Rule::results,
    Rule::tool_name,
    Rule::invariant,
    Rule::invariant_head,
    Rule::invariant_line,
    Rule::invariant_next,
    Rule::invariant_word,
    Rule::invariant_statement,
    Rule::for_workload,
    Rule::for_requests,
    Rule::always,
    Rule::claim,
    Rule::at_least,
    Rule::counted,
    Rule::cost,
    Rule::calls,
    Rule::expr,
    Rule::conjunction,
    Rule::negation,
    Rule::primary,
    Rule::paren,
    Rule::present,
    Rule::comparison,
    Rule::left_word,
    Rule::relation,
    Rule::compare,
    Rule::is_in,
    Rule::between,
    Rule::includes,
    Rule::any_of,
    Rule::all_of,
    Rule::matches,
    Rule::values,
    Rule::value,
    Rule::zone,
    Rule::operator,
    Rule::truth,
    Rule::attribute,
    Rule::subject,
    Rule::attribute_name,
    Rule::word,
    Rule::name,
    Rule::group_name,
    Rule::order_key,
    Rule::any_word,
    Rule::word_start,
    Rule::word_character,
    Rule::end_of_word,
    Rule::reserved,
    Rule::literal,
    Rule::price,
    Rule::unit,
    Rule::money,
    Rule::ratio,
    Rule::count,
    Rule::duration,
    Rule::date,
    Rule::instant,
    Rule::time_of_day,
    Rule::number,
    Rule::calendar_day,
    Rule::clock,
    Rule::two,
    Rule::end_of_literal,
    Rule::string,
    Rule::escape,
    Rule::open,
    Rule::close,
    Rule::open_paren,
    Rule::close_paren,
    Rule::comma,
    Rule::equals,
    Rule::kw_and,
    Rule::kw_or,
    Rule::kw_not,
    Rule::kw_in,
    Rule::kw_between,
    Rule::kw_includes,
    Rule::kw_any,
    Rule::kw_all,
    Rule::kw_of,
    Rule::kw_matches,
    Rule::kw_present,
    Rule::kw_true,
    Rule::kw_false,
    Rule::kw_none,
    Rule::kw_requested,
    Rule::kw_then,
    Rule::kw_otherwise,
    Rule::kw_policy,
    Rule::kw_declare,
    Rule::kw_group,
    Rule::kw_guardrail,
    Rule::kw_waive,
    Rule::kw_budget,
    Rule::kw_profile,
    Rule::kw_workload,
    Rule::kw_invariant,
    Rule::kw_language,
    Rule::kw_owner,
    Rule::kw_version,
    Rule::kw_one_of,
    Rule::kw_set_of,
    Rule::kw_text,
    Rule::kw_bool,
    Rule::kw_count,
    Rule::kw_money,
    Rule::kw_duration,
    Rule::kw_default,
    Rule::kw_models,
    Rule::kw_providers,
    Rule::kw_when,
    Rule::kw_require,
    Rule::kw_forbid,
    Rule::kw_because,
    Rule::kw_waivable,
    Rule::kw_until,
    Rule::kw_approved,
    Rule::kw_covers,
    Rule::kw_per,
    Rule::kw_spend,
    Rule::kw_requests,
    Rule::kw_tokens,
    Rule::kw_concurrency,
    Rule::kw_byok,
    Rule::kw_reserve,
    Rule::kw_alert,
    Rule::kw_on,
    Rule::kw_included,
    Rule::kw_excluded,
    Rule::kw_for,
    Rule::kw_at,
    Rule::kw_exhausted,
    Rule::kw_deny,
    Rule::kw_use,
    Rule::kw_only,
    Rule::kw_route,
    Rule::kw_ceiling,
    Rule::kw_fallback,
    Rule::kw_retry,
    Rule::kw_health,
    Rule::kw_stream,
    Rule::kw_tools,
    Rule::kw_prefer,
    Rule::kw_order,
    Rule::kw_balance,
    Rule::kw_credentials,
    Rule::kw_tolerate,
    Rule::kw_within,
    Rule::kw_by,
    Rule::kw_price,
    Rule::kw_sticky,
    Rule::kw_own,
    Rule::kw_shared,
    Rule::kw_tool,
    Rule::kw_other,
    Rule::kw_provider,
    Rule::kw_model,
    Rule::kw_credential,
    Rule::kw_most,
    Rule::kw_moves,
    Rule::kw_move,
    Rule::kw_first,
    Rule::kw_timeout,
    Rule::kw_first_token,
    Rule::kw_stall,
    Rule::kw_deadline,
    Rule::kw_times,
    Rule::kw_time,
    Rule::kw_wait,
    Rule::kw_retry_after,
    Rule::kw_else,
    Rule::kw_up,
    Rule::kw_to,
    Rule::kw_exponential,
    Rule::kw_from,
    Rule::kw_jitter,
    Rule::kw_full,
    Rule::kw_equal,
    Rule::kw_calls,
    Rule::kw_call,
    Rule::kw_cool,
    Rule::kw_probe,
    Rule::kw_after,
    Rule::kw_failures,
    Rule::kw_failure,
    Rule::kw_request,
    Rule::kw_commit,
    Rule::kw_partial,
    Rule::kw_end,
    Rule::kw_mark_incomplete,
    Rule::kw_discard,
    Rule::kw_iterations,
    Rule::kw_results,
    Rule::kw_result,
    Rule::kw_always,
    Rule::kw_least,
    Rule::kw_served,
    Rule::kw_denied,
    Rule::kw_cost,
    Rule::kw_endpoints,
    Rule::kw_endpoint,
];

#[rustfmt::skip]
pub(super) static RULES: [(Kind, Expr); 370] = [
    // WHITESPACE
    (Blank, Choice(&[Str(" "), Str("\t"), Str("\r"), Str("\n")])),
    // COMMENT
    (Blank, Seq(&[Str("//"), Expr::Rule(Rule::rest_of_line)])),
    // rest_of_line
    (Atomic, Until(&["\n"])),
    // file
    (Normal, Seq(&[Start, Opt(&Str("\u{feff}")), Rep(&Expr::Rule(Rule::item)), End])),
    // item
    (Silent, Choice(&[Expr::Rule(Rule::policy), Expr::Rule(Rule::declare), Expr::Rule(Rule::group), Expr::Rule(Rule::guardrail), Expr::Rule(Rule::waive), Expr::Rule(Rule::budget), Expr::Rule(Rule::profile), Expr::Rule(Rule::workload), Expr::Rule(Rule::invariant)])),
    // item_word
    (Normal, Choice(&[Expr::Rule(Rule::kw_policy), Expr::Rule(Rule::kw_declare), Expr::Rule(Rule::kw_group), Expr::Rule(Rule::kw_guardrail), Expr::Rule(Rule::kw_waive), Expr::Rule(Rule::kw_budget), Expr::Rule(Rule::kw_profile), Expr::Rule(Rule::kw_workload), Expr::Rule(Rule::kw_invariant)])),
    // item_next
    (Normal, Ahead(true, &Choice(&[Expr::Rule(Rule::item_word), End]))),
    // policy
    (Normal, Seq(&[Expr::Rule(Rule::policy_head), Rep(&Expr::Rule(Rule::policy_statement)), Expr::Rule(Rule::close)])),
    // policy_head
    (Normal, Seq(&[Expr::Rule(Rule::kw_policy), Expr::Rule(Rule::name), Expr::Rule(Rule::open)])),
    // policy_line
    (Normal, Seq(&[Expr::Rule(Rule::policy_statement), Expr::Rule(Rule::policy_next)])),
    // policy_next
    (Normal, Ahead(true, &Choice(&[Expr::Rule(Rule::policy_word), End]))),
    // policy_word
    (Normal, Choice(&[Expr::Rule(Rule::kw_language), Expr::Rule(Rule::kw_owner), Expr::Rule(Rule::kw_version)])),
    // policy_statement
    (Normal, Choice(&[Expr::Rule(Rule::language), Expr::Rule(Rule::owner), Expr::Rule(Rule::version)])),
    // language
    (Normal, Seq(&[Expr::Rule(Rule::kw_language), Expr::Rule(Rule::literal)])),
    // owner
    (Normal, Seq(&[Expr::Rule(Rule::kw_owner), Expr::Rule(Rule::string)])),
    // version
    (Normal, Seq(&[Expr::Rule(Rule::kw_version), Expr::Rule(Rule::string)])),
    // declare
    (Normal, Seq(&[Expr::Rule(Rule::declare_head), Rep(&Expr::Rule(Rule::declare_statement)), Expr::Rule(Rule::close)])),
    // declare_head
    (Normal, Seq(&[Expr::Rule(Rule::kw_declare), Expr::Rule(Rule::open)])),
    // declare_line
    (Normal, Seq(&[Expr::Rule(Rule::declare_statement), Expr::Rule(Rule::declare_next)])),
    // declare_next
    (Normal, Ahead(true, &Choice(&[Expr::Rule(Rule::attribute), End]))),
    // declare_statement
    (Normal, Seq(&[Expr::Rule(Rule::attribute), Expr::Rule(Rule::declared_type), Opt(&Expr::Rule(Rule::default))])),
    // declared_type
    (Normal, Choice(&[Expr::Rule(Rule::one_of), Expr::Rule(Rule::set_of), Expr::Rule(Rule::kw_text), Expr::Rule(Rule::kw_bool), Expr::Rule(Rule::kw_count), Expr::Rule(Rule::kw_money), Expr::Rule(Rule::kw_duration)])),
    // one_of
    (Normal, Seq(&[Expr::Rule(Rule::kw_one_of), Expr::Rule(Rule::constant), Rep(&Seq(&[Expr::Rule(Rule::comma), Expr::Rule(Rule::constant)]))])),
    // set_of
    (Normal, Seq(&[Expr::Rule(Rule::kw_set_of), Expr::Rule(Rule::constant), Rep(&Seq(&[Expr::Rule(Rule::comma), Expr::Rule(Rule::constant)]))])),
    // default
    (Normal, Seq(&[Expr::Rule(Rule::kw_default), Choice(&[Expr::Rule(Rule::kw_none), Seq(&[Expr::Rule(Rule::constant), Rep(&Seq(&[Expr::Rule(Rule::comma), Expr::Rule(Rule::constant)]))])])])),
    // constant
    (Normal, Choice(&[Expr::Rule(Rule::literal), Expr::Rule(Rule::truth), Expr::Rule(Rule::string), Expr::Rule(Rule::plain_word)])),
    // plain_word
    (Atomic, Seq(&[Expr::Rule(Rule::any_word), Ahead(false, &Str("."))])),
    // group
    (Normal, Seq(&[Expr::Rule(Rule::kw_group), Expr::Rule(Rule::name), Expr::Rule(Rule::equals), Expr::Rule(Rule::group_kind), Expr::Rule(Rule::string), Rep(&Seq(&[Expr::Rule(Rule::comma), Expr::Rule(Rule::string)]))])),
    // group_line
    (Normal, Seq(&[Expr::Rule(Rule::group), Expr::Rule(Rule::item_next)])),
    // group_kind
    (Normal, Choice(&[Expr::Rule(Rule::kw_models), Expr::Rule(Rule::kw_providers)])),
    // guardrail
    (Normal, Seq(&[Expr::Rule(Rule::guardrail_head), Rep(&Expr::Rule(Rule::guardrail_statement)), Expr::Rule(Rule::close)])),
    // guardrail_head
    (Normal, Seq(&[Expr::Rule(Rule::kw_guardrail), Expr::Rule(Rule::name), Expr::Rule(Rule::open)])),
    // guardrail_line
    (Normal, Seq(&[Expr::Rule(Rule::guardrail_statement), Expr::Rule(Rule::guardrail_next)])),
    // guardrail_next
    (Normal, Ahead(true, &Choice(&[Expr::Rule(Rule::guardrail_word), End]))),
    // guardrail_word
    (Normal, Choice(&[Expr::Rule(Rule::kw_when), Expr::Rule(Rule::kw_require), Expr::Rule(Rule::kw_forbid), Expr::Rule(Rule::kw_because), Expr::Rule(Rule::kw_waivable)])),
    // guardrail_statement
    (Normal, Choice(&[Expr::Rule(Rule::when), Expr::Rule(Rule::require), Expr::Rule(Rule::forbid), Expr::Rule(Rule::because), Expr::Rule(Rule::waivable_in)])),
    // when
    (Normal, Seq(&[Expr::Rule(Rule::kw_when), Expr::Rule(Rule::expr)])),
    // require
    (Normal, Seq(&[Expr::Rule(Rule::kw_require), Expr::Rule(Rule::expr)])),
    // forbid
    (Normal, Seq(&[Expr::Rule(Rule::kw_forbid), Expr::Rule(Rule::expr)])),
    // because
    (Normal, Seq(&[Expr::Rule(Rule::kw_because), Expr::Rule(Rule::string)])),
    // waivable_in
    (Normal, Seq(&[Expr::Rule(Rule::kw_waivable), Expr::Rule(Rule::kw_in), Expr::Rule(Rule::string)])),
    // waive
    (Normal, Seq(&[Expr::Rule(Rule::waive_head), Rep(&Expr::Rule(Rule::waive_statement)), Expr::Rule(Rule::close)])),
    // waive_head
    (Normal, Seq(&[Expr::Rule(Rule::kw_waive), Expr::Rule(Rule::name), Expr::Rule(Rule::open)])),
    // waive_line
    (Normal, Seq(&[Expr::Rule(Rule::waive_statement), Expr::Rule(Rule::waive_next)])),
    // waive_next
    (Normal, Ahead(true, &Choice(&[Expr::Rule(Rule::waive_word), End]))),
    // waive_word
    (Normal, Choice(&[Expr::Rule(Rule::kw_when), Expr::Rule(Rule::kw_until), Expr::Rule(Rule::kw_approved), Expr::Rule(Rule::kw_because)])),
    // waive_statement
    (Normal, Choice(&[Expr::Rule(Rule::when), Expr::Rule(Rule::until), Expr::Rule(Rule::approved), Expr::Rule(Rule::because)])),
    // until
    (Normal, Seq(&[Expr::Rule(Rule::kw_until), Expr::Rule(Rule::literal)])),
    // approved
    (Normal, Seq(&[Expr::Rule(Rule::kw_approved), Expr::Rule(Rule::string)])),
    // budget
    (Normal, Seq(&[Expr::Rule(Rule::budget_head), Rep(&Expr::Rule(Rule::budget_statement)), Expr::Rule(Rule::close)])),
    // budget_head
    (Normal, Seq(&[Expr::Rule(Rule::kw_budget), Expr::Rule(Rule::name), Expr::Rule(Rule::open)])),
    // budget_line
    (Normal, Seq(&[Expr::Rule(Rule::budget_statement), Expr::Rule(Rule::budget_next)])),
    // budget_next
    (Normal, Ahead(true, &Choice(&[Expr::Rule(Rule::budget_word), End]))),
    // budget_word
    (Normal, Choice(&[Expr::Rule(Rule::kw_when), Expr::Rule(Rule::kw_covers), Expr::Rule(Rule::kw_per), Expr::Rule(Rule::kw_spend), Expr::Rule(Rule::kw_requests), Expr::Rule(Rule::kw_tokens), Expr::Rule(Rule::kw_concurrency), Expr::Rule(Rule::kw_byok), Expr::Rule(Rule::kw_reserve), Expr::Rule(Rule::kw_alert), Expr::Rule(Rule::kw_on)])),
    // budget_statement
    (Normal, Choice(&[Expr::Rule(Rule::when), Expr::Rule(Rule::covers), Expr::Rule(Rule::per), Expr::Rule(Rule::limits), Expr::Rule(Rule::byok), Expr::Rule(Rule::reserve), Expr::Rule(Rule::alert), Expr::Rule(Rule::on_exhausted)])),
    // covers
    (Normal, Seq(&[Expr::Rule(Rule::kw_covers), Expr::Rule(Rule::expr)])),
    // per
    (Normal, Seq(&[Expr::Rule(Rule::kw_per), Expr::Rule(Rule::attribute), Rep(&Seq(&[Expr::Rule(Rule::comma), Expr::Rule(Rule::attribute)]))])),
    // limits
    (Normal, Seq(&[Expr::Rule(Rule::limit_kind), Expr::Rule(Rule::limit), Rep(&Seq(&[Expr::Rule(Rule::comma), Expr::Rule(Rule::limit)]))])),
    // limit_kind
    (Normal, Choice(&[Expr::Rule(Rule::kw_spend), Expr::Rule(Rule::kw_requests), Expr::Rule(Rule::kw_tokens), Expr::Rule(Rule::kw_concurrency)])),
    // limit
    (Normal, Seq(&[Expr::Rule(Rule::literal), Opt(&Seq(&[Expr::Rule(Rule::window), Opt(&Expr::Rule(Rule::zone))]))])),
    // window
    (Normal, Choice(&[Seq(&[Expr::Rule(Rule::kw_per), Expr::Rule(Rule::window_word)]), Expr::Rule(Rule::total)])),
    // window_word
    (Atomic, Seq(&[Ahead(false, &Expr::Rule(Rule::budget_word)), Expr::Rule(Rule::any_word), Ahead(false, &Str("."))])),
    // total
    (Atomic, Seq(&[Str("total"), Expr::Rule(Rule::end_of_word)])),
    // byok
    (Normal, Seq(&[Expr::Rule(Rule::kw_byok), Choice(&[Expr::Rule(Rule::kw_included), Expr::Rule(Rule::kw_excluded)])])),
    // reserve
    (Normal, Seq(&[Expr::Rule(Rule::kw_reserve), Expr::Rule(Rule::literal), Expr::Rule(Rule::kw_for), Expr::Rule(Rule::expr)])),
    // alert
    (Normal, Seq(&[Expr::Rule(Rule::kw_alert), Expr::Rule(Rule::kw_at), Expr::Rule(Rule::literal), Rep(&Seq(&[Expr::Rule(Rule::comma), Expr::Rule(Rule::literal)]))])),
    // on_exhausted
    (Normal, Seq(&[Expr::Rule(Rule::kw_on), Expr::Rule(Rule::kw_exhausted), Expr::Rule(Rule::exhausted)])),
    // exhausted
    (Normal, Choice(&[Expr::Rule(Rule::kw_deny), Expr::Rule(Rule::use_workload), Expr::Rule(Rule::alert_only)])),
    // use_workload
    (Normal, Seq(&[Expr::Rule(Rule::kw_use), Expr::Rule(Rule::kw_workload), Expr::Rule(Rule::name)])),
    // alert_only
    (Normal, Seq(&[Expr::Rule(Rule::kw_alert), Expr::Rule(Rule::kw_only)])),
    // workload
    (Normal, Seq(&[Expr::Rule(Rule::workload_head), Rep(&Expr::Rule(Rule::workload_statement)), Expr::Rule(Rule::close)])),
    // workload_head
    (Normal, Seq(&[Expr::Rule(Rule::kw_workload), Expr::Rule(Rule::name), Expr::Rule(Rule::open)])),
    // workload_line
    (Normal, Seq(&[Expr::Rule(Rule::workload_statement), Expr::Rule(Rule::workload_next)])),
    // workload_next
    (Normal, Ahead(true, &Choice(&[Expr::Rule(Rule::workload_word), End]))),
    // workload_word
    (Normal, Choice(&[Expr::Rule(Rule::kw_when), Expr::Rule(Rule::kw_otherwise), Expr::Rule(Rule::kw_deny), Expr::Rule(Rule::kw_use), Expr::Rule(Rule::kw_route), Expr::Rule(Rule::kw_ceiling), Expr::Rule(Rule::kw_fallback), Expr::Rule(Rule::kw_retry), Expr::Rule(Rule::kw_health), Expr::Rule(Rule::kw_stream), Expr::Rule(Rule::kw_tools)])),
    // workload_statement
    (Normal, Choice(&[Expr::Rule(Rule::when), Expr::Rule(Rule::otherwise), Expr::Rule(Rule::deny), Expr::Rule(Rule::use_profile), Expr::Rule(Rule::section)])),
    // otherwise
    (Normal, Expr::Rule(Rule::kw_otherwise)),
    // deny
    (Normal, Seq(&[Expr::Rule(Rule::kw_deny), Expr::Rule(Rule::string)])),
    // use_profile
    (Normal, Seq(&[Expr::Rule(Rule::kw_use), Expr::Rule(Rule::name)])),
    // profile
    (Normal, Seq(&[Expr::Rule(Rule::profile_head), Rep(&Expr::Rule(Rule::profile_statement)), Expr::Rule(Rule::close)])),
    // profile_head
    (Normal, Seq(&[Expr::Rule(Rule::kw_profile), Expr::Rule(Rule::name), Expr::Rule(Rule::open)])),
    // profile_line
    (Normal, Seq(&[Expr::Rule(Rule::profile_statement), Expr::Rule(Rule::profile_next)])),
    // profile_next
    (Normal, Ahead(true, &Choice(&[Expr::Rule(Rule::profile_word), End]))),
    // profile_word
    (Normal, Choice(&[Expr::Rule(Rule::kw_route), Expr::Rule(Rule::kw_ceiling), Expr::Rule(Rule::kw_fallback), Expr::Rule(Rule::kw_retry), Expr::Rule(Rule::kw_health), Expr::Rule(Rule::kw_stream), Expr::Rule(Rule::kw_tools)])),
    // profile_statement
    (Normal, Expr::Rule(Rule::section)),
    // section
    (Silent, Choice(&[Expr::Rule(Rule::route), Expr::Rule(Rule::ceiling), Expr::Rule(Rule::fallback), Expr::Rule(Rule::fallback_none), Expr::Rule(Rule::retry), Expr::Rule(Rule::retry_none), Expr::Rule(Rule::health), Expr::Rule(Rule::stream), Expr::Rule(Rule::tools)])),
    // fallback_none
    (Normal, Seq(&[Expr::Rule(Rule::kw_fallback), Expr::Rule(Rule::kw_none)])),
    // retry_none
    (Normal, Seq(&[Expr::Rule(Rule::kw_retry), Expr::Rule(Rule::kw_none)])),
    // route
    (Normal, Seq(&[Expr::Rule(Rule::kw_route), Expr::Rule(Rule::open), Rep(&Expr::Rule(Rule::route_statement)), Expr::Rule(Rule::close)])),
    // route_line
    (Normal, Seq(&[Expr::Rule(Rule::route_statement), Expr::Rule(Rule::route_next)])),
    // route_next
    (Normal, Ahead(true, &Choice(&[Expr::Rule(Rule::route_word), End]))),
    // route_word
    (Normal, Choice(&[Expr::Rule(Rule::kw_models), Expr::Rule(Rule::kw_require), Expr::Rule(Rule::kw_forbid), Expr::Rule(Rule::kw_prefer), Expr::Rule(Rule::kw_order), Expr::Rule(Rule::kw_balance), Expr::Rule(Rule::kw_credentials), Expr::Rule(Rule::kw_tolerate)])),
    // route_statement
    (Normal, Choice(&[Expr::Rule(Rule::models), Expr::Rule(Rule::require), Expr::Rule(Rule::forbid), Expr::Rule(Rule::prefer), Expr::Rule(Rule::order_by), Expr::Rule(Rule::balance), Expr::Rule(Rule::credentials), Expr::Rule(Rule::tolerate)])),
    // models
    (Normal, Seq(&[Expr::Rule(Rule::kw_models), Expr::Rule(Rule::tier), Rep(&Seq(&[Expr::Rule(Rule::kw_then), Expr::Rule(Rule::tier)]))])),
    // tier
    (Normal, Choice(&[Expr::Rule(Rule::requested), Seq(&[Expr::Rule(Rule::entry), Rep(&Seq(&[Expr::Rule(Rule::comma), Expr::Rule(Rule::entry)]))])])),
    // requested
    (Normal, Seq(&[Expr::Rule(Rule::kw_requested), Opt(&Seq(&[Expr::Rule(Rule::kw_within), Expr::Rule(Rule::entry)]))])),
    // entry
    (Normal, Choice(&[Expr::Rule(Rule::string), Expr::Rule(Rule::group_name)])),
    // prefer
    (Normal, Seq(&[Expr::Rule(Rule::kw_prefer), Expr::Rule(Rule::expr)])),
    // order_by
    (Normal, Seq(&[Expr::Rule(Rule::kw_order), Expr::Rule(Rule::kw_by), Expr::Rule(Rule::order_key), Rep(&Seq(&[Expr::Rule(Rule::comma), Expr::Rule(Rule::order_key)]))])),
    // balance
    (Normal, Seq(&[Expr::Rule(Rule::kw_balance), Choice(&[Expr::Rule(Rule::by_price), Seq(&[Expr::Rule(Rule::share), Rep(&Seq(&[Expr::Rule(Rule::comma), Expr::Rule(Rule::share)]))])]), Opt(&Expr::Rule(Rule::sticky))])),
    // by_price
    (Normal, Seq(&[Expr::Rule(Rule::kw_by), Expr::Rule(Rule::kw_price)])),
    // share
    (Normal, Seq(&[Expr::Rule(Rule::string), Expr::Rule(Rule::literal)])),
    // sticky
    (Normal, Seq(&[Expr::Rule(Rule::kw_sticky), Expr::Rule(Rule::kw_by), Expr::Rule(Rule::attribute)])),
    // credentials
    (Normal, Seq(&[Expr::Rule(Rule::kw_credentials), Expr::Rule(Rule::credential_mode), Opt(&Seq(&[Expr::Rule(Rule::kw_for), Expr::Rule(Rule::string), Rep(&Seq(&[Expr::Rule(Rule::comma), Expr::Rule(Rule::string)]))]))])),
    // credential_mode
    (Normal, Choice(&[Expr::Rule(Rule::own_first), Expr::Rule(Rule::shared_first), Expr::Rule(Rule::own_only), Expr::Rule(Rule::shared_only)])),
    // own_first
    (Normal, Seq(&[Expr::Rule(Rule::kw_own), Expr::Rule(Rule::kw_then), Expr::Rule(Rule::kw_shared)])),
    // shared_first
    (Normal, Seq(&[Expr::Rule(Rule::kw_shared), Expr::Rule(Rule::kw_then), Expr::Rule(Rule::kw_own)])),
    // own_only
    (Normal, Seq(&[Expr::Rule(Rule::kw_own), Expr::Rule(Rule::kw_only)])),
    // shared_only
    (Normal, Seq(&[Expr::Rule(Rule::kw_shared), Expr::Rule(Rule::kw_only)])),
    // tolerate
    (Normal, Seq(&[Expr::Rule(Rule::kw_tolerate), Expr::Rule(Rule::parameter), Rep(&Seq(&[Expr::Rule(Rule::comma), Expr::Rule(Rule::parameter)]))])),
    // parameter
    (Normal, Choice(&[Expr::Rule(Rule::string), Expr::Rule(Rule::word)])),
    // ceiling
    (Normal, Seq(&[Expr::Rule(Rule::kw_ceiling), Expr::Rule(Rule::open), Rep(&Expr::Rule(Rule::ceiling_statement)), Expr::Rule(Rule::close)])),
    // ceiling_line
    (Normal, Seq(&[Expr::Rule(Rule::ceiling_statement), Expr::Rule(Rule::ceiling_next)])),
    // ceiling_next
    (Normal, Ahead(true, &Choice(&[Expr::Rule(Rule::ceiling_name), End]))),
    // ceiling_statement
    (Normal, Seq(&[Choice(&[Expr::Rule(Rule::tool_ceiling), Expr::Rule(Rule::ceiling_name)]), Expr::Rule(Rule::amount), Opt(&Expr::Rule(Rule::condition))])),
    // tool_ceiling
    (Normal, Seq(&[Expr::Rule(Rule::kw_tool), Expr::Rule(Rule::tool_name)])),
    // ceiling_name
    (Atomic, Seq(&[Ahead(false, &Seq(&[Choice(&[Str("when"), Str("per")]), Ahead(false, &Expr::Rule(Rule::word_character))])), Expr::Rule(Rule::any_word)])),
    // amount
    (Normal, Choice(&[Expr::Rule(Rule::price), Seq(&[Expr::Rule(Rule::money), Expr::Rule(Rule::kw_per), Expr::Rule(Rule::unknown_unit)]), Expr::Rule(Rule::literal)])),
    // unknown_unit
    (Atomic, Seq(&[Choice(&[Range('a', 'z'), Range('A', 'Z')]), Rep(&Choice(&[Choice(&[Range('a', 'z'), Range('A', 'Z'), Range('0', '9')]), Str("_"), Str("-")]))])),
    // condition
    (Normal, Seq(&[Expr::Rule(Rule::kw_when), Expr::Rule(Rule::expr)])),
    // fallback
    (Normal, Seq(&[Expr::Rule(Rule::kw_fallback), Expr::Rule(Rule::open), Rep(&Expr::Rule(Rule::fallback_statement)), Expr::Rule(Rule::close)])),
    // fallback_line
    (Normal, Seq(&[Expr::Rule(Rule::fallback_statement), Expr::Rule(Rule::fallback_next)])),
    // fallback_next
    (Normal, Ahead(true, &Choice(&[Expr::Rule(Rule::fallback_word), End]))),
    // fallback_word
    (Normal, Choice(&[Expr::Rule(Rule::kw_other), Expr::Rule(Rule::kw_require), Expr::Rule(Rule::kw_at), Expr::Rule(Rule::kw_price)])),
    // fallback_statement
    (Normal, Choice(&[Expr::Rule(Rule::other), Expr::Rule(Rule::require), Expr::Rule(Rule::at_most_moves), Expr::Rule(Rule::price_at_most)])),
    // other
    (Normal, Seq(&[Expr::Rule(Rule::kw_other), Expr::Rule(Rule::move_kind), Expr::Rule(Rule::kw_on), Expr::Rule(Rule::classes), Opt(&Expr::Rule(Rule::condition))])),
    // move_kind
    (Normal, Choice(&[Expr::Rule(Rule::kw_provider), Expr::Rule(Rule::kw_model), Expr::Rule(Rule::kw_credential)])),
    // at_most_moves
    (Normal, Seq(&[Expr::Rule(Rule::kw_at), Expr::Rule(Rule::kw_most), Expr::Rule(Rule::literal), Choice(&[Expr::Rule(Rule::kw_moves), Expr::Rule(Rule::kw_move)])])),
    // price_at_most
    (Normal, Seq(&[Expr::Rule(Rule::kw_price), Expr::Rule(Rule::kw_at), Expr::Rule(Rule::kw_most), Expr::Rule(Rule::literal), Expr::Rule(Rule::kw_of), Expr::Rule(Rule::kw_first)])),
    // classes
    (Normal, Seq(&[Expr::Rule(Rule::class), Rep(&Seq(&[Expr::Rule(Rule::comma), Expr::Rule(Rule::class)]))])),
    // class
    (Atomic, Expr::Rule(Rule::any_word)),
    // retry
    (Normal, Seq(&[Expr::Rule(Rule::kw_retry), Expr::Rule(Rule::open), Rep(&Expr::Rule(Rule::retry_statement)), Expr::Rule(Rule::close)])),
    // retry_line
    (Normal, Seq(&[Expr::Rule(Rule::retry_statement), Expr::Rule(Rule::retry_next)])),
    // retry_next
    (Normal, Ahead(true, &Choice(&[Expr::Rule(Rule::retry_word), End]))),
    // retry_word
    (Normal, Choice(&[Expr::Rule(Rule::kw_on), Expr::Rule(Rule::kw_at), Expr::Rule(Rule::kw_timeout), Expr::Rule(Rule::kw_first_token), Expr::Rule(Rule::kw_stall), Expr::Rule(Rule::kw_deadline)])),
    // retry_statement
    (Normal, Choice(&[Expr::Rule(Rule::retry_rule), Expr::Rule(Rule::at_most_calls), Expr::Rule(Rule::timeout), Expr::Rule(Rule::first_token), Expr::Rule(Rule::stall), Expr::Rule(Rule::deadline)])),
    // retry_rule
    (Normal, Seq(&[Expr::Rule(Rule::kw_on), Expr::Rule(Rule::classes), Expr::Rule(Rule::literal), Choice(&[Expr::Rule(Rule::kw_times), Expr::Rule(Rule::kw_time)]), Opt(&Seq(&[Expr::Rule(Rule::kw_wait), Choice(&[Expr::Rule(Rule::retry_after), Expr::Rule(Rule::backoff)])])), Opt(&Expr::Rule(Rule::condition))])),
    // retry_after
    (Normal, Seq(&[Expr::Rule(Rule::kw_retry_after), Opt(&Expr::Rule(Rule::up_to)), Opt(&Seq(&[Expr::Rule(Rule::kw_else), Expr::Rule(Rule::backoff)]))])),
    // up_to
    (Normal, Seq(&[Expr::Rule(Rule::kw_up), Expr::Rule(Rule::kw_to), Expr::Rule(Rule::literal)])),
    // backoff
    (Normal, Choice(&[Expr::Rule(Rule::exponential), Seq(&[Expr::Rule(Rule::literal), Opt(&Expr::Rule(Rule::jitter))])])),
    // exponential
    (Normal, Seq(&[Expr::Rule(Rule::kw_exponential), Expr::Rule(Rule::kw_from), Expr::Rule(Rule::literal), Expr::Rule(Rule::kw_to), Expr::Rule(Rule::literal), Opt(&Expr::Rule(Rule::jitter))])),
    // jitter
    (Normal, Seq(&[Expr::Rule(Rule::kw_jitter), Choice(&[Expr::Rule(Rule::kw_full), Expr::Rule(Rule::kw_equal), Expr::Rule(Rule::kw_none)])])),
    // at_most_calls
    (Normal, Seq(&[Expr::Rule(Rule::kw_at), Expr::Rule(Rule::kw_most), Expr::Rule(Rule::literal), Choice(&[Expr::Rule(Rule::kw_calls), Expr::Rule(Rule::kw_call)])])),
    // timeout
    (Normal, Seq(&[Expr::Rule(Rule::kw_timeout), Expr::Rule(Rule::literal)])),
    // first_token
    (Normal, Seq(&[Expr::Rule(Rule::kw_first_token), Expr::Rule(Rule::literal)])),
    // stall
    (Normal, Seq(&[Expr::Rule(Rule::kw_stall), Expr::Rule(Rule::literal)])),
    // deadline
    (Normal, Seq(&[Expr::Rule(Rule::kw_deadline), Expr::Rule(Rule::literal)])),
    // health
    (Normal, Seq(&[Expr::Rule(Rule::kw_health), Expr::Rule(Rule::open), Rep(&Expr::Rule(Rule::health_statement)), Expr::Rule(Rule::close)])),
    // health_line
    (Normal, Seq(&[Expr::Rule(Rule::health_statement), Expr::Rule(Rule::health_next)])),
    // health_next
    (Normal, Ahead(true, &Choice(&[Expr::Rule(Rule::health_word), End]))),
    // health_word
    (Normal, Choice(&[Expr::Rule(Rule::kw_cool), Expr::Rule(Rule::kw_probe)])),
    // health_statement
    (Normal, Choice(&[Expr::Rule(Rule::cool), Expr::Rule(Rule::probe)])),
    // cool
    (Normal, Seq(&[Expr::Rule(Rule::kw_cool), Choice(&[Expr::Rule(Rule::kw_retry_after), Expr::Rule(Rule::cooldown)]), Expr::Rule(Rule::kw_on), Expr::Rule(Rule::classes)])),
    // cooldown
    (Normal, Seq(&[Expr::Rule(Rule::literal), Expr::Rule(Rule::kw_after), Expr::Rule(Rule::literal), Choice(&[Expr::Rule(Rule::kw_failures), Expr::Rule(Rule::kw_failure)]), Expr::Rule(Rule::kw_within), Expr::Rule(Rule::literal)])),
    // probe
    (Normal, Seq(&[Expr::Rule(Rule::kw_probe), Expr::Rule(Rule::literal), Choice(&[Expr::Rule(Rule::kw_requests), Expr::Rule(Rule::kw_request)])])),
    // stream
    (Normal, Seq(&[Expr::Rule(Rule::kw_stream), Expr::Rule(Rule::open), Rep(&Expr::Rule(Rule::stream_statement)), Expr::Rule(Rule::close)])),
    // stream_line
    (Normal, Seq(&[Expr::Rule(Rule::stream_statement), Expr::Rule(Rule::stream_next)])),
    // stream_next
    (Normal, Ahead(true, &Choice(&[Expr::Rule(Rule::stream_word), End]))),
    // stream_word
    (Normal, Choice(&[Expr::Rule(Rule::kw_commit), Expr::Rule(Rule::kw_partial)])),
    // stream_statement
    (Normal, Choice(&[Expr::Rule(Rule::commit), Expr::Rule(Rule::partial)])),
    // commit
    (Normal, Seq(&[Expr::Rule(Rule::kw_commit), Expr::Rule(Rule::kw_at), Choice(&[Expr::Rule(Rule::kw_first_token), Expr::Rule(Rule::kw_end)])])),
    // partial
    (Normal, Seq(&[Expr::Rule(Rule::kw_partial), Choice(&[Expr::Rule(Rule::kw_mark_incomplete), Expr::Rule(Rule::kw_discard)])])),
    // tools
    (Normal, Seq(&[Expr::Rule(Rule::kw_tools), Expr::Rule(Rule::open), Rep(&Expr::Rule(Rule::tools_statement)), Expr::Rule(Rule::close)])),
    // tools_line
    (Normal, Seq(&[Expr::Rule(Rule::tools_statement), Expr::Rule(Rule::tools_next)])),
    // tools_next
    (Normal, Ahead(true, &Choice(&[Expr::Rule(Rule::tool_name), End]))),
    // tools_statement
    (Normal, Choice(&[Expr::Rule(Rule::iterations), Expr::Rule(Rule::tool)])),
    // iterations
    (Normal, Seq(&[Expr::Rule(Rule::kw_iterations), Expr::Rule(Rule::literal)])),
    // tool
    (Normal, Seq(&[Expr::Rule(Rule::tool_name), Expr::Rule(Rule::literal), Choice(&[Expr::Rule(Rule::kw_calls), Expr::Rule(Rule::kw_call)]), Opt(&Seq(&[Expr::Rule(Rule::comma), Expr::Rule(Rule::results)]))])),
    // results
    (Normal, Seq(&[Expr::Rule(Rule::literal), Choice(&[Expr::Rule(Rule::kw_results), Expr::Rule(Rule::kw_result)])])),
    // tool_name
    (Normal, Choice(&[Expr::Rule(Rule::string), Expr::Rule(Rule::word)])),
    // invariant
    (Normal, Seq(&[Expr::Rule(Rule::invariant_head), Rep(&Expr::Rule(Rule::invariant_statement)), Expr::Rule(Rule::close)])),
    // invariant_head
    (Normal, Seq(&[Expr::Rule(Rule::kw_invariant), Expr::Rule(Rule::name), Expr::Rule(Rule::open)])),
    // invariant_line
    (Normal, Seq(&[Expr::Rule(Rule::invariant_statement), Expr::Rule(Rule::invariant_next)])),
    // invariant_next
    (Normal, Ahead(true, &Choice(&[Expr::Rule(Rule::invariant_word), End]))),
    // invariant_word
    (Normal, Choice(&[Expr::Rule(Rule::kw_for), Expr::Rule(Rule::kw_always)])),
    // invariant_statement
    (Normal, Choice(&[Expr::Rule(Rule::for_workload), Expr::Rule(Rule::for_requests), Expr::Rule(Rule::always)])),
    // for_workload
    (Normal, Seq(&[Expr::Rule(Rule::kw_for), Expr::Rule(Rule::kw_workload), Expr::Rule(Rule::name)])),
    // for_requests
    (Normal, Seq(&[Expr::Rule(Rule::kw_for), Expr::Rule(Rule::expr)])),
    // always
    (Normal, Seq(&[Expr::Rule(Rule::kw_always), Expr::Rule(Rule::claim)])),
    // claim
    (Normal, Choice(&[Expr::Rule(Rule::at_least), Expr::Rule(Rule::cost), Expr::Rule(Rule::calls), Expr::Rule(Rule::kw_served), Expr::Rule(Rule::kw_denied), Expr::Rule(Rule::expr)])),
    // at_least
    (Normal, Seq(&[Expr::Rule(Rule::kw_at), Expr::Rule(Rule::kw_least), Expr::Rule(Rule::literal), Expr::Rule(Rule::counted)])),
    // counted
    (Normal, Choice(&[Expr::Rule(Rule::kw_providers), Expr::Rule(Rule::kw_provider), Expr::Rule(Rule::kw_models), Expr::Rule(Rule::kw_model), Expr::Rule(Rule::kw_endpoints), Expr::Rule(Rule::kw_endpoint)])),
    // cost
    (Normal, Seq(&[Expr::Rule(Rule::kw_cost), Expr::Rule(Rule::operator), Expr::Rule(Rule::literal)])),
    // calls
    (Normal, Seq(&[Expr::Rule(Rule::kw_calls), Expr::Rule(Rule::operator), Expr::Rule(Rule::literal)])),
    // expr
    (Normal, Seq(&[Expr::Rule(Rule::conjunction), Rep(&Seq(&[Expr::Rule(Rule::kw_or), Expr::Rule(Rule::conjunction)]))])),
    // conjunction
    (Normal, Seq(&[Expr::Rule(Rule::negation), Rep(&Seq(&[Expr::Rule(Rule::kw_and), Expr::Rule(Rule::negation)]))])),
    // negation
    (Normal, Seq(&[Rep(&Expr::Rule(Rule::kw_not)), Expr::Rule(Rule::primary)])),
    // primary
    (Silent, Choice(&[Expr::Rule(Rule::paren), Expr::Rule(Rule::present), Expr::Rule(Rule::comparison)])),
    // paren
    (Normal, Seq(&[Expr::Rule(Rule::open_paren), Expr::Rule(Rule::expr), Expr::Rule(Rule::close_paren)])),
    // present
    (Normal, Seq(&[Expr::Rule(Rule::kw_present), Expr::Rule(Rule::open_paren), Expr::Rule(Rule::attribute), Expr::Rule(Rule::close_paren)])),
    // comparison
    (Normal, Choice(&[Seq(&[Choice(&[Expr::Rule(Rule::attribute), Expr::Rule(Rule::truth)]), Opt(&Expr::Rule(Rule::relation))]), Seq(&[Choice(&[Expr::Rule(Rule::literal), Expr::Rule(Rule::string), Expr::Rule(Rule::left_word)]), Expr::Rule(Rule::relation)])])),
    // left_word
    (Atomic, Seq(&[Expr::Rule(Rule::any_word), Ahead(true, &Seq(&[Rep(&Choice(&[Expr::Rule(Rule::WHITESPACE), Expr::Rule(Rule::COMMENT)])), Choice(&[Str("=="), Str("!="), Str("<"), Str(">")])]))])),
    // relation
    (Normal, Choice(&[Expr::Rule(Rule::compare), Expr::Rule(Rule::is_in), Expr::Rule(Rule::between), Expr::Rule(Rule::includes), Expr::Rule(Rule::matches)])),
    // compare
    (Normal, Seq(&[Expr::Rule(Rule::operator), Expr::Rule(Rule::value), Opt(&Expr::Rule(Rule::zone))])),
    // is_in
    (Normal, Seq(&[Expr::Rule(Rule::kw_in), Expr::Rule(Rule::values), Opt(&Expr::Rule(Rule::zone))])),
    // between
    (Normal, Seq(&[Expr::Rule(Rule::kw_between), Expr::Rule(Rule::value), Expr::Rule(Rule::kw_and), Expr::Rule(Rule::value), Opt(&Expr::Rule(Rule::zone))])),
    // includes
    (Normal, Seq(&[Expr::Rule(Rule::kw_includes), Choice(&[Seq(&[Expr::Rule(Rule::any_of), Expr::Rule(Rule::values)]), Seq(&[Expr::Rule(Rule::all_of), Expr::Rule(Rule::values)]), Expr::Rule(Rule::value)])])),
    // any_of
    (Normal, Seq(&[Expr::Rule(Rule::kw_any), Expr::Rule(Rule::kw_of)])),
    // all_of
    (Normal, Seq(&[Expr::Rule(Rule::kw_all), Expr::Rule(Rule::kw_of)])),
    // matches
    (Normal, Seq(&[Expr::Rule(Rule::kw_matches), Expr::Rule(Rule::string)])),
    // values
    (Normal, Seq(&[Expr::Rule(Rule::value), Rep(&Seq(&[Expr::Rule(Rule::comma), Expr::Rule(Rule::value)]))])),
    // value
    (Normal, Choice(&[Expr::Rule(Rule::attribute), Expr::Rule(Rule::literal), Expr::Rule(Rule::truth), Expr::Rule(Rule::string), Expr::Rule(Rule::word)])),
    // zone
    (Normal, Seq(&[Expr::Rule(Rule::kw_in), Expr::Rule(Rule::string)])),
    // operator
    (Atomic, Seq(&[Choice(&[Str("=="), Str("!="), Str("<="), Str(">="), Str("<"), Str(">")]), Ahead(false, &Choice(&[Str("="), Str("!"), Str("<"), Str(">"), Str("&"), Str("|")]))])),
    // truth
    (Normal, Choice(&[Expr::Rule(Rule::kw_true), Expr::Rule(Rule::kw_false)])),
    // attribute
    (Compound, Seq(&[Expr::Rule(Rule::subject), Str("."), Expr::Rule(Rule::attribute_name)])),
    // subject
    (Atomic, Expr::Rule(Rule::any_word)),
    // attribute_name
    (Atomic, Seq(&[Expr::Rule(Rule::word_start), Rep(&Expr::Rule(Rule::word_character)), Ahead(false, &Range('A', 'Z'))])),
    // word
    (Atomic, Expr::Rule(Rule::any_word)),
    // name
    (Atomic, Expr::Rule(Rule::any_word)),
    // group_name
    (Atomic, Expr::Rule(Rule::any_word)),
    // order_key
    (Atomic, Expr::Rule(Rule::any_word)),
    // any_word
    (Silent, Seq(&[Ahead(false, &Seq(&[Expr::Rule(Rule::reserved), Ahead(false, &Expr::Rule(Rule::word_character))])), Expr::Rule(Rule::word_start), Rep(&Expr::Rule(Rule::word_character)), Ahead(false, &Range('A', 'Z'))])),
    // word_start
    (Silent, Range('a', 'z')),
    // word_character
    (Silent, Choice(&[Range('a', 'z'), Range('0', '9'), Str("_"), Str("-")])),
    // end_of_word
    (Silent, Ahead(false, &Choice(&[Expr::Rule(Rule::word_character), Range('A', 'Z')]))),
    // reserved
    (Silent, Choice(&[Str("and"), Str("or"), Str("not"), Str("includes"), Str("in"), Str("between"), Str("any"), Str("all"), Str("of"), Str("matches"), Str("present"), Str("true"), Str("false"), Str("none"), Str("requested"), Str("then"), Str("otherwise")])),
    // literal
    (Normal, Choice(&[Expr::Rule(Rule::price), Expr::Rule(Rule::money), Expr::Rule(Rule::instant), Expr::Rule(Rule::date), Expr::Rule(Rule::time_of_day), Expr::Rule(Rule::ratio), Expr::Rule(Rule::duration), Expr::Rule(Rule::count)])),
    // price
    (Normal, Seq(&[Expr::Rule(Rule::money), Expr::Rule(Rule::kw_per), Expr::Rule(Rule::unit)])),
    // unit
    (Atomic, Seq(&[Choice(&[Str("Mtok"), Str("image"), Str("call")]), Ahead(false, &Choice(&[Choice(&[Range('a', 'z'), Range('A', 'Z'), Range('0', '9')]), Str("_"), Str("-")]))])),
    // money
    (Atomic, Seq(&[Str("$"), Expr::Rule(Rule::number), Expr::Rule(Rule::end_of_literal)])),
    // ratio
    (Atomic, Seq(&[Expr::Rule(Rule::number), Str("%"), Expr::Rule(Rule::end_of_literal)])),
    // count
    (Atomic, Seq(&[Expr::Rule(Rule::number), Opt(&Choice(&[Str("k"), Str("M")])), Expr::Rule(Rule::end_of_literal)])),
    // duration
    (Atomic, Seq(&[Expr::Rule(Rule::number), Choice(&[Str("ms"), Str("s"), Str("m"), Str("h"), Str("d")]), Expr::Rule(Rule::end_of_literal)])),
    // date
    (Atomic, Seq(&[Expr::Rule(Rule::calendar_day), Expr::Rule(Rule::end_of_literal)])),
    // instant
    (Atomic, Seq(&[Expr::Rule(Rule::calendar_day), Str("T"), Expr::Rule(Rule::clock), Str(":"), Expr::Rule(Rule::two), Opt(&Seq(&[Str("."), Range('0', '9'), Opt(&Range('0', '9')), Opt(&Range('0', '9'))])), Str("Z"), Expr::Rule(Rule::end_of_literal)])),
    // time_of_day
    (Atomic, Seq(&[Expr::Rule(Rule::clock), Opt(&Seq(&[Str(":"), Expr::Rule(Rule::two)])), Expr::Rule(Rule::end_of_literal)])),
    // number
    (Silent, Seq(&[Range('0', '9'), Rep(&Seq(&[Opt(&Str("_")), Range('0', '9')])), Opt(&Seq(&[Str("."), RepOnce(&Range('0', '9'))]))])),
    // calendar_day
    (Silent, Seq(&[Expr::Rule(Rule::two), Expr::Rule(Rule::two), Str("-"), Expr::Rule(Rule::two), Str("-"), Expr::Rule(Rule::two)])),
    // clock
    (Silent, Seq(&[Expr::Rule(Rule::two), Str(":"), Expr::Rule(Rule::two)])),
    // two
    (Silent, Seq(&[Range('0', '9'), Range('0', '9')])),
    // end_of_literal
    (Silent, Ahead(false, &Choice(&[Choice(&[Range('a', 'z'), Range('A', 'Z'), Range('0', '9')]), Str("_"), Seq(&[Choice(&[Str("-"), Str(":"), Str(".")]), Range('0', '9')])]))),
    // string
    (Atomic, Seq(&[Str("\""), Rep(&Choice(&[Expr::Rule(Rule::escape), Seq(&[Ahead(false, &Choice(&[Str("\""), Str("\\"), Str("\n"), Str("\r")])), Any])])), Str("\"")])),
    // escape
    (Silent, Seq(&[Str("\\"), Choice(&[Str("\""), Str("\\")])])),
    // open
    (Normal, Str("{")),
    // close
    (Normal, Str("}")),
    // open_paren
    (Normal, Str("(")),
    // close_paren
    (Normal, Str(")")),
    // comma
    (Normal, Str(",")),
    // equals
    (Normal, Seq(&[Str("="), Ahead(false, &Str("="))])),
    // kw_and
    (Atomic, Seq(&[Str("and"), Expr::Rule(Rule::end_of_word)])),
    // kw_or
    (Atomic, Seq(&[Str("or"), Expr::Rule(Rule::end_of_word)])),
    // kw_not
    (Atomic, Seq(&[Str("not"), Expr::Rule(Rule::end_of_word)])),
    // kw_in
    (Atomic, Seq(&[Str("in"), Expr::Rule(Rule::end_of_word)])),
    // kw_between
    (Atomic, Seq(&[Str("between"), Expr::Rule(Rule::end_of_word)])),
    // kw_includes
    (Atomic, Seq(&[Str("includes"), Expr::Rule(Rule::end_of_word)])),
    // kw_any
    (Atomic, Seq(&[Str("any"), Expr::Rule(Rule::end_of_word)])),
    // kw_all
    (Atomic, Seq(&[Str("all"), Expr::Rule(Rule::end_of_word)])),
    // kw_of
    (Atomic, Seq(&[Str("of"), Expr::Rule(Rule::end_of_word)])),
    // kw_matches
    (Atomic, Seq(&[Str("matches"), Expr::Rule(Rule::end_of_word)])),
    // kw_present
    (Atomic, Seq(&[Str("present"), Expr::Rule(Rule::end_of_word)])),
    // kw_true
    (Atomic, Seq(&[Str("true"), Expr::Rule(Rule::end_of_word)])),
    // kw_false
    (Atomic, Seq(&[Str("false"), Expr::Rule(Rule::end_of_word)])),
    // kw_none
    (Atomic, Seq(&[Str("none"), Expr::Rule(Rule::end_of_word)])),
    // kw_requested
    (Atomic, Seq(&[Str("requested"), Expr::Rule(Rule::end_of_word)])),
    // kw_then
    (Atomic, Seq(&[Str("then"), Expr::Rule(Rule::end_of_word)])),
    // kw_otherwise
    (Atomic, Seq(&[Str("otherwise"), Expr::Rule(Rule::end_of_word)])),
    // kw_policy
    (Atomic, Seq(&[Str("policy"), Expr::Rule(Rule::end_of_word)])),
    // kw_declare
    (Atomic, Seq(&[Str("declare"), Expr::Rule(Rule::end_of_word)])),
    // kw_group
    (Atomic, Seq(&[Str("group"), Expr::Rule(Rule::end_of_word)])),
    // kw_guardrail
    (Atomic, Seq(&[Str("guardrail"), Expr::Rule(Rule::end_of_word)])),
    // kw_waive
    (Atomic, Seq(&[Str("waive"), Expr::Rule(Rule::end_of_word)])),
    // kw_budget
    (Atomic, Seq(&[Str("budget"), Expr::Rule(Rule::end_of_word)])),
    // kw_profile
    (Atomic, Seq(&[Str("profile"), Expr::Rule(Rule::end_of_word)])),
    // kw_workload
    (Atomic, Seq(&[Str("workload"), Expr::Rule(Rule::end_of_word)])),
    // kw_invariant
    (Atomic, Seq(&[Str("invariant"), Expr::Rule(Rule::end_of_word)])),
    // kw_language
    (Atomic, Seq(&[Str("language"), Expr::Rule(Rule::end_of_word)])),
    // kw_owner
    (Atomic, Seq(&[Str("owner"), Expr::Rule(Rule::end_of_word)])),
    // kw_version
    (Atomic, Seq(&[Str("version"), Expr::Rule(Rule::end_of_word)])),
    // kw_one_of
    (Atomic, Seq(&[Str("one_of"), Expr::Rule(Rule::end_of_word)])),
    // kw_set_of
    (Atomic, Seq(&[Str("set_of"), Expr::Rule(Rule::end_of_word)])),
    // kw_text
    (Atomic, Seq(&[Str("text"), Expr::Rule(Rule::end_of_word)])),
    // kw_bool
    (Atomic, Seq(&[Str("bool"), Expr::Rule(Rule::end_of_word)])),
    // kw_count
    (Atomic, Seq(&[Str("count"), Expr::Rule(Rule::end_of_word)])),
    // kw_money
    (Atomic, Seq(&[Str("money"), Expr::Rule(Rule::end_of_word)])),
    // kw_duration
    (Atomic, Seq(&[Str("duration"), Expr::Rule(Rule::end_of_word)])),
    // kw_default
    (Atomic, Seq(&[Str("default"), Expr::Rule(Rule::end_of_word)])),
    // kw_models
    (Atomic, Seq(&[Str("models"), Expr::Rule(Rule::end_of_word)])),
    // kw_providers
    (Atomic, Seq(&[Str("providers"), Expr::Rule(Rule::end_of_word)])),
    // kw_when
    (Atomic, Seq(&[Str("when"), Expr::Rule(Rule::end_of_word)])),
    // kw_require
    (Atomic, Seq(&[Str("require"), Expr::Rule(Rule::end_of_word)])),
    // kw_forbid
    (Atomic, Seq(&[Str("forbid"), Expr::Rule(Rule::end_of_word)])),
    // kw_because
    (Atomic, Seq(&[Str("because"), Expr::Rule(Rule::end_of_word)])),
    // kw_waivable
    (Atomic, Seq(&[Str("waivable"), Expr::Rule(Rule::end_of_word)])),
    // kw_until
    (Atomic, Seq(&[Str("until"), Expr::Rule(Rule::end_of_word)])),
    // kw_approved
    (Atomic, Seq(&[Str("approved"), Expr::Rule(Rule::end_of_word)])),
    // kw_covers
    (Atomic, Seq(&[Str("covers"), Expr::Rule(Rule::end_of_word)])),
    // kw_per
    (Atomic, Seq(&[Str("per"), Expr::Rule(Rule::end_of_word)])),
    // kw_spend
    (Atomic, Seq(&[Str("spend"), Expr::Rule(Rule::end_of_word)])),
    // kw_requests
    (Atomic, Seq(&[Str("requests"), Expr::Rule(Rule::end_of_word)])),
    // kw_tokens
    (Atomic, Seq(&[Str("tokens"), Expr::Rule(Rule::end_of_word)])),
    // kw_concurrency
    (Atomic, Seq(&[Str("concurrency"), Expr::Rule(Rule::end_of_word)])),
    // kw_byok
    (Atomic, Seq(&[Str("byok"), Expr::Rule(Rule::end_of_word)])),
    // kw_reserve
    (Atomic, Seq(&[Str("reserve"), Expr::Rule(Rule::end_of_word)])),
    // kw_alert
    (Atomic, Seq(&[Str("alert"), Expr::Rule(Rule::end_of_word)])),
    // kw_on
    (Atomic, Seq(&[Str("on"), Expr::Rule(Rule::end_of_word)])),
    // kw_included
    (Atomic, Seq(&[Str("included"), Expr::Rule(Rule::end_of_word)])),
    // kw_excluded
    (Atomic, Seq(&[Str("excluded"), Expr::Rule(Rule::end_of_word)])),
    // kw_for
    (Atomic, Seq(&[Str("for"), Expr::Rule(Rule::end_of_word)])),
    // kw_at
    (Atomic, Seq(&[Str("at"), Expr::Rule(Rule::end_of_word)])),
    // kw_exhausted
    (Atomic, Seq(&[Str("exhausted"), Expr::Rule(Rule::end_of_word)])),
    // kw_deny
    (Atomic, Seq(&[Str("deny"), Expr::Rule(Rule::end_of_word)])),
    // kw_use
    (Atomic, Seq(&[Str("use"), Expr::Rule(Rule::end_of_word)])),
    // kw_only
    (Atomic, Seq(&[Str("only"), Expr::Rule(Rule::end_of_word)])),
    // kw_route
    (Atomic, Seq(&[Str("route"), Expr::Rule(Rule::end_of_word)])),
    // kw_ceiling
    (Atomic, Seq(&[Str("ceiling"), Expr::Rule(Rule::end_of_word)])),
    // kw_fallback
    (Atomic, Seq(&[Str("fallback"), Expr::Rule(Rule::end_of_word)])),
    // kw_retry
    (Atomic, Seq(&[Str("retry"), Expr::Rule(Rule::end_of_word)])),
    // kw_health
    (Atomic, Seq(&[Str("health"), Expr::Rule(Rule::end_of_word)])),
    // kw_stream
    (Atomic, Seq(&[Str("stream"), Expr::Rule(Rule::end_of_word)])),
    // kw_tools
    (Atomic, Seq(&[Str("tools"), Expr::Rule(Rule::end_of_word)])),
    // kw_prefer
    (Atomic, Seq(&[Str("prefer"), Expr::Rule(Rule::end_of_word)])),
    // kw_order
    (Atomic, Seq(&[Str("order"), Expr::Rule(Rule::end_of_word)])),
    // kw_balance
    (Atomic, Seq(&[Str("balance"), Expr::Rule(Rule::end_of_word)])),
    // kw_credentials
    (Atomic, Seq(&[Str("credentials"), Expr::Rule(Rule::end_of_word)])),
    // kw_tolerate
    (Atomic, Seq(&[Str("tolerate"), Expr::Rule(Rule::end_of_word)])),
    // kw_within
    (Atomic, Seq(&[Str("within"), Expr::Rule(Rule::end_of_word)])),
    // kw_by
    (Atomic, Seq(&[Str("by"), Expr::Rule(Rule::end_of_word)])),
    // kw_price
    (Atomic, Seq(&[Str("price"), Expr::Rule(Rule::end_of_word)])),
    // kw_sticky
    (Atomic, Seq(&[Str("sticky"), Expr::Rule(Rule::end_of_word)])),
    // kw_own
    (Atomic, Seq(&[Str("own"), Expr::Rule(Rule::end_of_word)])),
    // kw_shared
    (Atomic, Seq(&[Str("shared"), Expr::Rule(Rule::end_of_word)])),
    // kw_tool
    (Atomic, Seq(&[Str("tool"), Expr::Rule(Rule::end_of_word)])),
    // kw_other
    (Atomic, Seq(&[Str("other"), Expr::Rule(Rule::end_of_word)])),
    // kw_provider
    (Atomic, Seq(&[Str("provider"), Expr::Rule(Rule::end_of_word)])),
    // kw_model
    (Atomic, Seq(&[Str("model"), Expr::Rule(Rule::end_of_word)])),
    // kw_credential
    (Atomic, Seq(&[Str("credential"), Expr::Rule(Rule::end_of_word)])),
    // kw_most
    (Atomic, Seq(&[Str("most"), Expr::Rule(Rule::end_of_word)])),
    // kw_moves
    (Atomic, Seq(&[Str("moves"), Expr::Rule(Rule::end_of_word)])),
    // kw_move
    (Atomic, Seq(&[Str("move"), Expr::Rule(Rule::end_of_word)])),
    // kw_first
    (Atomic, Seq(&[Str("first"), Expr::Rule(Rule::end_of_word)])),
    // kw_timeout
    (Atomic, Seq(&[Str("timeout"), Expr::Rule(Rule::end_of_word)])),
    // kw_first_token
    (Atomic, Seq(&[Str("first_token"), Expr::Rule(Rule::end_of_word)])),
    // kw_stall
    (Atomic, Seq(&[Str("stall"), Expr::Rule(Rule::end_of_word)])),
    // kw_deadline
    (Atomic, Seq(&[Str("deadline"), Expr::Rule(Rule::end_of_word)])),
    // kw_times
    (Atomic, Seq(&[Str("times"), Expr::Rule(Rule::end_of_word)])),
    // kw_time
    (Atomic, Seq(&[Str("time"), Expr::Rule(Rule::end_of_word)])),
    // kw_wait
    (Atomic, Seq(&[Str("wait"), Expr::Rule(Rule::end_of_word)])),
    // kw_retry_after
    (Atomic, Seq(&[Str("retry_after"), Expr::Rule(Rule::end_of_word)])),
    // kw_else
    (Atomic, Seq(&[Str("else"), Expr::Rule(Rule::end_of_word)])),
    // kw_up
    (Atomic, Seq(&[Str("up"), Expr::Rule(Rule::end_of_word)])),
    // kw_to
    (Atomic, Seq(&[Str("to"), Expr::Rule(Rule::end_of_word)])),
    // kw_exponential
    (Atomic, Seq(&[Str("exponential"), Expr::Rule(Rule::end_of_word)])),
    // kw_from
    (Atomic, Seq(&[Str("from"), Expr::Rule(Rule::end_of_word)])),
    // kw_jitter
    (Atomic, Seq(&[Str("jitter"), Expr::Rule(Rule::end_of_word)])),
    // kw_full
    (Atomic, Seq(&[Str("full"), Expr::Rule(Rule::end_of_word)])),
    // kw_equal
    (Atomic, Seq(&[Str("equal"), Expr::Rule(Rule::end_of_word)])),
    // kw_calls
    (Atomic, Seq(&[Str("calls"), Expr::Rule(Rule::end_of_word)])),
    // kw_call
    (Atomic, Seq(&[Str("call"), Expr::Rule(Rule::end_of_word)])),
    // kw_cool
    (Atomic, Seq(&[Str("cool"), Expr::Rule(Rule::end_of_word)])),
    // kw_probe
    (Atomic, Seq(&[Str("probe"), Expr::Rule(Rule::end_of_word)])),
    // kw_after
    (Atomic, Seq(&[Str("after"), Expr::Rule(Rule::end_of_word)])),
    // kw_failures
    (Atomic, Seq(&[Str("failures"), Expr::Rule(Rule::end_of_word)])),
    // kw_failure
    (Atomic, Seq(&[Str("failure"), Expr::Rule(Rule::end_of_word)])),
    // kw_request
    (Atomic, Seq(&[Str("request"), Expr::Rule(Rule::end_of_word)])),
    // kw_commit
    (Atomic, Seq(&[Str("commit"), Expr::Rule(Rule::end_of_word)])),
    // kw_partial
    (Atomic, Seq(&[Str("partial"), Expr::Rule(Rule::end_of_word)])),
    // kw_end
    (Atomic, Seq(&[Str("end"), Expr::Rule(Rule::end_of_word)])),
    // kw_mark_incomplete
    (Atomic, Seq(&[Str("mark_incomplete"), Expr::Rule(Rule::end_of_word)])),
    // kw_discard
    (Atomic, Seq(&[Str("discard"), Expr::Rule(Rule::end_of_word)])),
    // kw_iterations
    (Atomic, Seq(&[Str("iterations"), Expr::Rule(Rule::end_of_word)])),
    // kw_results
    (Atomic, Seq(&[Str("results"), Expr::Rule(Rule::end_of_word)])),
    // kw_result
    (Atomic, Seq(&[Str("result"), Expr::Rule(Rule::end_of_word)])),
    // kw_always
    (Atomic, Seq(&[Str("always"), Expr::Rule(Rule::end_of_word)])),
    // kw_least
    (Atomic, Seq(&[Str("least"), Expr::Rule(Rule::end_of_word)])),
    // kw_served
    (Atomic, Seq(&[Str("served"), Expr::Rule(Rule::end_of_word)])),
    // kw_denied
    (Atomic, Seq(&[Str("denied"), Expr::Rule(Rule::end_of_word)])),
    // kw_cost
    (Atomic, Seq(&[Str("cost"), Expr::Rule(Rule::end_of_word)])),
    // kw_endpoints
    (Atomic, Seq(&[Str("endpoints"), Expr::Rule(Rule::end_of_word)])),
    // kw_endpoint
    (Atomic, Seq(&[Str("endpoint"), Expr::Rule(Rule::end_of_word)])),
];
