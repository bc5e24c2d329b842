/*
 * Decides one request, drives its run past a rate limit, and replaces the policy while the engine serves.
 *
 *   cargo build -p faregate-capi
 *   cc -Icrates/faregate-capi/include crates/faregate-capi/examples/decide.c -o decide \
 *      -Ltarget/debug -lfaregate_c -Wl,-rpath,$PWD/target/debug
 */
#include "faregate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *POLICY =
    "policy p { language 1 }\n"
    "workload chat {\n"
    "  otherwise\n"
    "  route { models requested }\n"
    "  fallback { other provider on rate_limit }\n"
    "  retry { on rate_limit 1 time wait retry_after up to 2s  at most 3 calls }\n"
    "}\n";

static const char *CATALOG =
    "endpoints:\n"
    "  - { id: m/a@north, context_length: 9000, modalities: [text] }\n"
    "  - { id: m/a@south, context_length: 9000, modalities: [text] }\n";

static FaregateStr str(const char *text) {
    FaregateStr given = {(const uint8_t *)text, strlen(text)};
    return given;
}

/* Ends where something failed; the error says what, and where. */
static void must(FaregateStatus status, FaregateText *error) {
    if (status != FAREGATE_OK) {
        fprintf(stderr, "%d: %s\n", (int)status, (const char *)error->data);
        exit(1);
    }
}

/* What your HTTP client would do: the first call is limited, the second answers. */
static FaregateText call_provider(int n, int64_t now) {
    FaregateText outcome = {NULL, 0}, error;
    if (n == 1) {
        FaregateFile headers[] = {{str("retry-after"), str("1")}};
        must(faregate_classify_response(str("openai"), 429, headers, 1, str("{}"), str("before_output"), now,
                                        &outcome, &error),
             &error);
    }
    return outcome;
}

int main(void) {
    FaregateText error, text;
    FaregateFile policy = {str("p.fare"), str(POLICY)};
    FaregateStr catalog = str(CATALOG);

    FaregateEngine *engine;
    must(faregate_engine_load(&policy, 1, &catalog, 1, &engine, &error), &error);
    FaregateLive *live;
    must(faregate_live_new(engine, &live, &error), &error);
    faregate_engine_free(engine);

    /* One engine for a whole request, whatever is put in place meanwhile. */
    must(faregate_live_engine(live, &engine, &error), &error);
    FaregateDecision *decision;
    must(faregate_decide(engine, str("{\"id\": \"r1\", \"model\": \"m/a\", \"input_tokens\": 120}"),
                         str("{\"now\": \"2026-11-23T10:00:00Z\"}"), &decision, &error),
         &error);
    must(faregate_decision_json(decision, &text, &error), &error);
    printf("%d %.*s\n", faregate_decision_status(decision), 56, (const char *)text.data);
    faregate_text_free(text);

    FaregateRun *run;
    must(faregate_decision_run(decision, &run, &error), &error);
    int64_t now = 1795428000000;
    for (int calls = 0, going = 1; going;) {
        must(faregate_run_step(run, now, &text, &error), &error);
        printf("%.*s\n", 46, (const char *)text.data);
        /* A real host reads the JSON: `attempt` says whom to call, `until_ms` how long to wait. */
        if (strncmp((const char *)text.data, "{\"step\":\"try\"", 13) == 0) {
            FaregateText failed = call_provider(++calls, now);
            FaregateStr outcome = failed.data ? (FaregateStr){failed.data, failed.len}
                                              : str("{\"ok\": {\"input_tokens\": 120, \"output_tokens\": 40}}");
            must(faregate_run_next(run, outcome, now, &error), &error);
            faregate_text_free(failed);
        } else if (strncmp((const char *)text.data, "{\"step\":\"wait\"", 14) == 0) {
            now = strtoll(strstr((const char *)text.data, "\"until_ms\":") + 11, NULL, 10);
        } else {
            going = 0;
        }
        faregate_text_free(text);
    }
    faregate_run_free(run);
    faregate_decision_free(decision);
    faregate_engine_free(engine);

    /* A policy with a fault: what served goes on serving, and the error has every finding with its place. */
    FaregateFile broken = {str("p.fare"), str("policy p { langage 1 }")};
    FaregateStatus status = faregate_live_load_policy(live, &broken, 1, &error);
    printf("%d %.*s\n", (int)status, 24, (const char *)error.data);
    faregate_text_free(error);
    faregate_live_free(live);
    return 0;
}
