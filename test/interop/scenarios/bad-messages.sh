#!/bin/bash
# Inside the VM: bad-messages.sh FOLDER TRANSPORT
# While a server and a terminal of rsplib live with our registrar, somebody sends it the messages of
# FOLDER/messages.txt: malformed, odd, and with handles longer than rsplib can bear. Judged by
# bad-messages.test.ts.
. "$(dirname "$0")/../lab/scenario.sh"
rsplibOptions="$rsplibOptions -registrar=10.20.0.1:3863 -asapannounce=off"

echoes() { grep -c 'from PE .*> line-' "$folder/terminal.txt"; }
has_echoes() { [ "$(echoes)" -ge "$1" ]; }
type_lines() { for ((n = 1; ; n++)); do echo "line-$n" || exit; sleep 0.25; done; }
registrations() { grep -c 'Registration successful' "$folder/server.txt"; }

network
host registrar 1
host client 2
host sender 21
rsplib_host server 11
rsplib_host terminal 22
watch registrar
start_registrar --address 10.20.0.1 --no-announce --keep-alive-interval 1000

start server stdbuf -oL rspserver -echo $rsplibOptions -identifier=0xcf000001 -rereginterval=1000 \
  >"$folder/server.txt" 2>&1
server=$started
within 20 registrar_told registered 0xcf000001
start terminal rspterminal $rsplibOptions >"$folder/terminal.txt" 2>&1 < <(type_lines)
terminal=$started
within 20 has_echoes 2

observe badFromS "$(now)"
on sender node test/interop/programs/send-messages.mjs 10.20.0.21 10.20.0.1 "$transport" \
  "$folder/messages.txt" >"$folder/answers.txt" 2>"$folder/answers-errors.txt"
observe senderStatus $?
observe badToS "$(now)"

within 20 has_echoes $(($(echoes) + 4))
kill -KILL $terminal
start terminal rspterminal $rsplibOptions >"$folder/terminal.txt" 2>&1 < <(type_lines)
terminal=$started
within 20 has_echoes 2
observe echoesAfterwards "$(echoes)"
resolve resolved 10.20.0.1 EchoPool
observe resolveStatus $?
kill -KILL $terminal
kill -INT $server
within 20 registrar_told removed 0xcf000001
stop_registrar
end_captures
finish
