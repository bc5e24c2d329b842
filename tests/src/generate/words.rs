//! The few names and values of which random worlds are made.

use super::{Kind, Vocabulary};
use Kind::{Bool, Call, Count, Date, Duration, Image, Instant, Money, Mtok, Rate, Ratio, Set, Text, Time};
use Vocabulary::{Models, Open, Providers, Words};

/// Canonical models.
pub const MODELS: &[&str] = &["acme/small", "acme/large", "beta/chat", "beta/code"];
/// Aliases, each with its model.
pub(super) const ALIASES: &[(&str, &str)] = &[("small", "acme/small"), ("chat-latest", "beta/chat")];
/// Models, aliases and patterns as policies and requests name them.
pub(super) const MODEL_NAMES: &[&str] = &[
    "acme/small",
    "*",
    "acme/*",
    "beta/chat",
    "acme/large",
    "beta/code",
    "small",
    "chat-latest",
    "*/c*",
    "gone/model",
];
/// Models as a request names them.
pub(super) const ASKED: &[&str] =
    &["acme/small", "acme/large", "beta/chat", "beta/code", "small", "chat-latest", "gone/model"];
/// Providers.
pub const PROVIDERS: &[&str] = &["north", "south", "east"];
/// Regions.
pub(super) const REGIONS: &[&str] = &["eu", "us"];
/// Free marks.
pub(super) const TAGS: &[&str] = &["evaluated", "internal", "eu-contract"];
/// Teams, users and the like.
pub(super) const TEAMS: &[&str] = &["red", "blue", "eu"];
/// Kinds of requests.
pub(super) const WORKLOADS: &[&str] = &["chat", "batch", "incident"];
/// Environments.
pub(super) const ENVIRONMENTS: &[&str] = &["production", "staging"];
/// Priorities.
pub(super) const PRIORITIES: &[&str] = &["high", "low"];
/// Parameters.
pub(super) const PARAMETERS: &[&str] = &["seed", "reasoning", "tools", "response_format", "top_k"];
/// Modalities.
pub(super) const MODALITIES: &[&str] = &["text", "image", "audio"];
/// Tools.
pub(super) const TOOLS: &[&str] = &["web_search", "code_execution", "acme:lookup"];
/// Quantizations.
pub(super) const QUANTIZATIONS: &[&str] = &["bf16", "fp8", "int4"];
/// Kinds of sensitive data.
pub(super) const DATA: &[&str] = &["pii", "phi"];
/// Error classes.
pub(super) const CLASSES: &[&str] = &[
    "timeout",
    "network",
    "rate_limit",
    "overloaded",
    "provider_error",
    "invalid_response",
    "unavailable",
    "stream_interrupted",
];
/// Classes that no retry takes, with the kinds of move that they allow.
pub(super) const MOVES_ONLY: &[(&str, &[&str])] = &[
    ("authentication", &["credential", "provider"]),
    ("insufficient_credits", &["credential", "provider"]),
    ("quota_exhausted", &["credential", "provider", "model"]),
    ("moderation", &["model"]),
    ("context_length", &["model"]),
    ("not_found", &["provider", "model"]),
    ("unsupported", &["provider", "model"]),
];
/// Zones.
pub(super) const ZONES: &[&str] = &["UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York"];
/// Windows of budgets.
pub(super) const WINDOWS: &[&str] = &["day", "minute", "hour", "week", "month", "total"];
/// Texts for people.
pub(super) const REASONS: &[&str] =
    &["a reason", "DPA section 4.2", "\\\"quoted\\\" and \\\\", "größer – 例"];

