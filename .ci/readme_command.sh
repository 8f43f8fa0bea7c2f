#!/usr/bin/env bash
# Prints the command that README.md shows behind `<!-- command: NAME -->`: the code block that follows the mark.
set -euo pipefail

name=$1
readme=${2:-README.md}
command=$(awk -v mark="<!-- command: $name -->" '
  index($0, mark) { marked = 1; next }
  marked && /^```/ { if (inside) exit; inside = 1; next }
  inside { sub(/^\$ /, ""); print }
' "$readme")
[ -n "$command" ] || {
  echo "readme_command.sh: $readme has no code block behind \"<!-- command: $name -->\"" >&2
  exit 1
}
echo "$command"
