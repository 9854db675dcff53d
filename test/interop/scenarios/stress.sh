#!/bin/bash
# Inside the VM: stress.sh FOLDER TRANSPORT
# Two registrars of ours and one of rsplib's with 60 pool elements of both kinds, and pool users of both that resolve all
# the time, for RSERPOOL_STRESS_MINUTES (2 if not given). Every 30 s one registrar is killed, and comes back as another one when
# its pool elements have found new homes. Judged by stress.test.ts.
. "$(dirname "$0")/../lab/scenario.sh"
. "$(dirname "$0")/../lab/scope.sh"
one=10.20.0.1 two=10.20.0.2 three=10.20.0.3
all="$one $two $three" allPorts="$one:3863 $two:3863 $three:3863"
scopeOptions+=" $byMulticast -peerheartbeatcycle=1000 -peermaxtimelastheard=2000 -peermaxtimenoresponse=2000
  -takeoverexpiryinterval=2000"
periods=$((${RSERPOOL_STRESS_MINUTES:-2} * 2))
period=30 awayS=12

start_one() { # start_one NAME ID: the registrar of that host
  case $1 in
    two) theirs_anew two $two "$2" "two-$2" ;;
    one) ours one $one "$2" "one-$2" ;;
    three) ours three $three "$2" "three-$2" ;;
  esac
  process[$1]=$started
}
all_know_all() { knows_so_many $one 60 && know_the_same $all; }
declare -A process

network
host one 1
rsplib_host two 2
host three 3
host elements 31
rsplib_host servers 32
host users 41
rsplib_host terminal 51
host client 52
watch one
observe_registrars EchoPool,OurPool $all

start_one one 0x11000001
start_one two 0x22000001
start_one three 0x33000001
for address in $all; do within 30 answers $address; done
start elements node test/interop/programs/elements.mjs "$transport" 0xe0000001 50 OurPool $allPorts \
  >"$folder/elements.txt" 2>"$folder/elements-errors.txt"
elements=$started
for n in {1..10}; do
  # shellcheck disable=SC2086,SC2046
  start servers rspserver $rsplibOptions -asapannounce=off -echo -identifier=$((0xc0000000 + n)) -rereginterval=15000 \
    $(printf -- '-registrar=%s ' $allPorts) >"$folder/server-$n.txt" 2>&1
  servers+=("$started")
done
within 60 all_know_all

start users node test/interop/programs/users.mjs "$transport" 4 OurPool,EchoPool $allPorts \
  >"$folder/users.txt" 2>"$folder/users-errors.txt"
users=$started
: >"$folder/terminals.txt"
use_servers terminals $all &
terminals=$!
for ((n = 1; n <= periods; n++)); do
  start=$SECONDS
  case $((n % 3)) in
    1) name=one id=$(printf 0x11%06x $((n + 1))) ;;
    2) name=two id=$(printf 0x22%06x $((n + 1))) ;;
    0) name=three id=$(printf 0x33%06x $((n + 1))) ;;
  esac
  echo "$(now) $name is killed" >>"$folder/story.txt"
  kill -KILL "${process[$name]}"
  until [ $SECONDS -ge $((start + awayS)) ]; do sleep 0.2; done
  start_one $name "$id"
  echo "$(now) $name is $id" >>"$folder/story.txt"
  until [ $SECONDS -ge $((start + period)) ]; do sleep 0.2; done
done
touch "$folder/terminals.stop"
within 20 is_gone $terminals
end TERM $users
start=$SECONDS
within 60 all_know_all
observe settledS $((SECONDS - start))
for address in $all; do keep_view "final-$address" $address; done

for server in "${servers[@]}" ${process[*]}; do end INT "$server"; done
end TERM $elements
end_observer
end_captures
finish
