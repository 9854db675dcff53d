#!/bin/bash
# Inside the VM: interfaces.sh FOLDER TRANSPORT
# Our registrar and one of rsplib's find each other by multicast. The network interface of each is deleted and created
# again with the same name and address. Then a registrar of ours starts that knows nothing but the multicast group.
# Judged by interfaces.test.ts.
. "$(dirname "$0")/../lab/scenario.sh"
. "$(dirname "$0")/../lab/scope.sh"
one=10.20.0.1 two=10.20.0.2 late=10.20.0.3
scopeOptions="$rsplibOptions -peerheartbeatcycle=1000 -peermaxtimelastheard=2000 -peermaxtimenoresponse=2000"
ourGroup=239.0.0.50
[ "$transport" = kernel ] || ourGroup=239.0.0.60
theirGroup=239.0.0.50

replace_cable() { # replace_cable HOST NUMBER
  ip -n "$1" link del eth0
  within 20 has_no_eth0 "$1"
  [ "$1" = two ] || within 30 has_said one.txt "local addresses lost"
  cable "$1" a eth0
  ip -n "$1" addr add "10.20.0.$2/24" dev eth0
  ip -n "$1" route add 224.0.0.0/4 dev eth0
}
has_no_eth0() { ! ip -n "$1" link show eth0 >/dev/null 2>&1; }
receive() { # receive NAME: waits for an announce of each registrar from now on
  start listener node test/interop/programs/receive-announces.mjs $ourGroup 3863 10.20.0.9 >"$folder/$1-ours.txt"
  listeners=("$started")
  start listener node test/interop/programs/receive-announces.mjs $theirGroup 3863 10.20.0.9 >"$folder/$1-theirs.txt"
  listeners+=("$started")
  within 30 has_said "$1-ours.txt" "from $one\\."
  within 30 has_said "$1-theirs.txt" "from $two\\."
  kill -TERM "${listeners[@]}"
}

network
host one 1
rsplib_host two 2
host late 3
host listener 9

ours one $one 0x11111111 one $byMulticast
first=$started
theirs two $two 0x22222222 two $byMulticast -asapannounce=$theirGroup:3863
second=$started
within 60 has_said one.txt "peer .*up .*0x22222222"
receive before

replace_cable one 1
replace_cable two 2
within 30 has_said one.txt "local addresses found"
receive after
ours late $late 0x33333333 late $byMulticast
third=$started
within 60 has_said late.txt "peer .*up .*0x11111111"
within 60 has_said one.txt "peer .*up .*0x33333333"

end INT $third
end INT $first
end INT $second
finish
