B=/tmp/bench; L=${1:-target/prof/release/examples/bench_layout}
for i in 1 2 3; do
for c in "$L check benches/layouts/kit.toml $B/data/eb21-1000000.dat" "$B/rust/target/release/parse-hand stable $B/data/eb21-1000000.dat"; do perf stat -r 9 -e task-clock $c 2>&1 >/dev/null | awk '/task-clock/{printf "%s ", $1}'; done; echo; done
