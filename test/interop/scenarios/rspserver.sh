#!/bin/bash
# Inside the VM: rspserver.sh FOLDER REGISTRAR-COMMAND RESOLVE-COMMAND
# rsplib's own echo server and terminal work with the registrar that REGISTRAR-COMMAND starts at 10.20.0.1;
# then the server is killed. Leaves in FOLDER what was seen: observations.json, what the programs printed,
# and all that crossed the registrar's wire (wire.pcapng). Judging it is rspserver.test.ts.
#
# Waits are for the thing itself with a generous limit, never for a time in which it is hoped to happen.
set -u
. "$(dirname "$0")/../lab/netns.sh"
folder=$1 registrarCommand=$2 resolveCommand=$3
rsplibOptions="-registrar=10.20.0.1:3863 -asapannounce=off -loglevel=4 -logcolor=off"

# within SECONDS COMMAND...: waits until COMMAND succeeds; false when it does not in that time.
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.2
  done
}
has_output() { [ -s "$folder/$1" ]; }
is_gone() { ! [ -e "/proc/$1" ]; }
echoes() { grep -c 'from PE .*> line-' "$folder/terminal.txt"; }
has_echoes() { [ "$(echoes)" -ge "$1" ]; }
vain_resolutions() { grep -c 'did not find new pool element' "$folder/terminal.txt"; }
has_vain_resolutions() { [ "$(vain_resolutions)" -ge "$1" ]; }
resolve() { on client $resolveCommand >"$folder/$1.txt" 2>"$folder/$1-errors.txt"; }
fails_to_resolve() { ! resolve "$1"; }
type_lines() { for ((n = 1; ; n++)); do echo "line-$n" || exit; sleep 0.5; done; }

observations=()
observe() { observations+=("\"$1\": $2"); }

network
host registrar 1
host server 11
host terminal 21
host client 22
encapsulate server 9899
encapsulate terminal 9899

start registrar dumpcap -q -i eth0 -w "$folder/wire.pcapng" 2>"$folder/capture.txt"
capture=$started
within 10 has_output wire.pcapng

start registrar $registrarCommand >"$folder/registrar.txt" 2>"$folder/registrar-errors.txt"
registrar=$started
within 30 has_output registrar.txt

start server rspserver -echo $rsplibOptions -identifier=0x0000cafe -rereginterval=4000 \
  >"$folder/server.txt" 2>&1
server=$started
start terminal rspterminal $rsplibOptions -poolhandle=EchoPool >"$folder/terminal.txt" 2>&1 \
  < <(type_lines)
terminal=$started

# Twelve echoes take six seconds: several keep-alives, and a re-registration.
within 40 has_echoes 12
observe echoes "$(echoes)"
resolve resolved-while-alive
observe resolveStatusWhileAlive $?

observe killedAtS "$(date +%s.%N)"
vainBefore=$(vain_resolutions)
kill -KILL $server
within 20 has_vain_resolutions $((vainBefore + 3))
observe vainResolutionsAfterKill $(($(vain_resolutions) - vainBefore))
within 20 fails_to_resolve resolved-after-kill
resolve resolved-after-kill
observe resolveStatusAfterKill $?

kill -TERM $terminal
within 10 is_gone $terminal
kill -TERM $registrar
within 10 is_gone $registrar || kill -KILL $registrar
wait $registrar
observe registrarStatus $?
kill -TERM $capture
within 5 is_gone $capture

(IFS=,; echo "{ ${observations[*]} }") >"$folder/observations.json"
