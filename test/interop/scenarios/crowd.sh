#!/bin/bash
# Inside the VM: crowd.sh FOLDER TRANSPORT
# 2 000 registrations over one association and 500 pool elements at once, beside a server and a terminal of
# rsplib. Judged by crowd.test.ts.
. "$(dirname "$0")/../lab/scenario.sh"
rsplibOptions="$rsplibOptions -registrar=10.20.0.1:3863 -asapannounce=off"

echoes() { grep -c 'from PE .*> line-' "$folder/terminal.txt"; }
has_echoes() { [ "$(echoes)" -ge "$1" ]; }
type_lines() { for ((n = 1; ; n++)); do echo "line-$n" || exit; sleep 0.25; done; }
removals() { grep -c '"event":"removed"' "$folder/registrar.txt"; }
has_removed() { [ "$(removals)" -ge "$1" ]; }

network
host registrar 1
host client 2
host crowd 31
rsplib_host server 11
rsplib_host terminal 21
watch registrar
start_registrar --address 10.20.0.1 --no-announce --keep-alive-interval 5000

start server stdbuf -oL rspserver -echo $rsplibOptions -identifier=0xd0000001 \
  >"$folder/server.txt" 2>&1
server=$started
within 20 registrar_told registered 0xd0000001
start terminal rspterminal $rsplibOptions >"$folder/terminal.txt" 2>&1 < <(type_lines)
terminal=$started

observe crowdFromS "$(now)"
on crowd node test/interop/programs/crowd.mjs 10.20.0.31 10.20.0.1 "$transport" \
  >"$folder/crowd.txt" 2>"$folder/crowd-errors.txt"
observe crowdStatus $?
within 30 has_removed 2500
observe crowdToS "$(now)"
observe removals "$(removals)"
within 20 has_echoes $(($(echoes) + 4))
observe echoes "$(echoes)"

kill -KILL $terminal
kill -INT $server
within 20 registrar_told removed 0xd0000001
stop_registrar
end_captures
finish
