/*
 * Faregate: which request may go to which model and provider, at what price, and what may replace it.
 *
 * Who owns what
 *   - What you hand in (FaregateStr, FaregateFile, handles) stays yours, and is not looked at after the call.
 *   - What comes back through `out`, a handle or a FaregateText, is yours: give it to its `_free` function once.
 *     Handles are independent: a decision outlives its engine, a run its decision and its tracker.
 *   - `error` may be NULL. Where it is not, it is written at every call: empty where all went well, else a text
 *     that is yours: JSON with `code`, `message`, `at`, `issues`, `diagnostics`.
 *   - Where a function fails, `out` is NULL or an empty text.
 *
 * Texts are UTF-8, with their length; a FaregateText also ends in a NUL that its length does not count.
 * Data (requests, contexts, catalogs, outcomes) are JSON or YAML; what comes back is JSON on one line.
 * Instants (`now_ms`) are milliseconds since 1970-01-01T00:00:00Z.
 *
 * All functions may be called from any thread at any time, with the same handles; only a handle that is being
 * freed must be in nobody's use. No panic and no exception crosses: a fault of Faregate is FAREGATE_INTERNAL.
 */

#ifndef FAREGATE_H
#define FAREGATE_H

/* Made by cbindgen of crates/faregate-capi; `.ci/full` holds it to the code. Do not edit. */

#include <stddef.h>
#include <stdint.h>

/* Decides requests. Immutable; handles share what they stand for. */
typedef struct FaregateEngine FaregateEngine;
/* What was decided of one request, with what its run needs. */
typedef struct FaregateDecision FaregateDecision;
/* The calls that one request causes, one after the other: it asks, you act and tell. */
typedef struct FaregateRun FaregateRun;
/* Holds the engine that serves, to be replaced under traffic. */
typedef struct FaregateLive FaregateLive;
/* Remembers between requests what health and budgets need. */
typedef struct FaregateTracker FaregateTracker;

/*
 How a call went.
 */
typedef enum {
  /*
   As asked.
   */
  FAREGATE_OK = 0,
  /*
   A policy has faults; `diagnostics` of the error has all of them, with the warnings.
   */
  FAREGATE_INVALID_POLICY = 1,
  /*
   A catalog has faults.
   */
  FAREGATE_INVALID_CATALOG = 2,
  /*
   A request, a context, an outcome or a saved run has faults.
   */
  FAREGATE_INVALID_DATA = 3,
  /*
   An argument is none that the function takes: a NULL, a text that is no UTF-8, an unknown word.
   */
  FAREGATE_INVALID_ARGUMENT = 4,
  /*
   A saved run does not fit this engine, or contradicts itself.
   */
  FAREGATE_NOT_RESTORABLE = 5,
  /*
   Other runs were faster; decide again with fresh facts.
   */
  FAREGATE_REFUSED = 6,
  /*
   Where counters are kept cannot be reached.
   */
  FAREGATE_UNAVAILABLE = 7,
  /*
   A fault of Faregate itself; please report it.
   */
  FAREGATE_INTERNAL = 8,
} FaregateStatus;

/*
 A text that is yours: UTF-8, not looked at after the call. `data` may be NULL where `len` is 0.
 */
typedef struct {
  /*
   The first byte.
   */
  const uint8_t *data;
  /*
   How many bytes; a NUL at the end is not counted.
   */
  size_t len;
} FaregateStr;

/*
 A name and what it names: a file of a policy set, or a header.
 */
typedef struct {
  /*
   The name.
   */
  FaregateStr name;
  /*
   The text.
   */
  FaregateStr text;
} FaregateFile;

/*
 A text that is given to you: `len` bytes of UTF-8 at `data`, then a NUL that `len` does not count. Free it with
 `faregate_text_free`. Where there is none, `data` is NULL and `len` 0.
 */
typedef struct {
  /*
   The first byte, or NULL.
   */
  uint8_t *data;
  /*
   How many bytes.
   */
  size_t len;
} FaregateText;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/*
 Gives what an answer that failed means, as an outcome for `faregate_run_next`. `headers` are all headers of the answer,
 `phase` is `before_output`, `mid_stream` or `after_completion`.

 # Safety
 Pointers are valid for their lengths; `out` and `error` are NULL or valid for writing.
 */
