"""The strategy for LiteLLM against a router that does what LiteLLM documents of its own: `set_custom_routing_strategy` puts the
strategy's two methods in place of the router's, and a call sends to the deployment that they return."""

from __future__ import annotations

import asyncio
import unittest
from typing import Any, Optional

from faregate import Engine, Live, Tracker
from litellm_router import Denied, Strategy

POLICY = """
policy p { language 1 }
declare { request.data set_of pii default none }
guardrail private { when request.data includes pii  require endpoint.zdr }
budget team { per key.team  requests 3 per minute }
workload chat {
  otherwise
  route { models requested  prefer endpoint.provider == "north" }
  fallback { other provider on rate_limit, overloaded, timeout, network }
  retry { timeout 8s  at most 2 calls }
}
"""


def endpoint(name: str, zdr: bool) -> dict[str, Any]:
    return {"id": name, "context_length": 9000, "modalities": ["text"], "zdr": zdr}


class Failed(Exception):
    """As LiteLLM's exceptions are: a status, and the provider's answer."""

    def __init__(self, status: Optional[int], headers: Optional[dict[str, str]] = None) -> None:
        super().__init__(str(status))
        if status is not None:
            self.status_code = status
        self.response = type("Response", (), {"headers": headers or {}, "content": b"{}"})()


class Router:
    """The documented part of LiteLLM's router."""

    def __init__(self, *answers: Any) -> None:
        ids = ["m/a@north", "m/a@south"]
        self.model_list = [{"model_name": "m/a", "litellm_params": {"model": i}, "model_info": {"id": i}} for i in ids]
        self.answers = list(answers)
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def set_custom_routing_strategy(self, strategy: Any) -> None:
        self.async_get_available_deployment = strategy.async_get_available_deployment

    async def acompletion(self, model: str, messages: Any, **kwargs: Any) -> Any:
        deployment = await self.async_get_available_deployment(model=model, messages=messages, request_kwargs=kwargs)
        self.sent.append((deployment["litellm_params"]["model"], kwargs))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


GOOD = {"usage": {"prompt_tokens": 20, "completion_tokens": 7}}
HELLO = [{"role": "user", "content": "hello"}]
TEAM = {"user_api_key_team_id": "support"}


def desk(*answers: Any) -> tuple[Router, Strategy]:
    catalog = {"endpoints": [endpoint("m/a@north", False), endpoint("m/a@south", True)]}
    router = Router(*answers)
    strategy = Strategy(router, Live(Engine({"p.fare": POLICY}, [catalog])), Tracker())
    router.set_custom_routing_strategy(strategy)
    return router, strategy


class LiteLLM(unittest.IsolatedAsyncioTestCase):
    async def test_the_router_sends_where_the_policy_says(self) -> None:
        # Without a budget that nobody counts for it: the router asks on its own, and facts of budgets are unknown.
        router, strategy = desk(GOOD)
        with self.assertRaises(Denied) as denied:
            await router.acompletion("m/a", HELLO, metadata=TEAM)
        self.assertEqual(denied.exception.code, "quota")

    async def test_a_call_that_fails_goes_on_as_the_policy_says(self) -> None:
        router, strategy = desk(Failed(429), GOOD)
        self.assertEqual(await strategy.acompletion("m/a", HELLO, metadata=TEAM, max_tokens=50), GOOD)
        self.assertEqual([sent for sent, _ in router.sent], ["m/a@north", "m/a@south"])
        _, kwargs = router.sent[1]
        self.assertEqual((kwargs["timeout"], kwargs["max_tokens"]), (8.0, 50))

    async def test_personal_data_goes_nowhere_else_even_when_calls_fail(self) -> None:
        router, strategy = desk(Failed(503), GOOD)
        with self.assertRaises(Failed):
            await strategy.acompletion("m/a", HELLO, metadata={**TEAM, "faregate": {"data": ["pii"]}})
        self.assertEqual([sent for sent, _ in router.sent], ["m/a@south"])

    async def test_what_the_policy_does_not_retry_ends_with_the_error_of_the_provider(self) -> None:
        router, strategy = desk(Failed(401), GOOD)
        with self.assertRaises(Failed) as failed:
            await strategy.acompletion("m/a", HELLO, metadata=TEAM)
        self.assertEqual((failed.exception.status_code, len(router.sent)), (401, 1))

    async def test_a_connection_that_breaks_is_no_answer(self) -> None:
        for broken in (Failed(None), asyncio.TimeoutError(), Failed(408)):
            router, strategy = desk(broken, GOOD)
            self.assertEqual(await strategy.acompletion("m/a", HELLO, metadata=TEAM), GOOD)
            self.assertEqual([sent for sent, _ in router.sent], ["m/a@north", "m/a@south"], broken)

    async def test_budgets_count_what_was_called(self) -> None:
        router, strategy = desk(Failed(429), GOOD, GOOD, GOOD)
        for _ in range(2):
            await strategy.acompletion("m/a", HELLO, metadata=TEAM)
        # Three calls were made: the first request took two.
        with self.assertRaises(Denied) as denied:
            await strategy.acompletion("m/a", HELLO, metadata=TEAM)
        self.assertEqual((denied.exception.status_code, len(router.sent)), (429, 3))
        # Another team has a budget of its own.
        await strategy.acompletion("m/a", HELLO, metadata={"user_api_key_team_id": "sales"})

    async def test_a_deployment_that_nobody_named_is_told(self) -> None:
        router, strategy = desk(GOOD)
        router.model_list.clear()
        with self.assertRaisesRegex(LookupError, "the policy picks m/a@north, and no deployment has this"):
            await strategy.acompletion("m/a", HELLO, metadata=TEAM)


unittest.main()
