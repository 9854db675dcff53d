#!/bin/bash
# Inside the VM: drop-in.sh FOLDER TRANSPORT
# rsplib's rspregistrar and then ours in its place, with one and the same command line but for -announcettl,
# which rsplib's refuses. A server and a terminal of rsplib, who know nothing of either, find it by its
# announces and use it. What ours does besides is in files that begin with "ours". Judged by drop-in.test.ts.
. "$(dirname "$0")/../lab/scenario.sh"

ours() { start registrar node dist/cli/rspregistrar.js -announcettl=7 -transport="$transport" "$@"; }
theirs() { start registrar rspregistrar "$@"; }
has_echoes() { [ "$(grep -c 'from PE .*> line-' "$folder/$1-terminal.txt")" -ge 4 ]; }
type_lines() { for ((n = 1; ; n++)); do echo "line-$n" || exit; sleep 0.25; done; }
end() { # end SIGNAL PROCESS
  kill "-$1" "$2"
  within 10 is_gone "$2" || kill -KILL "$2"
}
play() { # play WHOSE
  "$1" -asap=10.20.0.1 -serverannouncecycle=500 -identifier=0x11111111 -enrpannounce=off \
    -loglevel=3 -logcolor=off -logfile="$folder/$1.log" >"$folder/$1.txt" 2>"$folder/$1-errors.txt"
  registrar=$started
  start server stdbuf -oL rspserver $rsplibOptions -echo -identifier=0xcb000001 >"$folder/$1-server.txt" 2>&1
  server=$started
  start terminal rspterminal $rsplibOptions >"$folder/$1-terminal.txt" 2>&1 < <(type_lines)
  terminal=$started
  within 40 has_echoes "$1"
  end KILL $terminal
  end INT $server
  kill -INT $registrar
  within 10 is_gone $registrar || kill -KILL $registrar
  wait $registrar
  observe "$1Status" $?
}

network
host registrar 1
host server 11
host terminal 21

play theirs
watch registrar
play ours
end_captures
finish
