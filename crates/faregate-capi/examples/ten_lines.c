/*
 * The lines of the README, as a program.
 *
 *   cc -Icrates/faregate-capi/include crates/faregate-capi/examples/ten_lines.c -o ten_lines \
 *      -Ltarget/release -lfaregate_c -Wl,-rpath,$PWD/target/release
 *   ./ten_lines examples/one-decision
 */
#include "faregate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t now_ms = 1795428000000;

static FaregateStr str(const char *text) {
    FaregateStr given = {(const uint8_t *)text, strlen(text)};
    return given;
}

static FaregateStr read_file(const char *folder, const char *name) {
    static char room[4][1 << 14];
    static int used;
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(2);
    }
    char *text = room[used++];
    FaregateStr given = {(const uint8_t *)text, fread(text, 1, sizeof room[0], file)};
    fclose(file);
    return given;
}

/* A JSON library would read the step. */
static int is(const char *kind, FaregateText step) {
    return strncmp((const char *)step.data, "{\"step\":\"", 9) == 0 &&
           strncmp((const char *)step.data + 9, kind, strlen(kind)) == 0;
}

static void sleep_until(FaregateText step) {
    const char *until = strstr((const char *)step.data, "\"until_ms\":");
    if (until) now_ms = atoll(until + 11);
}

/* Stands for the HTTP client: the first provider is overloaded, the next answers. */

static FaregateStr send(FaregateText step) {
    return strstr((const char *)step.data, "\"endpoint\":\"large/one@north\"")
               ? str("{\"error\":\"overloaded\",\"status\":529}")
               : str("{\"ok\":{\"input_tokens\":1200,\"output_tokens\":80}}");
}

int main(int count, char **arguments) {
    const char *folder = count > 1 ? arguments[1] : "examples/one-decision";
    FaregateFile policy = {str("policy.fare"), read_file(folder, "policy.fare")};
    FaregateStr catalog = read_file(folder, "catalog.json");
    FaregateStr request = read_file(folder, "request.json"), context = read_file(folder, "context.json");
    FaregateEngine *engine = NULL;
    FaregateDecision *decision = NULL;
    FaregateRun *run = NULL;
    FaregateText step = {NULL, 0}, error = {NULL, 0};
    /* [readme] */
    if (faregate_engine_load(&policy, 1, &catalog, 1, &engine, &error) || /* error: JSON, every finding with its place */
        faregate_decide(engine, request, context, &decision, &error) ||   /* JSON or YAML in */
        faregate_decision_run(decision, &run, &error))                    /* no run: denied */
        goto failed;
    while (!faregate_run_step(run, now_ms, &step, &error) && (is("try", step) || is("wait", step))) {
        if (is("wait", step))
            sleep_until(step);                                            /* {"step":"wait","until_ms":…} */
        else if (faregate_run_next(run, send(step), now_ms, &error))      /* {"step":"try","attempt":{…}}: call it */
            goto failed;
        faregate_text_free(step);
    }
    printf("%s\n", (const char *)step.data);                              /* {"step":"done","record":{…}} */
    /* [/readme] */
    faregate_text_free(step);
    faregate_run_free(run);
    faregate_decision_free(decision);
    faregate_engine_free(engine);
    return 0;
failed:
    fprintf(stderr, "%s\n", (const char *)error.data);
    return 1;
}
