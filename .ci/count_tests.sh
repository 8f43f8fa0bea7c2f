#!/usr/bin/env bash
# Reads the output of `deno test` and prints "12 passed, 0 failed, 0 skipped" as the last line. Ends with 1 when a test
# failed or was skipped, or when none ran. The second argument names what this machine can't have: tests that need that
# alone may be skipped.
set -euo pipefail

output=$1
grep -a '^skipped: ' "$output" | sort -u || true
allowed=0
if [ -n "${2:-}" ]; then
  allowed=$(grep -a '^skipped: ' "$output" | sort -u | grep -cF "(needs $2)" || true)
fi
sed 's/\x1b\[[0-9;]*m//g' "$output" | awk -v allowed="$allowed" '
  # ok | 12 passed (3 steps) | 0 failed | 2 ignored (3s)
  /^(ok|FAILED) \| [0-9]+ passed/ {
    parts = split($0, part, " [|] ")
    for (i = 1; i <= parts; i++) {
      if (part[i] ~ /^[0-9]+ passed/) passed += part[i]
      if (part[i] ~ /^[0-9]+ failed/) failed += part[i]
      if (part[i] ~ /^[0-9]+ ignored/) skipped += part[i]
    }
  }
  /^error: / && !/^error: Test failed/ { broken = 1 }
  END {
    if (passed + failed == 0 && broken) failed = 1
    printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
    exit passed == 0 || failed > 0 || skipped > allowed
  }
'