FaregateStatus faregate_classify_response(FaregateStr provider,
                                          uint16_t status,
                                          const FaregateFile *headers,
                                          size_t n_headers,
                                          FaregateStr body,
                                          FaregateStr phase,
                                          int64_t now_ms,
                                          FaregateText *out,
                                          FaregateText *error);

/*
 Gives what an event of a stream means, or an answer with status 200, if it tells of a failure; else `out` is empty.

 # Safety
 As `faregate_classify_response`.
 */
FaregateStatus faregate_classify_event(FaregateStr provider,
                                       const FaregateFile *headers,
                                       size_t n_headers,
                                       FaregateStr data,
                                       FaregateStr phase,
                                       int64_t now_ms,
                                       FaregateText *out,
                                       FaregateText *error);

/*
 Gives what a connection that failed means: `kind` is `timeout`, `refused`, `reset`, `dns`, `tls`, `ended` or `client_left`.

 # Safety
 As `faregate_classify_response`.
 */
FaregateStatus faregate_classify_transport(FaregateStr kind,
                                           FaregateStr phase,
                                           FaregateText *out,
                                           FaregateText *error);

/*
 Returns the version of the engine. The text is the library's and is never freed.
 */
FaregateStr faregate_version(void);

/*
 Checks a policy set: `out` gets all findings, `{"diagnostics": [...], "errors": 1, "warnings": 0}`. Faults of the policy are
 findings, not a failure. With catalogs (`n_catalogs` > 0), also what only a catalog shows. `today` is a day such as
 `2026-11-23` for waivers and sunsets, or empty.

 # Safety
 Pointers are valid for their lengths; `out` and `error` are NULL or valid for writing.
 */
FaregateStatus faregate_check(const FaregateFile *policies,
                              size_t n_policies,
                              const FaregateStr *catalogs,
                              size_t n_catalogs,
                              FaregateStr today,
                              FaregateText *out,
                              FaregateText *error);

/*
 Loads a policy set and the layers of a catalog, each laid over those before it.

 # Safety
 Pointers are valid for their lengths; `out` and `error` are NULL or valid for writing.
 */
FaregateStatus faregate_engine_load(const FaregateFile *policies,
                                    size_t n_policies,
                                    const FaregateStr *catalogs,
                                    size_t n_catalogs,
                                    FaregateEngine **out,
                                    FaregateText *error);

/*
 Returns another handle of the same engine; cheap. NULL of NULL.

 # Safety
 `engine` is NULL or a handle that is not freed.
 */
FaregateEngine *faregate_engine_copy(const FaregateEngine *engine);

/*
 Frees an engine; NULL is let be. Decisions, runs and holders made with it live on.

 # Safety
 `engine` is NULL or a handle that was not freed before, and nobody uses it.
 */
void faregate_engine_free(FaregateEngine *engine);

/*
 Gives the warnings of an engine's policy on its catalog, as `faregate_check` does.

 # Safety
 `engine` is NULL or a handle that is not freed; `out` and `error` are NULL or valid for writing.
 */
FaregateStatus faregate_engine_warnings(const FaregateEngine *engine, FaregateText *out, FaregateText *error);

/*
 Gives the digest of an engine's policy set: `blake3:...`.

 # Safety
 As `faregate_engine_warnings`.
 */
FaregateStatus faregate_engine_policy_digest(const FaregateEngine *engine,
                                             FaregateText *out,
                                             FaregateText *error);

/*
 Gives the digest of an engine's catalog: `blake3:...`.

 # Safety
 As `faregate_engine_warnings`.
 */
FaregateStatus faregate_engine_catalog_digest(const FaregateEngine *engine,
                                              FaregateText *out,
                                              FaregateText *error);

/*
 Decides a request. What the policy does not allow is no failure but a decision.

 # Safety
 `engine` is NULL or a handle that is not freed; texts are valid for their lengths; `out` and `error` are NULL or valid for
 writing.
 */
FaregateStatus faregate_decide(const FaregateEngine *engine,
                               FaregateStr request,
                               FaregateStr context,
                               FaregateDecision **out,
                               FaregateText *error);

