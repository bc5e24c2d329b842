"""A routing strategy for LiteLLM's router, and a call whose retries and fallbacks are the policy's.

    router = litellm.Router(model_list=[...], num_retries=0)
    strategy = Strategy(router, Live(engine), Tracker())
    router.set_custom_routing_strategy(strategy)
    response = await strategy.acompletion(model="anthropic/claude-sonnet-4.5", messages=[...], metadata={...})

A deployment of the router's list is an endpoint of the catalog: its `model_info["id"]` is the endpoint's id. What LiteLLM cannot
know of a request stands under `metadata["faregate"]`, in the names of a request: `workload`, `data`, `attributes`.

Give the strategy to LiteLLM as `CustomRoutingStrategyBase` asks; it need not inherit from it, the router takes its two methods.
Leave `num_retries` at 0 and `fallbacks` empty: two machines that retry multiply.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Mapping
from typing import Any, Optional

from faregate import Decision, Live, Run, Tracker, classify_response, classify_transport

Messages = list[dict[str, Any]]


class Denied(Exception):
    """The policy sends this request nowhere. `status_code` is what a proxy answers."""

    def __init__(self, decision: Decision) -> None:
        denial = decision.to_dict()["denial"]
        super().__init__(f"{denial['code']}: {denial['message']}")
        self.status_code, self.code = denial["status"], denial["code"]


class Strategy:
    """Picks the deployment that the policy wants, and drives a call to its end."""

    def __init__(self, router: Any, live: Live, tracker: Tracker) -> None:
        self.router, self.live, self.tracker = router, live, tracker

    # What LiteLLM asks of a custom routing strategy.

    async def async_get_available_deployment(
        self,
        model: str,
        messages: Optional[Messages] = None,
        input: Any = None,
        specific_deployment: Optional[bool] = False,
        request_kwargs: Optional[dict[str, Any]] = None,
    ) -> dict[str, Any]:
        return self.get_available_deployment(model, messages, input, specific_deployment, request_kwargs)

    def get_available_deployment(
        self,
        model: str,
        messages: Optional[Messages] = None,
        input: Any = None,
        specific_deployment: Optional[bool] = False,
        request_kwargs: Optional[dict[str, Any]] = None,
    ) -> dict[str, Any]:
        kwargs = request_kwargs or {}
        chosen = (kwargs.get("metadata") or {}).get("faregate_endpoint")
        if chosen is None:
            # Called by the router itself: one attempt, counted by nobody.
            decision = self.live.engine().decide(self.request(model, messages, input, kwargs), self.context(kwargs))
            if decision.status != 200:
                raise Denied(decision)
            chosen = decision.to_dict()["attempts"][0]["endpoint"]
        return self.deployment(chosen)

    def deployment(self, endpoint: str) -> dict[str, Any]:
        for deployment in self.router.model_list:
            if deployment.get("model_info", {}).get("id") == endpoint:
                return dict(deployment)
        raise LookupError(f"the policy picks {endpoint}, and no deployment has this as its model_info.id")

    # A call with the policy's own retries and fallbacks, counted in its budgets.

    async def acompletion(self, model: str, messages: Messages, **kwargs: Any) -> Any:
        request, context = self.request(model, messages, None, kwargs), self.context(kwargs)
        decision, run = self.tracker.admit(self.live.engine(), request, context)
        if run is None:
            raise Denied(decision)
        response, failure = None, None
        while True:
            step = run.step(now_ms())
            if step["step"] == "wait":
                await asyncio.sleep(max(0, step["until_ms"] - now_ms()) / 1000)
                continue
            if step["step"] != "try":
                break
            response, failure = await self.attempt(run, step["attempt"], model, messages, kwargs)
        if failure is not None:
            raise failure
        return response

    async def attempt(
        self, run: Run, attempt: dict[str, Any], model: str, messages: Messages, kwargs: dict[str, Any]
    ) -> tuple[Any, Optional[Exception]]:
        # Where the two lists do not fit each other, no provider has failed, and no other is to be tried.
        self.deployment(attempt["endpoint"])
        metadata = {**(kwargs.get("metadata") or {}), "faregate_endpoint": attempt["endpoint"]}
        sent = {**kwargs, "metadata": metadata}
        if attempt["timeout_ms"] is not None:
            sent["timeout"] = attempt["timeout_ms"] / 1000
        if attempt["max_output_tokens"] is not None:
            sent["max_tokens"] = attempt["max_output_tokens"]
        for parameter in attempt["drop_parameters"]:
            sent.pop(parameter, None)
        try:
            response = await self.router.acompletion(model=model, messages=messages, **sent)
        except Exception as error:
            run.next(outcome(attempt["provider"], error), now_ms())
            return None, error
        usage = response["usage"]
        used = {"input_tokens": usage["prompt_tokens"], "output_tokens": usage["completion_tokens"]}
        run.next({"ok": used}, now_ms())
        return response, None

    def request(self, model: str, messages: Optional[Messages], input: Any, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        told = (kwargs.get("metadata") or {}).get("faregate", {})
        # No text has more tokens than bytes; a host with a tokenizer says it better.
        size = len(str([message.get("content") for message in messages or []] or input).encode())
        request = {
            "id": kwargs.get("litellm_call_id") or str(uuid.uuid4()),
            "model": model,
            "input_tokens": size,
            "stream": bool(kwargs.get("stream")),
            **told,
        }
        if kwargs.get("max_tokens") is not None:
            request["max_output_tokens"] = kwargs["max_tokens"]
        if kwargs.get("tools"):
            request["parameters"] = sorted({"tools", *told.get("parameters", [])})
        return request

    def context(self, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        metadata = kwargs.get("metadata") or {}
        # As LiteLLM's proxy names them.
        key = {"id": metadata.get("user_api_key_hash"), "team": metadata.get("user_api_key_team_id")}
        instant = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now_ms() / 1000))
        return {"now": instant, "key": {name: value for name, value in key.items() if value is not None}}


def outcome(provider: str, error: Exception) -> dict[str, Any]:
    """Returns what an exception of LiteLLM means: it carries the provider's answer, or a status, or came of the connection."""
    response = getattr(error, "response", None)
    status = getattr(error, "status_code", None)
    if isinstance(error, (asyncio.TimeoutError, TimeoutError)) or status == 408:
        return classify_transport("timeout")
    if status is None:
        return classify_transport("reset")
    headers = {str(name): str(value) for name, value in dict(getattr(response, "headers", None) or {}).items()}
    body = getattr(response, "content", b"") or b""
    return classify_response(provider, int(status), headers, body, now_ms())


def now_ms() -> int:
    return time.time_ns() // 1_000_000
