#!/bin/bash
# Inside the VM: pool-users.sh FOLDER TRANSPORT
# rsplib's pool users: a terminal at an echo pool whose server is killed, a terminal that asks for a pool that
# does not exist, a calculation client, and a terminal that cannot reach the server it is given. Judged by
# pool-users.test.ts.
. "$(dirname "$0")/../lab/scenario.sh"
rsplibOptions="$rsplibOptions -registrar=10.20.0.1:3863 -asapannounce=off"

echoes() { grep -c 'from PE .*> line-' "$folder/terminal.txt"; }
has_echoes() { [ "$(echoes)" -ge "$1" ]; }
vain_resolutions() { grep -c 'did not find new pool element' "$folder/$1.txt"; }
has_vain_resolutions() { [ "$(vain_resolutions "$1")" -ge "$2" ]; }
resolve_echo() { resolve "$1" 10.20.0.1 EchoPool; }
fails_to_resolve_echo() { ! resolve_echo "$1"; }
load_is_told() { resolve calc-load 10.20.0.1 LargeJobs && has_said calc-load.txt 'load=[0-9.]*[1-9]'; }
type_lines() { for ((n = 1; ; n++)); do echo "line-$n" || exit; sleep 0.25; done; }
serve() { # serve HOST ID OPTIONS... In the folder: a calculation server leaves files where it is.
  start "$1" env -C "$folder" stdbuf -oL rspserver $rsplibOptions -identifier="$2" "${@:3}" >"$folder/$1.txt" 2>&1
  server=$started
  within 20 registrar_told registered "$2"
}
terminal() { # terminal HOST POOL
  start "$1" rspterminal $rsplibOptions -poolhandle="$2" >"$folder/$1.txt" 2>&1 < <(type_lines)
  terminals+=("$started")
}
calculate() { # calculate HOST POOL SIZE
  start "$1" calcappclient $rsplibOptions -poolhandle="$2" -jobinterval=0.5 -jobsize="$3" \
    -vector="$folder/$1.vec" -scalar="$folder/$1.sca" >"$folder/$1.txt" 2>&1
  calculation=$started
  terminals+=("$started")
}
terminals=()

network
host registrar 1
host client 2
rsplib_host echo 11
rsplib_host calc 12
rsplib_host hidden 13
rsplib_host busy 14
rsplib_host terminal 21
rsplib_host lost 22
rsplib_host calc-user 23
rsplib_host walled 24
rsplib_host busy-user 25

watch registrar
# Keep-alives are due after the end of all this, so that those which are seen are probes.
start_registrar --address 10.20.0.1 --no-announce --keep-alive-interval 120000 --max-bad-pe-reports 3

# A registration would have the reports counted anew.
serve hidden 0xcb000003 -echo -poolhandle=HiddenPool -rereginterval=120000
ip -n walled route add unreachable 10.20.0.13/32
terminal walled HiddenPool

# Jobs are of random size and come at random times. One server does small ones for its client, another is
# kept busy until its load is told: a session that begins as another ends may hang rsplib's server.
serve calc 0xcb000002 -calcapp -poolhandle=SmallJobs -policy=LeastUsed -capcapacity=1000000
calculate calc-user SmallJobs 200000
calcUser=$calculation
serve busy 0xcb000004 -calcapp -poolhandle=LargeJobs -policy=LeastUsed -capcapacity=1000000 \
  -rereginterval=1000
calculate busy-user LargeJobs 100000000

serve echo 0xcb000001 -echo
echoServer=$server
terminal terminal EchoPool
terminal lost NoSuchPool
within 30 has_echoes 12
observe echoes "$(echoes)"
resolve_echo resolved-while-alive
observe resolveStatusWhileAlive $?
within 20 has_vain_resolutions lost 3

within 20 has_said calc.txt 'Job .* is complete'
kill -KILL $calcUser
within 30 load_is_told

observe killedAtS "$(now)"
vainBefore=$(vain_resolutions terminal)
kill -KILL $echoServer
within 20 has_vain_resolutions terminal $((vainBefore + 3))
observe vainResolutionsAfterKill $(($(vain_resolutions terminal) - vainBefore))
within 20 fails_to_resolve_echo resolved-after-kill
resolve_echo resolved-after-kill
observe resolveStatusAfterKill $?

within 40 registrar_told removed 0xcb000003

for one in "${terminals[@]}"; do
  kill -KILL "$one"
  within 10 is_gone "$one"
done
stop_registrar
end_captures
finish
