#!/bin/bash
# Inside the VM: policies.sh FOLDER TRANSPORT
# Three servers of rsplib in a pool of each standard policy, which our own pool user resolves again and again;
# and a server for each private policy, which is refused. Judged by policies.test.ts.
. "$(dirname "$0")/../lab/scenario.sh"
rsplibOptions="$rsplibOptions -registrar=10.20.0.1:3863 -asapannounce=off"

# Of each pool: its policy, three times with the values of its three servers.
pools=(
  "RoundRobin RoundRobin RoundRobin"
  "WeightedRoundRobin:1 WeightedRoundRobin:2 WeightedRoundRobin:3"
  "Random Random Random"
  "WeightedRandom:1 WeightedRandom:10 WeightedRandom:200"
  "Priority:1 Priority:3 Priority:2"
  "LeastUsed LeastUsed LeastUsed"
  "LeastUsedDegradation:0.125 LeastUsedDegradation:0.125 LeastUsedDegradation:0.375"
  "PriorityLeastUsed:0.1 PriorityLeastUsed:0.5 PriorityLeastUsed:0.3"
  "RandomizedLeastUsed RandomizedLeastUsed RandomizedLeastUsed"
)
private=(
  WeightedRandomDPF:1:0.1 LeastUsedDPF:0.1 LeastUsedDegradationDPF:0.1:0.1
  PriorityLeastUsedDegradation:0.1 RandomizedPriorityLeastUsed
)

have_registered() { [ "$(grep -c '"event":"registered"' "$folder/registrar.txt")" -ge "$1" ]; }
load_is_told() { resolve load 10.20.0.1 LeastUsed && has_said load.txt 'load=[0-9.]*[1-9]'; }
# Those of pool LeastUsed calculate, in the folder, where they leave files, and tell their load when they
# register anew; the others do not, which would begin the degradation anew.
serve() { # serve HOST ID POOL POLICY
  local service='-echo -rereginterval=120000'
  [ "$3" = LeastUsed ] && service='-calcapp -capcapacity=1000000 -rereginterval=2000'
  start "$1" env -C "$folder" stdbuf -oL rspserver $service $rsplibOptions -identifier="$2" -poolhandle="$3" \
    -policy="$4" >"$folder/$1-$3.txt" 2>&1
  servers+=("$started")
}
servers=()

network
host registrar 1
host client 2
for number in 1 2 3; do rsplib_host "server$number" "1$number"; done
rsplib_host private 14
rsplib_host user 21
watch registrar
# rsplib gives up an association that was idle for 30 s: keep-alives before that.
start_registrar --address 10.20.0.1 --no-announce --keep-alive-interval 10000

# In the order of their numbers in each pool.
for number in 1 2 3; do
  for ((i = 0; i < ${#pools[@]}; i++)); do
    read -ra policies <<<"${pools[i]}"
    policy=${policies[number - 1]}
    serve "server$number" "0xcd0000$((i + 1))$number" "${policy%%:*}" "$policy"
  done
  within 60 have_registered $((number * ${#pools[@]}))
done

# A job that keeps one server of pool LeastUsed busy, until it tells its load.
start user calcappclient $rsplibOptions -poolhandle=LeastUsed -jobinterval=0.5 -jobsize=100000000 \
  -vector="$folder/user.vec" -scalar="$folder/user.sca" >"$folder/user.txt" 2>&1
user=$started
within 40 load_is_told

observe askedAtS "$(now)"
# LeastUsed first, before the server that is busy can have anything else to tell.
on client node test/interop/programs/resolve-pools.mjs 10.20.0.1:3863 "$transport" LeastUsed 12 3 \
  RoundRobin 12 1 WeightedRoundRobin 12 1 Random 60 1 WeightedRandom 60 1 Priority 6 3 \
  LeastUsedDegradation 7 1 PriorityLeastUsed 6 3 RandomizedLeastUsed 60 1 \
  >"$folder/resolved.txt" 2>"$folder/resolved-errors.txt"
observe resolveStatus $?

for ((i = 0; i < ${#private[@]}; i++)); do serve private "0xcd00010$i" "Private$i" "${private[i]}"; done
for ((i = 0; i < ${#private[@]}; i++)); do within 20 registrar_told refused "0xcd00010$i"; done

for one in "${servers[@]}" "$user"; do kill -KILL "$one"; done
stop_registrar
end_captures
finish
