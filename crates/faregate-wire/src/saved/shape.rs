//! The shape of a saved run, read and written alike.

use crate::outcome::PhaseDto;
use crate::scalar::{AnyCount, AnyDuration, AnyInstant, Count, Money};
use crate::slot::{Tree, shape, words};

shape! {
    /// A run that can go on elsewhere.
    pub(super) struct SavedRunDto {
        /// The version of this shape.
        pub(super) faregate_run: Count,
        pub(super) request: Tree,
        pub(super) context: Tree,
        pub(super) observed: Tree,
        pub(super) workload: String,
        pub(super) degraded: Vec<String>,
        pub(super) plan: Vec<PlacedDto>,
        pub(super) state: StateDto,
        pub(super) at: AnyCount,
        pub(super) moves: AnyCount,
        pub(super) used: Vec<AnyCount>,
        pub(super) calls: Vec<CallDto>,
        pub(super) dead: Vec<DeadDto>,
        pub(super) errors: Vec<ErrorDto>,
        pub(super) steps: Vec<StepDto>,
        pub(super) discarded_tokens: AnyCount,
        pub(super) told: Vec<Tree>,
        pub(super) digests: DigestsDto,
    }
}

shape! {
    pub(super) struct PlacedDto {
        pub(super) endpoint: String,
        pub(super) credential: CredentialDto,
    }
}

shape! {
    pub(super) struct DeadDto {
        pub(super) provider: String,
        pub(super) credential: CredentialDto,
    }
}

shape! {
    /// As decisions write it.
    pub(super) struct CredentialDto {
        pub(super) kind: CredentialKind,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub(super) key: Option<String>,
    }
}

words! {
    pub(super) enum CredentialKind {
        Shared = "shared",
        Own = "own",
    }
}

shape! {
    /// What a run is about to do. Which fields are there follows from `is`.
    pub(super) struct StateDto {
        pub(super) is: StateKind,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub(super) waited_ms: Option<AnyDuration>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub(super) until: Option<AnyInstant>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub(super) error: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub(super) limit: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub(super) cut: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub(super) at: Option<AnyInstant>,
    }
}

words! {
    pub(super) enum StateKind {
        Ready = "ready",
        Waiting = "waiting",
        Calling = "calling",
        Judging = "judging",
        Done = "done",
        Failed = "failed",
    }
}

shape! {
    pub(super) struct CallDto {
        pub(super) at: AnyCount,
        pub(super) started_at: AnyInstant,
        pub(super) waited_ms: AnyDuration,
        pub(super) worst: Option<Money>,
        pub(super) worst_tokens: Option<AnyCount>,
        pub(super) spent: Option<Money>,
        pub(super) tokens: Option<AnyCount>,
        pub(super) counts_under: Vec<CounterDto>,
        pub(super) outcome: Option<Tree>,
    }
}

shape! {
    pub(super) struct CounterDto {
        pub(super) budget: String,
        pub(super) per: Vec<Option<String>>,
    }
}

shape! {
    pub(super) struct ErrorDto {
        pub(super) class: String,
        pub(super) status: Option<Count>,
        pub(super) endpoint: String,
        pub(super) credential: CredentialDto,
        pub(super) phase: PhaseDto,
        pub(super) emitted_tokens: AnyCount,
        pub(super) retry_after_ms: Option<AnyDuration>,
        pub(super) waited_ms: AnyDuration,
        pub(super) cost: Option<Money>,
    }
}

shape! {
    /// A step. Which fields are there follows from `step`.
    pub(super) struct StepDto {
        pub(super) step: StepKind,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub(super) endpoint: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub(super) provider: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub(super) credential: Option<CredentialDto>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub(super) ms: Option<AnyDuration>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub(super) class: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub(super) at: Option<AnyInstant>,
    }
}

words! {
    pub(super) enum StepKind {
        Try = "try",
        Wait = "wait",
        Done = "done",
        Fail = "fail",
    }
}

shape! {
    pub(super) struct DigestsDto {
        pub(super) policy: String,
        pub(super) catalog: String,
        pub(super) engine: String,
    }
}
