// Package faregate is what a program in Go needs of the C ABI: errors as values, texts copied, handles freed by the collector.
package faregate

/*
#include <stdlib.h>
#include "faregate.h"
*/
import "C"

import (
	"encoding/json"
	"runtime"
	"unsafe"
)

// Error is what Faregate says went wrong.
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	At      string `json:"at"`
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Engine decides requests; any goroutine may use it.
type Engine struct{ handle *C.FaregateEngine }

// Run is what follows a decision.
type Run struct{ handle *C.FaregateRun }

// Step is what a run asks for.
type Step struct {
	Step    string `json:"step"`
	UntilMs int64  `json:"until_ms"`
	Attempt struct {
		Endpoint string `json:"endpoint"`
	} `json:"attempt"`
	Record struct {
		Steps []string `json:"steps"`
	} `json:"record"`
}

// given lends a text for one call; the C side does not keep it.
func given(pin *runtime.Pinner, text string) C.FaregateStr {
	if text == "" {
		return C.FaregateStr{}
	}
	data := unsafe.StringData(text)
	pin.Pin(data)
	return C.FaregateStr{data: (*C.uint8_t)(data), len: C.size_t(len(text))}
}

// taken copies a text and frees it.
func taken(text C.FaregateText) []byte {
	defer C.faregate_text_free(text)
	return C.GoBytes(unsafe.Pointer(text.data), C.int(text.len))
}

func ended(status C.FaregateStatus, text C.FaregateText) error {
	said := taken(text)
	if status == C.FAREGATE_OK {
		return nil
	}
	told := &Error{}
	if err := json.Unmarshal(said, told); err != nil {
		return err
	}
	return told
}

// Load reads a policy and a catalog.
func Load(name, policy, catalog string) (*Engine, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	file := C.FaregateFile{name: given(&pin, name), text: given(&pin, policy)}
	layer := given(&pin, catalog)
	engine, text := &Engine{}, C.FaregateText{}
	if err := ended(C.faregate_engine_load(&file, 1, &layer, 1, &engine.handle, &text), text); err != nil {
		return nil, err
	}
	runtime.SetFinalizer(engine, func(e *Engine) { C.faregate_engine_free(e.handle) })
	return engine, nil
}

// Decide returns the decision as JSON and, unless it is a denial, its run.
func (e *Engine) Decide(request, context string) ([]byte, *Run, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	var decision *C.FaregateDecision
	var text, out C.FaregateText
	status := C.faregate_decide(e.handle, given(&pin, request), given(&pin, context), &decision, &text)
	runtime.KeepAlive(e)
	if err := ended(status, text); err != nil {
		return nil, nil, err
	}
	defer C.faregate_decision_free(decision)
	if err := ended(C.faregate_decision_json(decision, &out, &text), text); err != nil {
		return nil, nil, err
	}
	said, run := taken(out), &Run{}
	if err := ended(C.faregate_decision_run(decision, &run.handle, &text), text); err != nil {
		return nil, nil, err
	}
	if run.handle == nil {
		return said, nil, nil
	}
	runtime.SetFinalizer(run, func(r *Run) { C.faregate_run_free(r.handle) })
	return said, run, nil
}

// Step returns what to do.
func (r *Run) Step(nowMs int64) (step Step, err error) {
	var out, text C.FaregateText
	status := C.faregate_run_step(r.handle, C.int64_t(nowMs), &out, &text)
	runtime.KeepAlive(r)
	if err = ended(status, text); err != nil {
		return step, err
	}
	return step, json.Unmarshal(taken(out), &step)
}

// Next tells how a call ended.
func (r *Run) Next(outcome string, nowMs int64) error {
	var pin runtime.Pinner
	defer pin.Unpin()
	var text C.FaregateText
	status := C.faregate_run_next(r.handle, given(&pin, outcome), C.int64_t(nowMs), &text)
	runtime.KeepAlive(r)
	return ended(status, text)
}
