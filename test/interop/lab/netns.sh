# To be sourced inside the VM: one network namespace per host, all on one Ethernet bridge, 10.20.0.0/24.
#   host NAME N            makes host NAME with address 10.20.0.N
#   encapsulate NAME PORT  its kernel speaks SCTP over UDP (RFC 6951), from and to UDP port PORT
#   on NAME COMMAND...     runs COMMAND in that host
#   start NAME COMMAND...  the same in the background; its process id is in $started

network() {
  ip link add bridge0 type bridge mcast_snooping 0
  ip link set bridge0 up
}

host() {
  ip netns add "$1"
  ip -n "$1" link set lo up
  # No duplicate address detection to wait for, and no cookie module, which the kernel would have to load.
  on "$1" sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
                 echo none >/proc/sys/net/sctp/cookie_hmac_alg'
  ip link add "to-$1" type veth peer name eth0 netns "$1"
  ip link set "to-$1" master bridge0 up
  ip -n "$1" addr add "10.20.0.$2/24" dev eth0
  ip -n "$1" link set eth0 up
  ip -n "$1" route add 224.0.0.0/4 dev eth0
}

encapsulate() { on "$1" sh -c "echo $2 >/proc/sys/net/sctp/udp_port; echo $2 >/proc/sys/net/sctp/encap_port"; }

on() {
  local name=$1
  shift
  ip netns exec "$name" "$@"
}

# `on ... &` would give the process id of a shell that waits for COMMAND, and take its standard input away.
start() {
  ip netns exec "$@" <&0 &
  started=$!
}
