#!/bin/bash
# Inside the VM: bad-network.sh FOLDER TRANSPORT
# Networks that lose, delay, reorder and duplicate packets, by netem at both ends of one cable: numbered
# messages over our transport to one of our own and, over UDP, to a kernel that encapsulates; then a server of
# rsplib and our registrar. Judged by bad-network.test.ts.
. "$(dirname "$0")/../lab/scenario.sh"

worsen() { # worsen HOST LOSS-PERCENT
  on "$1" tc qdisc replace dev eth0 root netem limit 10000 delay 4ms 2ms reorder 90% 50% duplicate 2% loss "$2%"
}
listen() { # listen HOST ADDRESS TRANSPORT
  start "$1" node test/interop/programs/echo-listener.mjs "$2" "$3" >"$folder/$1.txt" 2>"$folder/$1-errors.txt"
  listeners+=("$started")
  within 20 has_said "$1.txt" ready
}
exchange() { # exchange NAME PEER ADDRESS LOSS MESSAGES
  worsen sender "$4"
  worsen "$2" "$4"
  on sender node test/interop/programs/numbered-sender.mjs 10.20.0.31 "$3" "$transport" 4 "$5" \
    >"$folder/$1-$4.txt" 2>"$folder/$1-$4-errors.txt"
  observe "$1-$4-status" $?
}
listeners=()

network
host registrar 1
host client 2
host sender 31
host ours 32
rsplib_host kernel 33
rsplib_host server 11

listen ours 10.20.0.32 "$transport"
[ "$transport" = kernel ] || listen kernel 10.20.0.33 kernel
for loss in 1 5 20; do
  exchange ours ours 10.20.0.32 $loss $((400 / loss + 40))
  # It takes its time: a kernel that encapsulates loses more below netem than it is told to lose.
  [ "$transport" = kernel ] || exchange kernel kernel 10.20.0.33 $loss $((100 / loss + 20))
done
for one in "${listeners[@]}"; do
  kill -TERM "$one"
  within 10 is_gone "$one"
done
on sender tc -s qdisc show dev eth0 >"$folder/netem.txt"

watch registrar
start_registrar --address 10.20.0.1 --no-announce --keep-alive-interval 1000 --keep-alive-timeout 20000
start server rspserver -echo $rsplibOptions -identifier=0xd1000001 -registrar=10.20.0.1:3863 -asapannounce=off \
  -rereginterval=1000 >"$folder/server.txt" 2>&1
server=$started
within 60 registrar_told registered 0xd1000001
worsen registrar 5
worsen server 5
for n in 1 2 3 4 5 6 7 8; do
  within 30 resolve "resolved-$n" 10.20.0.1 EchoPool
done
kill -INT $server
within 30 registrar_told removed 0xd1000001
stop_registrar
end_captures
finish
