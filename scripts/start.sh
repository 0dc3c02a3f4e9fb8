#!/bin/sh
# npm start: trains the example's classifier, runs the example over the messages kept out of training,
# and serves the API. Each line that starts with $ is a command that anyone can type.
#   npm start                 … and serves until Ctrl-C
#   npm start -- --exit       … and ends after the table
# Other arguments go to `flyball run`.
set -eu
cd "$(dirname "$0")/.."

example=examples/support-triage
model=.flyball/models/intent.model

announce() {
  printf '\n$ %s\n' "$*" >&2
}

if [ -n "$(find "$model" -newer "$example/train.csv" 2>/dev/null)" ]; then
  echo "The classifier in $model is newer than its data, so it is not trained again." >&2
else
  mkdir -p "${model%/*}"
  train="bin/flyball train classifier --data $example/train.csv --text message --label intent --out $model"
  announce "$train"
  $train
fi

# "$@" without --exit, which is a word of this script alone.
serve=--serve
left=$#
while [ "$left" -gt 0 ]; do
  argument=$1
  shift
  left=$((left - 1))
  case $argument in
    --exit) serve= ;;
    *) set -- "$@" "$argument" ;;
  esac
done

set -- bin/flyball run $example/support-triage.yaml --input $example/held-out.csv ${serve:+"$serve"} "$@"
announce "$@"
exec "$@"
