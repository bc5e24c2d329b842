"""The gateway as the `openai` package sees it."""

import asyncio
import os
import time

import openai
from openai import AsyncOpenAI, OpenAI

BASE = os.environ["base_url"]
HELLO = [{"role": "user", "content": "hello there"}]
client = OpenAI(base_url=BASE, api_key="demo-key")


def ask(model="demo/small", **more):
    return client.chat.completions.create(model=model, messages=HELLO, max_tokens=50, **more)


def refused(kind, call):
    try:
        call()
    except openai.OpenAIError as error:
        assert type(error) is kind, (type(error), error)
        return error
    raise AssertionError(f"{kind} was expected")


def said(stream):
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


# An answer.
answer = ask()
assert answer.choices[0].message.content == "north/small heard: hello there"
assert answer.choices[0].finish_reason == "stop"
assert answer.model == "demo/small"
assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (2, 4)

# Its headers, and a fallback after a 429.
raw = client.chat.completions.with_raw_response.create(model="demo/busy", messages=HELLO, max_tokens=50)
assert raw.headers["x-faregate-endpoint"] == "demo/busy@east"
assert (raw.headers["x-faregate-attempts"], raw.headers["x-faregate-fallback"]) == ("2", "provider")
assert raw.parse().choices[0].message.content == "east/busy heard: hello there"

# Streams.
assert said(ask(stream=True)) == "north/small heard: hello there"
chunks = list(ask(stream=True, stream_options={"include_usage": True}))
assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens == 6
assert chunks[-2].choices[0].finish_reason == "stop"
with client.chat.completions.stream(model="demo/small", messages=HELLO, max_tokens=50) as stream:
    final = stream.get_final_completion()
assert final.choices[0].message.content == "north/small heard: hello there"


# Many at once.
async def together():
    async with AsyncOpenAI(base_url=BASE, api_key="demo-key") as many:
        async def one(number):
            text = [{"role": "user", "content": f"number {number}"}]
            stream = await many.chat.completions.create(
                model="demo/small", messages=text, max_tokens=50, stream=True
            )
            return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

        return await asyncio.gather(*map(one, range(20)))


assert asyncio.run(together()) == [f"north/small heard: number {n}" for n in range(20)]

# A stream that is cut raises, and nothing is taken for the whole; held to its end, it comes from elsewhere.
part = []
error = refused(openai.APIError, lambda: part.extend(c.choices[0].delta.content for c in ask("demo/torn", stream=True)))
assert error.code == "stream_interrupted"
assert "".join(part) == "north/torn heard: "
report = {"x-faregate-workload": "report"}
assert said(ask("demo/torn", stream=True, extra_headers=report)) == "east/torn heard: hello there"

# Errors are of the kind that programs catch, and the client does not try again by itself.
began = time.monotonic()
error = refused(openai.RateLimitError, lambda: ask("demo/jammed"))
assert error.code == "rate_limit_exceeded" and 0 < int(error.response.headers["retry-after"]) <= 20
error = refused(openai.PermissionDeniedError, lambda: ask("demo/large", extra_headers={"x-faregate-data": "pii"}))
assert error.code == "guardrail" and "data processing agreement" in error.message
error = refused(openai.InternalServerError, lambda: ask(response_format={"type": "json_object"}))
assert error.code == "no_route"
assert error.response.request.headers["x-stainless-retry-count"] == "0"
assert time.monotonic() - began < 2
error = refused(openai.BadRequestError, lambda: ask(n=2))
assert (error.code, error.param) == ("invalid_request", "n")
error = refused(openai.AuthenticationError, lambda: OpenAI(base_url=BASE, api_key="wrong").models.list())
assert error.code == "invalid_api_key"

# Models.
assert "demo/small" in [model.id for model in client.models.list()]
assert client.models.retrieve("demo/small").owned_by == "demo"
refused(openai.NotFoundError, lambda: client.models.retrieve("demo/none"))

print(f"openai {openai.__version__} of PyPI: all as expected")
