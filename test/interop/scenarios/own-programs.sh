#!/bin/bash
# Inside the VM: our registrar, echo server and pool user over the loopback, with whatever backend "auto" takes.
# Prints the registrar's first line, what was resolved, "nobody" when the server has left, and what the
# demonstration says last.
set -u
folder=$(mktemp -d)
program="node dist/cli/rserpool.js"
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || exit 1
    sleep 0.1
  done
}
has_said() { grep -q "$2" "$folder/$1"; }

ip link set lo up
$program registrar --address 127.0.0.1 --no-announce --json >"$folder/registrar" &
registrar=$!
within 60 has_said registrar ready
head -n 1 "$folder/registrar"
$program serve echo --address 127.0.0.2 --registrar 127.0.0.1:3863 --json >"$folder/server" &
server=$!
within 60 has_said server registered
$program resolve EchoPool --registrar 127.0.0.1:3863 --json | head -n 1
kill $server
wait $server
$program resolve EchoPool --registrar 127.0.0.1:3863 2>/dev/null || echo nobody
kill $registrar
wait $registrar
$program dev --once --limit 120 | tail -n 1
