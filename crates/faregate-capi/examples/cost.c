/*
 * What one decision costs a program in C: microseconds, the median of many rounds.
 *
 *   cargo build --release -p faregate-capi
 *   cc -O2 -Icrates/faregate-capi/include crates/faregate-capi/examples/cost.c -o cost \
 *      -Ltarget/release -lfaregate_c -Wl,-rpath,$PWD/target/release
 *   ./cost examples/one-decision
 */
#define _POSIX_C_SOURCE 199309L
#include "faregate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 60, WARM = 10, TIMES = 2000 };

static FaregateStr read_file(const char *folder, const char *name) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(2);
    }
    static char room[4][1 << 16];
    static int used;
    char *text = room[used++];
    FaregateStr given = {(const uint8_t *)text, fread(text, 1, sizeof room[0], file)};
    fclose(file);
    return given;
}

static double microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int rising(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int count, char **arguments) {
    const char *folder = count > 1 ? arguments[1] : "examples/one-decision";
    FaregateFile policy = {{(const uint8_t *)"policy.fare", 11}, read_file(folder, "policy.fare")};
    FaregateStr catalog = read_file(folder, "catalog.json");
    FaregateStr request = read_file(folder, "request.json"), context = read_file(folder, "context.json");
    FaregateText error = {NULL, 0}, json;
    FaregateEngine *engine;
    if (faregate_engine_load(&policy, 1, &catalog, 1, &engine, &error) != FAREGATE_OK) {
        fprintf(stderr, "%s\n", (const char *)error.data);
        return 1;
    }
    double rounds[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        double begun = microseconds();
        for (int n = 0; n < TIMES; n++) {
            FaregateDecision *decision;
            if (faregate_decide(engine, request, context, &decision, &error) != FAREGATE_OK) return 1;
            faregate_decision_json(decision, &json, &error);
            faregate_text_free(json);
            faregate_decision_free(decision);
        }
        rounds[round] = (microseconds() - begun) / TIMES;
    }
    qsort(rounds + WARM, ROUNDS - WARM, sizeof rounds[0], rising);
    printf("C       %-28s %8.2f \302\265s\n", "from texts, to text", rounds[WARM + (ROUNDS - WARM) / 2]);
    faregate_engine_free(engine);
    return 0;
}
