#!/usr/bin/env bash
# Searches what the relay's processes logged during the tests for the tests' secrets. Every secret of a test holds the
# text s3cr3t; it is looked for as it stands, in base64 (any offset), in hexadecimal and percent-encoded. Tokens are known
# by how they look.
set -euo pipefail

folder=$1
files=$(find "$folder" -type f -size +0 | wc -l)
if [ "$files" = 0 ]; then
  echo "No log to search: tests must keep the relay's output in \$KOSMI_RELAY_TEST_LOGS" >&2
  exit 1
fi
if hits=$(grep -raE 's3cr3t|czNjcjN0|MzY3Izd|zM2NyM3|733363723374|%73%33%63|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}' "$folder"); then
  echo "A secret got into a log:" >&2
  head -n 20 <<<"$hits" >&2
  exit 1
fi
echo "no secret in $files log files"