/// The built-in attributes of the language, with what they hold.
pub const ATTRIBUTES: &[(&str, Kind)] = &[
    ("request.workload", Text(Words, WORKLOADS)),
    ("request.id", Text(Open, &["r-1", "r-2"])),
    ("request.model", Text(Models, ASKED)),
    ("request.models", Set(Models, ASKED)),
    ("request.input_tokens", Count),
    ("request.max_output_tokens", Count),
    ("request.expected_output_tokens", Count),
    ("request.cached_input_tokens", Count),
    ("request.total_tokens", Count),
    ("request.images", Count),
    ("request.caching", Bool),
    ("request.stream", Bool),
    ("request.idempotent", Bool),
    ("request.side_effects", Bool),
    ("request.parameters", Set(Words, PARAMETERS)),
    ("request.modalities", Set(Words, MODALITIES)),
    ("request.tools", Set(Words, TOOLS)),
    ("request.data", Set(Open, DATA)),
    ("request.tags", Set(Open, TAGS)),
    ("request.user", Text(Open, TEAMS)),
    ("request.session", Text(Open, TEAMS)),
    ("request.region", Text(Open, REGIONS)),
    ("request.priority", Text(Words, PRIORITIES)),
    ("request.only", Set(Providers, PROVIDERS)),
    ("request.ignore", Set(Providers, PROVIDERS)),
    ("key.id", Text(Open, &["k-1", "k-2"])),
    ("key.environment", Text(Words, ENVIRONMENTS)),
    ("key.team", Text(Open, TEAMS)),
    ("key.project", Text(Open, TEAMS)),
    ("key.account", Text(Open, TEAMS)),
    ("key.user", Text(Open, TEAMS)),
    ("key.tags", Set(Open, TAGS)),
    ("key.credits", Money),
    ("endpoint.id", Text(Open, &["acme/small@north", "beta/chat@south"])),
    ("endpoint.model", Text(Models, ASKED)),
    ("endpoint.native_model", Text(Open, &["small-1", "large-1"])),
    ("endpoint.provider", Text(Providers, PROVIDERS)),
    ("endpoint.region", Text(Open, REGIONS)),
    ("endpoint.quantization", Text(Words, QUANTIZATIONS)),
    ("endpoint.context_length", Count),
    ("endpoint.max_output_tokens", Count),
    ("endpoint.supports", Set(Words, PARAMETERS)),
    ("endpoint.modalities", Set(Words, MODALITIES)),
    ("endpoint.tags", Set(Open, TAGS)),
    ("endpoint.free", Bool),
    ("endpoint.zdr", Bool),
    ("endpoint.trains", Bool),
    ("endpoint.retains", Bool),
    ("endpoint.byok", Bool),
    ("endpoint.deprecated", Bool),
    ("endpoint.joint_context", Bool),
    ("endpoint.cooling_down", Bool),
    ("endpoint.sunset", Date),
    ("endpoint.price_prompt", Mtok),
    ("endpoint.price_completion", Mtok),
    ("endpoint.price_request", Call),
    ("endpoint.price_image", Image),
    ("endpoint.price_cache_read", Mtok),
    ("endpoint.price_cache_write", Mtok),
    ("endpoint.price_reasoning", Mtok),
    ("endpoint.price_web_search", Call),
    ("endpoint.cost", Money),
    ("endpoint.uptime", Ratio),
    ("endpoint.error_rate", Ratio),
    ("endpoint.latency_p50", Duration),
    ("endpoint.latency_p75", Duration),
    ("endpoint.latency_p90", Duration),
    ("endpoint.latency_p99", Duration),
    ("endpoint.throughput_p50", Rate),
    ("endpoint.throughput_p75", Rate),
    ("endpoint.throughput_p90", Rate),
    ("endpoint.throughput_p99", Rate),
    ("endpoint.health", Text(Words, &["up", "degraded", "down"])),
    ("time.now", Instant),
    ("time.date", Date),
    ("time.hour", Time),
    ("time.weekday", Text(Words, &["mon", "tue", "sun"])),
    ("attempt.number", Count),
    ("attempt.error", Text(Words, CLASSES)),
    ("attempt.emitted_tokens", Count),
    ("attempt.elapsed", Duration),
];

/// Comparisons of two attributes, one of them the endpoint's.
pub(super) const PAIRS: &[&str] = &[
    "endpoint.region == request.region",
    "request.region != endpoint.region",
    "endpoint.supports includes all of request.parameters",
    "endpoint.modalities includes any of request.modalities",
    "endpoint.tags includes any of request.tags",
    "endpoint.tags includes key.team",
    "request.models includes endpoint.model",
    "endpoint.model == request.model",
    "endpoint.context_length >= request.input_tokens",
    "request.total_tokens < endpoint.max_output_tokens",
    "endpoint.latency_p50 <= endpoint.latency_p99",
    "endpoint.zdr == request.idempotent",
    "endpoint.sunset > time.date",
];

/// Words that begin a statement somewhere: as values they are quoted, since in that block they are none.
pub(super) const STATEMENT_WORDS: &[&str] = &[
    "tools",
    "timeout",
    "first_token",
    "stall",
    "deadline",
    "price",
    "health",
    "stream",
    "requests",
    "tokens",
];
