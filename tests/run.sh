#!/usr/bin/env bash
# Runs the tests of every language and ends with one line "N passed, N failed". Called by ./meeda test, which has done the
# set-up. Arguments:
#   --fast   no servers (anvil, PostgreSQL, Ceph), no other programs and nothing that takes long: a few minutes
#   NAME     only the tests whose full name contains NAME, in C#; where none does, in Solidity
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
fast=false name=
for argument in "$@"; do
    case "$argument" in
        --fast) fast=true ;;
        -*) echo "meeda test: unknown option $argument; there is --fast, and NAME" >&2; exit 2 ;;
        *) [ -z "$name" ] || { echo "meeda test: one NAME only" >&2; exit 2; }; name=$argument ;;
    esac
done
# C# test names have letters, digits, dots and underscores; anything else would be read as a filter expression.
[[ $name =~ ^[A-Za-z0-9_.]*$ ]] || { echo "meeda test: NAME is a part of a test's name: letters, digits, dots, underscores" >&2; exit 2; }

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
passed=0 failed=0

# check NAME COMMAND…: a check without counts of its own counts as one test.
check() {
    local name=$1; shift
    echo "== $name"
    if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $name"; fi
}

# The real servers that tests start. Where they can be had they are installed; where not, the tests that need them say so and are skipped.
servers() {
    local missing=()
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || missing+=(postgresql)
    command -v radosgw >/dev/null || missing+=(radosgw ceph-mon ceph-osd)
    command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || missing+=(nginx-light)
    command -v caddy >/dev/null || missing+=(caddy)
    [ ${#missing[@]} -gt 0 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 0
    echo "== installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get install -y --no-install-recommends "${missing[@]}" || { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; }; } >"$results/apt" 2>&1 \
        || { tail -n 5 "$results/apt"; echo "not installed: the tests that need them are skipped"; }
}
if $fast; then export MEEDA_TEST_FAST=1; else servers; fi

# whole NAME COMMAND…: a check of the whole repository; left out where NAME is given.
whole() { [ -n "$name" ] || check "$@"; }

check "restore with the committed lock files" dotnet restore Meeda.sln --locked-mode -v quiet
check "build, warnings as errors" dotnet build Meeda.sln -c Release --no-restore --nologo -v quiet
csharpier() { dotnet tool restore >"$results/tools" 2>&1 && dotnet csharpier check src tests benchmarks tools; }
whole "C# layout" csharpier
$fast || whole "C# style" dotnet format style Meeda.sln --verify-no-changes --no-restore

# A report, no test: what the registry knows of these packages' vulnerabilities today.
if ! $fast && [ -z "$name" ]; then
    echo "== known vulnerabilities of packages"
    timeout 120 dotnet list Meeda.sln package --vulnerable --include-transitive 2>&1 | grep -E '^ *>' || echo "none are reported"
fi

# Other people's code that ours is compared with, pinned by hash in tests/peers: KZG libraries, and wallets. Where npm or a C
# compiler cannot be had, the tests that need them are skipped and say so.
peers=$root/.meeda/peers wallets=$root/.meeda/wallets
# install_peers SOURCE TARGET: what a lock file names, once.
install_peers() {
    cmp -s "$1/package-lock.json" "$2/installed" && return 0
    rm -rf "$2"
    mkdir -p "$2"
    cp "$1/package.json" "$1/package-lock.json" "$2/"
    npm ci --prefix "$2" --ignore-scripts --no-audit --no-fund --silent \
        && cp "$1/package-lock.json" "$2/installed"
}
if ! $fast && install_peers tests/peers "$peers"; then
    export MEEDA_RUST_KZG_FOLDER=$peers
    k=$peers/node_modules/c-kzg/deps
    if [ -f "$peers/libckzg.so" ] || gcc -O2 -fPIC -shared -D__BLST_PORTABLE__ -I"$k/blst/bindings" -I"$k/c-kzg" "$k/c-kzg/ckzg.c" "$k/blst/src/server.c" "$k/blst/build/assembly.S" -o "$peers/libckzg.so"; then
        export MEEDA_CKZG_LIBRARY=$peers/libckzg.so
    fi
fi
if ! $fast && install_peers tests/peers/wallets "$wallets"; then export MEEDA_WALLETS_FOLDER=$wallets; fi

# Categories of tests (the trait Category) that take long; the end-to-end tests are a project of their own.
filter=
if $fast; then filter='Category!=Load&Category!=Slow&Category!=Attack&FullyQualifiedName!~Meeda.EndToEnd.Tests'; fi
[ -z "$name" ] || filter="${filter:+($filter)&}FullyQualifiedName~$name"

echo "== C# tests"
# A test that does nothing for a quarter of an hour hangs: it fails, and the run goes on.
dotnet test Meeda.sln -c Release --no-build --nologo --logger "console;verbosity=minimal" ${filter:+--filter "$filter"} \
    --blame-hang --blame-hang-timeout 15m --blame-hang-dump-type none 2>&1 | tee "$results/dotnet"
[ "${PIPESTATUS[0]}" -eq 0 ] || ! grep -q . "$results/dotnet" || grep -q 'Failed: *[1-9]' "$results/dotnet" || { failed=$((failed + 1)); echo "FAILED: dotnet test did not finish"; }
# "Passed!  - Failed:     0, Passed:    12, Skipped:     1, Total: …", a line for each test project
read -r p f < <(awk 'match($0, /Failed: *[0-9]+, Passed: *[0-9]+/) { s = substr($0, RSTART, RLENGTH); gsub(/[^0-9 ]/, " ", s); split(s, n, " "); f += n[1]; p += n[2] } END { print p + 0, f + 0 }' "$results/dotnet")
passed=$((passed + p)) failed=$((failed + f))

# solidity COMMAND…: forge's tests, counted.
solidity() {
    echo "== Solidity tests"
    (cd contracts && "$@") 2>&1 | tee -a "$results/forge"
    [ "${PIPESTATUS[0]}" -eq 0 ] || [ -n "$name" ] || grep -q ' [1-9][0-9]* failed' "$results/forge" || { failed=$((failed + 1)); echo "FAILED: forge did not finish"; }
    # "Ran 3 test suites in …: 42 tests passed, 0 failed, 0 skipped (42 total tests)"
    read -r p f < <(sed 's/\x1b\[[0-9;]*m//g' "$results/forge" | awk '/^Ran [0-9]+ test suites? in/ && match($0, /[0-9]+ tests passed, [0-9]+ failed/) { s = substr($0, RSTART, RLENGTH); gsub(/[^0-9 ]/, " ", s); split(s, n, " "); p += n[1]; f += n[2] } END { print p + 0, f + 0 }')
    passed=$((passed + p)) failed=$((failed + f)) matched=$((p + f))
}

# matching OPTION: the Solidity tests whose name, or whose contract's, contains NAME; forge takes a pattern.
matching() {
    local bin=$PWD/node_modules/.bin
    PATH=$bin:$PATH forge test "$1" "${name//./\\.}"
}

touch "$results/forge"
if [ -n "$name" ]; then
    # Where C# has no such test: a Solidity test by its name, then a contract by its name.
    if [ $((p + f)) -eq 0 ] && ! grep -q 'Skipped: *[1-9]' "$results/dotnet"; then
        solidity matching --match-test
        [ "$matched" -gt 0 ] || solidity matching --match-contract
        [ "$matched" -gt 0 ] || { failed=$((failed + 1)); echo "FAILED: no test has $name in its name"; }
    fi
elif ! $fast; then
    solidity npm test --silent
    check "Solidity format" npm run --silent --prefix contracts fmt:check
    check "Solidity lint" npm run --silent --prefix contracts lint
    check "contract ABI and bytecode are those of the source" npm run --silent --prefix contracts abi:check
    check "vectors are those of the scripts" npm run --silent --prefix contracts vectors:check
    check "gas is that of the committed snapshot" npm run --silent --prefix contracts snapshot:check
fi

# What failed once more, where a reader of the last lines sees it.
if [ "$failed" -gt 0 ]; then
    echo "== what failed"
    grep -hE -A 12 '^ *Failed [A-Za-z]' "$results/dotnet"
    sed 's/\x1b\[[0-9;]*m//g' "$results/forge" | grep -E '^\[FAIL'
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
