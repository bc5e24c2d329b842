"""Which request may go to which model and provider, at what price, and what may replace it."""

from ._faregate import (
    Decision,
    Decisions,
    Engine,
    FaregateError,
    Live,
    Run,
    Tracker,
    __version__,
    check,
    classify_event,
    classify_response,
    classify_transport,
)

__all__ = [
    "Decision",
    "Decisions",
    "Engine",
    "FaregateError",
    "Live",
    "Run",
    "Tracker",
    "__version__",
    "check",
    "classify_event",
    "classify_response",
    "classify_transport",
]
