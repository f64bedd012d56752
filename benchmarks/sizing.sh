#!/usr/bin/env bash
# What an operator's process uses at the rate of 1, 10 and 100 rollups, each of which puts a batch of 120,000 bytes once a
# minute: bytes and calls of writing, syncs of files, memory. On the local network of ./meeda dev, whose L1 is not counted.
#   benchmarks/sizing.sh [SECONDS for each]     needs Linux, curl, and strace for the syncs
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
seconds=${1:-120}
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$folder"' EXIT

field() { awk -v name="$2:" '$1 == name { print $2 }' "/proc/$1"; }

printf '%-9s %-6s %-14s %-14s %-14s %-12s %s\n' rollups puts "MB written" "writes/s" "syncs/s" "peak MiB" "CPU s/s"
for rollups in 1 10 100; do
    (cd "$folder" && exec "$root/meeda" dev --json --port 0 --l1-port 0) >"$folder/dev" 2>"$folder/log" &
    until [ -s "$folder/dev" ]; do kill -0 $! 2>/dev/null || { cat "$folder/log" >&2; exit 1; }; sleep 0.2; done
    url=$(sed -n 's/.*"operator":"\([^"]*\)".*/\1/p' "$folder/dev")
    url=${url%/}
    pid=$!
    wrote=$(field "$pid/io" wchar) calls=$(field "$pid/io" syscw)
    used=$(awk '{ print $14 + $15 }' "/proc/$pid/stat")
    if command -v strace >/dev/null; then
        timeout -s INT "$seconds" strace -f -qq -c -e trace=fsync,fdatasync,msync -o "$folder/syncs" -p "$pid" &
    fi
    start=$(date +%s%N) puts=0
    while [ $(($(date +%s%N) - start)) -lt $((seconds * 1000000000)) ]; do
        head -c 120000 /dev/urandom | curl -sS --fail-with-body -o /dev/null --data-binary @- "$url/put"
        puts=$((puts + 1))
        next=$((start + puts * 60000000000 / rollups)) now=$(date +%s%N) end=$((start + seconds * 1000000000))
        [ "$next" -lt "$end" ] || next=$end
        [ "$next" -le "$now" ] || sleep "$(awk -v n=$((next - now)) 'BEGIN { print n / 1e9 }')"
    done
    sleep 2
    syncs=$(awk '/fsync|fdatasync|msync/ { n += $4 } END { print n + 0 }' "$folder/syncs" 2>/dev/null || echo 0)
    awk -v r=$rollups -v p=$puts -v b=$(($(field "$pid/io" wchar) - wrote)) -v c=$(($(field "$pid/io" syscw) - calls)) \
        -v s="$syncs" -v m="$(field "$pid/status" VmHWM)" -v t="$seconds" -v u=$(($(awk '{ print $14 + $15 }' "/proc/$pid/stat") - used)) \
        'BEGIN { printf "%-9d %-6d %-14.1f %-14.1f %-14.1f %-12.0f %.3f\n", r, p, b / 1e6, c / t, s / t, m / 1024, u / 100 / t }'
    kill -INT "$pid"
    wait "$pid" || true
    rm -f "$folder/dev" "$folder/syncs"
done
