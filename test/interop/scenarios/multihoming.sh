#!/bin/bash
# Inside the VM: multihoming.sh FOLDER TRANSPORT
# Two-homed programs of ours exchange numbered messages; one of their two networks is cut under load, and
# healed again. With `udp` one peer is of the same kind, another has the kernel's SCTP, encapsulated; with
# `kernel` both are the kernel's. Judged by multihoming.test.ts.
. "$(dirname "$0")/../lab/scenario.sh"

exchange="node test/interop/programs/exchange.mjs"
echoed() { grep -o '"echoed":[0-9]*' "$folder/caller-$1.txt" | tail -n 1 | tr -dc 0-9; }
has_echoed() { [ "$(echoed "$1")" -ge "$2" ] 2>/dev/null; }
pair() { # pair NAME N TRANSPORT: a caller at N, a server with TRANSPORT at N + 1
  host "caller-$1" "$2" ab
  host "server-$1" $(($2 + 1)) ab
  [ "$3" = "$transport" ] || encapsulate "server-$1" 9899
  start "server-$1" $exchange serve "$3" "10.20.0.$(($2 + 1)),10.30.0.$(($2 + 1))" >"$folder/server-$1.txt"
  servers+=("$started")
  within 20 has_said "server-$1.txt" ready
  watch "caller-$1"
  start "caller-$1" $exchange call "$transport" "10.20.0.$2,10.30.0.$2" "10.20.0.$(($2 + 1))" >"$folder/caller-$1.txt"
  callers+=("$started")
  pairs+=("$1:$(($2 + 1))")
}
for_every_pair() { # for_every_pair COMMAND...: with the name and the number of the server behind it
  local one
  for one in "${pairs[@]}"; do "$@" "${one%:*}" "${one#*:}"; done
}
wait_for_more() { # wait_for_more COUNT NAME NUMBER
  within 60 has_echoed "$2" $(($(echoed "$2") + $1))
}
wait_for_path() { # wait_for_path STATE NAME NUMBER
  within 90 has_said "caller-$2.txt" "\"path\":\"10.20.0.$3\",\"state\":\"$1\""
}
wait_for_second_path() { within 60 has_said "caller-$1.txt" "\"path\":\"10.30.0.$2\",\"state\":\"up\""; }
cut_it() { cut "caller-$1" a; }
heal_it() { heal "caller-$1" a; }
end_one() {
  kill -TERM "$1"
  within 30 is_gone "$1" || kill -KILL "$1"
}
servers=() callers=() pairs=()

network
pair same 31 "$transport"
[ "$transport" = kernel ] || pair kernel 41 kernel
for_every_pair wait_for_second_path
for_every_pair wait_for_more 200
observe cutAtS "$(now)"
for_every_pair cut_it
for_every_pair wait_for_path down
for_every_pair wait_for_more 500
observe healedAtS "$(now)"
for_every_pair heal_it
for_every_pair wait_for_path up
for_every_pair wait_for_more 200
for one in "${callers[@]}" "${servers[@]}"; do end_one "$one"; done
end_captures
finish
