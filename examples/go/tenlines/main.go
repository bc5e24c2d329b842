// The lines of the README, as a program.
//
//	go run ./tenlines ../one-decision
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"faregate.example/decide/faregate"
)

var clock = int64(1795428000000)

func now() int64 { return clock }

func sleepUntil(ms int64) { clock = ms }

// send stands for the HTTP client: the first provider is overloaded, the next answers.
func send(endpoint string) string {
	if endpoint == "large/one@north" {
		return `{"error": "overloaded", "status": 529}`
	}
	return `{"ok": {"input_tokens": 1200, "output_tokens": 80}}`
}

func serve(policy, catalog, request, context string) ([]string, error) {
	// [readme]
	engine, err := faregate.Load("policy.fare", policy, catalog) // *faregate.Error: every finding, with its place
	if err != nil {
		return nil, err
	}
	_, run, err := engine.Decide(request, context) // JSON in and out; no run: denied
	for err == nil && run != nil {
		step, _ := run.Step(now())
		switch step.Step {
		case "try":
			err = run.Next(send(step.Attempt.Endpoint), now())
		case "wait":
			sleepUntil(step.UntilMs)
		default:
			return step.Record.Steps, nil
		}
	}
	// [/readme]
	return nil, err
}

func main() {
	var texts []string
	for _, name := range []string{"policy.fare", "catalog.json", "request.json", "context.json"} {
		text, err := os.ReadFile(filepath.Join(os.Args[1], name))
		if err != nil {
			panic(err)
		}
		texts = append(texts, string(text))
	}
	steps, err := serve(texts[0], texts[1], texts[2], texts[3])
	if err != nil {
		panic(err)
	}
	fmt.Println(steps)
}