/*
 Decides a request and gives the decision as JSON, for who runs nothing.

 # Safety
 As `faregate_decide`.
 */
FaregateStatus faregate_decide_json(const FaregateEngine *engine,
                                    FaregateStr request,
                                    FaregateStr context,
                                    FaregateText *out,
                                    FaregateText *error);

/*
 Says of one endpoint, rule by rule, why it is where it is. `out` is empty where the catalog has no such endpoint, or the
 request is denied before endpoints are looked at.

 # Safety
 As `faregate_decide`.
 */
FaregateStatus faregate_why(const FaregateEngine *engine,
                            FaregateStr request,
                            FaregateStr context,
                            FaregateStr endpoint,
                            FaregateText *out,
                            FaregateText *error);

/*
 Gives a decision as JSON; equal decisions are equal bytes.

 # Safety
 `decision` is NULL or a handle that is not freed; `out` and `error` are NULL or valid for writing.
 */
FaregateStatus faregate_decision_json(const FaregateDecision *decision,
                                      FaregateText *out,
                                      FaregateText *error);

/*
 Returns 200 where the request may go somewhere, the HTTP status of a denial, or 0 of NULL.

 # Safety
 `decision` is NULL or a handle that is not freed.
 */
uint16_t faregate_decision_status(const FaregateDecision *decision);

/*
 Begins a run of a decision; `out` is NULL where the request is denied.

 # Safety
 `decision` is NULL or a handle that is not freed; `out` and `error` are NULL or valid for writing.
 */
FaregateStatus faregate_decision_run(const FaregateDecision *decision,
                                     FaregateRun **out,
                                     FaregateText *error);

/*
 Frees a decision; NULL is let be. Its runs live on.

 # Safety
 `decision` is NULL or a handle that was not freed before, and nobody uses it.
 */
void faregate_decision_free(FaregateDecision *decision);

/*
 Frees a text of this library. Of one without `data` nothing happens.

 # Safety
 `text` came from this library, is unchanged, and was not freed before.
 */
void faregate_text_free(FaregateText text);

/*
 Makes a holder of an engine, which stays yours to free.

 # Safety
 `engine` is NULL or a handle that is not freed; `out` and `error` are NULL or valid for writing.
 */
FaregateStatus faregate_live_new(const FaregateEngine *engine, FaregateLive **out, FaregateText *error);

/*
 Gives a handle of the engine that serves now, to be kept for a whole request and freed after it; cheap.

 # Safety
 `live` is NULL or a handle that is not freed; `out` and `error` are NULL or valid for writing.
 */
FaregateStatus faregate_live_engine(const FaregateLive *live, FaregateEngine **out, FaregateText *error);

/*
 Lets another engine, which stays yours to free, serve from now on.

 # Safety
 `live` and `engine` are NULL or handles that are not freed; `error` is NULL or valid for writing.
 */
FaregateStatus faregate_live_replace(const FaregateLive *live,
                                     const FaregateEngine *engine,
                                     FaregateText *error);

/*
 Lets another policy set serve with the catalog that serves now. Where it does not load, what served goes on serving.

 # Safety
 `live` is NULL or a handle that is not freed; pointers are valid for their lengths; `error` is NULL or valid for writing.
 */
FaregateStatus faregate_live_load_policy(const FaregateLive *live,
                                         const FaregateFile *policies,
                                         size_t n_policies,
                                         FaregateText *error);

/*
 Lets another catalog serve with the policy set that serves now. Where it does not load, what served goes on serving.

 # Safety
 As `faregate_live_load_policy`.
 */
FaregateStatus faregate_live_load_catalog(const FaregateLive *live,
                                          const FaregateStr *catalogs,
                                          size_t n_catalogs,
                                          FaregateText *error);

/*
 Frees a holder; NULL is let be. Engines that it gave live on.

 # Safety
 `live` is NULL or a handle that was not freed before, and nobody uses it.
 */
void faregate_live_free(FaregateLive *live);

/*
 Makes a saved run go on.

 # Safety
 `engine` is NULL or a handle that is not freed; `saved` is valid for its length; `out` and `error` are NULL or valid for
 writing.
 */
