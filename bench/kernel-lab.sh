#!/bin/bash
# Our registrar and Debian's rspregistrar in turn, each in a host of its own, loaded from a third over the
# kernel's SCTP. To be run in the VM of test/interop/lab:
#
#   kernel-lab.sh LOAD-PROGRAM POOLS POOL-ELEMENTS ASSOCIATIONS OUTSTANDING SECONDS ROUNDS
#
# Prints what the load program measured, one line of JSON each, behind `ours` or `theirs`. Keep-alives are so
# rare that none falls into the measurement; nothing announces, so that neither has a peer.
set -eu
load=$1 pools=$2 elements=$3 associations=$4 outstanding=$5 seconds=$6 rounds=$7
. test/interop/lab/netns.sh
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

ours() {
  start ours node dist/cli/rserpool.js registrar --address 10.20.0.1 --transport kernel --no-announce --json \
    --keep-alive-interval 3600000 >"$folder/ours.txt"
  until grep -q '"ready"' "$folder/ours.txt"; do
    [ -e "/proc/$started" ] || exit 1
    sleep 0.1
  done
}

theirs() {
  start theirs /usr/bin/rspregistrar -asap=10.20.0.2:3863 -asapannounce=off -enrp=10.20.0.2:9901 \
    -enrpannounce=off -endpointkeepalivetransmissioninterval=300000 -endpointkeepalivetimeoutinterval=60000 \
    -mentordiscoverytimeout=1000 -quiet -loglevel=1 >"$folder/theirs.txt" 2>&1
  sleep 3 # it looks for a mentor first, and does not say when it is done
}

measure() {
  "$1"
  on client "$load" --transport kernel --source 10.20.0.3 --registrar "$2" --pools "$pools" \
    --register "$elements" --associations "$associations" --outstanding "$outstanding" --seconds "$seconds" \
    --measure resolutions --measure registrations --cpu-of "$started" --json | sed "s/^/$1 /"
  kill -INT "$started"
  wait "$started" || true
}

network
host ours 1
host theirs 2
host client 3
for ((round = 0; round < rounds; round++)); do
  measure ours 10.20.0.1
  measure theirs 10.20.0.2
done
