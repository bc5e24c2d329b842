# Sourced: starts the example on two free ports, and stops it when the script ends. Needs $free_ports, a command that
# prints two. Sets $base_url and $scratch, a folder that goes away at the end.
example="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
scratch="$(mktemp -d)"
gateway_pid=""
finish() {
  if [ -n "$gateway_pid" ]; then kill "$gateway_pid" 2>/dev/null || true; wait "$gateway_pid" || true; fi
  rm -rf "$scratch"
}
trap finish EXIT

cargo build --quiet --locked --manifest-path "$example/Cargo.toml"
read -r port upstream < <($free_ports)
cp "$example"/demo/* "$scratch"
sed -i.orig -e "s/127\.0\.0\.1:8080/127.0.0.1:$port/" -e "s/127\.0\.0\.1:8081/127.0.0.1:$upstream/" "$scratch/gateway.yaml"
"${CARGO_TARGET_DIR:-$example/target}/debug/faregate-gateway" --config "$scratch/gateway.yaml" \
  --script "$scratch/script.yaml" --upstream "127.0.0.1:$upstream" >"$scratch/records.jsonl" 2>"$scratch/log" &
gateway_pid=$!
for _ in $(seq 100); do
  grep -q "the gateway listens" "$scratch/log" && break
  kill -0 "$gateway_pid" 2>/dev/null || { cat "$scratch/log"; exit 1; }
  sleep 0.1
done
export base_url="http://127.0.0.1:$port/v1"