FaregateStatus faregate_run_restore(const FaregateEngine *engine,
                                    FaregateStr saved,
                                    FaregateRun **out,
                                    FaregateText *error);

/*
 Gives what to do at an instant: `{"step": "try", "attempt": ...}`, `{"step": "wait", "until": ..., "until_ms": ...}`,
 `{"step": "done", "record": ...}` or `{"step": "failed", "record": ...}`. Asked again before you have acted, it says the same.

 # Safety
 `run` is NULL or a handle that is not freed; `out` and `error` are NULL or valid for writing.
 */
FaregateStatus faregate_run_step(const FaregateRun *run,
                                 int64_t now_ms,
                                 FaregateText *out,
                                 FaregateText *error);

/*
 Tells a run how the call ended that `faregate_run_step` asked for: `{"ok": {"input_tokens": 120, "output_tokens": 40}}`, or
 what classification gives.

 # Safety
 `run` is NULL or a handle that is not freed; `outcome` is valid for its length; `error` is NULL or valid for writing.
 */
FaregateStatus faregate_run_next(const FaregateRun *run,
                                 FaregateStr outcome,
                                 int64_t now_ms,
                                 FaregateText *error);

/*
 Tells a run fresher facts: a context.

 # Safety
 `run` is NULL or a handle that is not freed; `context` is valid for its length; `error` is NULL or valid for writing.
 */
FaregateStatus faregate_run_observe(const FaregateRun *run,
                                    FaregateStr context,
                                    FaregateText *error);

/*
 Gives all that a run knows, for `faregate_run_restore`. What a tracker holds for it is no part of it.

 # Safety
 `run` is NULL or a handle that is not freed; `out` and `error` are NULL or valid for writing.
 */
FaregateStatus faregate_run_save(const FaregateRun *run, FaregateText *out, FaregateText *error);

/*
 Frees a run; NULL is let be. Of one that a tracker accompanies and that has not ended, what its calls may have cost is
 counted, and the rest is given back.

 # Safety
 `run` is NULL or a handle that was not freed before, and nobody uses it.
 */
void faregate_run_free(FaregateRun *run);

/*
 Returns a tracker that knows nothing yet, with counters in memory.
 */
FaregateTracker *faregate_tracker_new(void);

/*
 Gives a context with what is known at its `now`: cooldowns and probes, and what budgets have counted.

 # Safety
 Handles are NULL or not freed; texts are valid for their lengths; `out` and `error` are NULL or valid for writing.
 */
FaregateStatus faregate_tracker_fill(const FaregateTracker *tracker,
                                     const FaregateEngine *engine,
                                     FaregateStr request,
                                     FaregateStr context,
                                     FaregateText *out,
                                     FaregateText *error);

/*
 Holds what the run of a decision may add to budgets, and begins the run, which the tracker accompanies; NULL where the
 request is denied. FAREGATE_REFUSED: others were faster; fill a fresh context and decide again.

 # Safety
 Handles are NULL or not freed; `out` and `error` are NULL or valid for writing.
 */
FaregateStatus faregate_tracker_reserve(const FaregateTracker *tracker,
                                        const FaregateDecision *decision,
                                        FaregateRun **out,
                                        FaregateText *error);

/*
 Fills the context, decides, and holds what the run may add; again where others were faster. `out_decision` gets the
 decision, `out_run` the run, or NULL where the request is denied.

 # Safety
 Handles are NULL or not freed; texts are valid for their lengths; `out_decision`, `out_run` and `error` are NULL or valid for
 writing.
 */
FaregateStatus faregate_tracker_admit(const FaregateTracker *tracker,
                                      const FaregateEngine *engine,
                                      FaregateStr request,
                                      FaregateStr context,
                                      FaregateDecision **out_decision,
                                      FaregateRun **out_run,
                                      FaregateText *error);

/*
 Frees a tracker; NULL is let be. Runs that it accompanies live on.

 # Safety
 `tracker` is NULL or a handle that was not freed before, and nobody uses it.
 */
void faregate_tracker_free(FaregateTracker *tracker);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* FAREGATE_H */
