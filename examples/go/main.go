// Decides one request through the C ABI and drives its run past a rate limit.
//
//	cargo build --release -p faregate-capi
//	cd examples/go
//	CGO_CFLAGS="-I$PWD/../../crates/faregate-capi/include" \
//	CGO_LDFLAGS="-L$PWD/../../target/release -lfaregate_c -Wl,-rpath,$PWD/../../target/release" go run .
package main

import (
	"errors"
	"fmt"
	"os"

	"faregate.example/decide/faregate"
)

const policy = `policy p { language 1 }
workload chat {
  otherwise
  route { models requested }
  fallback { other provider on rate_limit }
  retry { on rate_limit 1 time wait retry_after up to 2s  at most 3 calls }
}
`

const catalog = `
endpoints:
  - { id: m/a@north, context_length: 9000, modalities: [text] }
  - { id: m/a@south, context_length: 9000, modalities: [text] }
`

func main() {
	if err := decide(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func decide() error {
	engine, err := faregate.Load("p.fare", policy, catalog)
	if err != nil {
		return err
	}
	request, context := `{"id": "r1", "model": "m/a", "input_tokens": 120}`, `{"now": "2026-11-23T10:00:00Z"}`
	decision, run, err := engine.Decide(request, context)
	if err != nil {
		return err
	}
	fmt.Println(string(decision[:56]))
	outcomes := []string{`{"error": "rate_limit", "retry_after": "1s"}`, `{"ok": {"input_tokens": 120, "output_tokens": 40}}`}
	for now := int64(1795428000000); ; {
		step, err := run.Step(now)
		if err != nil {
			return err
		}
		switch step.Step {
		case "try":
			fmt.Println("try", step.Attempt.Endpoint)
			if err := run.Next(outcomes[0], now); err != nil {
				return err
			}
			outcomes = outcomes[1:]
		case "wait":
			fmt.Println("wait", step.UntilMs-now, "ms")
			now = step.UntilMs
		default:
			fmt.Println(step.Step, step.Record.Steps)
			_, err = faregate.Load("p.fare", "policy p { langage 1 }", catalog)
			var told *faregate.Error
			if !errors.As(err, &told) {
				return fmt.Errorf("a policy with a fault was loaded: %v", err)
			}
			fmt.Println(told.Code, "at", told.At)
			return nil
		}
	}
}
