# To be sourced inside the VM: one network namespace per host, on two Ethernet bridges.
#   network                makes the bridges: A is 10.20.0.0/24 and fd00:20::/64, B is 10.30.0.0/24
#   host NAME N [NETS]     makes host NAME; NETS has a letter for each address it gets, `a` by default:
#                          `a` 10.20.0.N, `6` fd00:20::N, both on bridge A (eth0), `b` 10.30.0.N on B (eth1),
#                          `c` 10.20.0.N on B (eth0), for a network in two parts
#   unite                  makes the two bridges one network; `divide` makes them two again
#   cut NAME a|b           pulls the cable between NAME and that bridge; `heal` plugs it in again
#   encapsulate NAME PORT  its kernel speaks SCTP over UDP (RFC 6951), from and to UDP port PORT
#   cables_of NAME         eth0, eth1, or both, a line each
#   capture NAME FILE      captures all that crosses the cables of NAME; process id in $started
#   on NAME COMMAND...     runs COMMAND in that host
#   start NAME COMMAND...  the same in the background; process id in $started

network() {
  local bridge
  for bridge in a b; do
    ip link add "bridge-$bridge" type bridge mcast_snooping 0
    ip link set "bridge-$bridge" up
  done
}

host() {
  local name=$1 number=$2 nets=${3:-a}
  ip netns add "$name"
  ip -n "$name" link set lo up
  # No duplicate address detection to wait for, and no cookie module, which the kernel would have to load.
  on "$name" sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
                    echo none >/proc/sys/net/sctp/cookie_hmac_alg'
  case $nets in
    *[a6]*) cable "$name" a eth0 ;;
    *c*) cable "$name" b eth0 ;;
  esac
  case $nets in
    *[ac]*)
      ip -n "$name" addr add "10.20.0.$number/24" dev eth0
      ip -n "$name" route add 224.0.0.0/4 dev eth0
      ;;
  esac
  case $nets in
    *6*) ip -n "$name" addr add "fd00:20::$number/64" dev eth0 nodad ;;
  esac
  case $nets in
    *b*)
      cable "$name" b eth1
      ip -n "$name" addr add "10.30.0.$number/24" dev eth1
      ;;
  esac
}

cable() {
  ip link add "$1-$2" type veth peer name "$3" netns "$1"
  ip link set "$1-$2" master "bridge-$2" up
  ip -n "$1" link set "$3" up
}

unite() {
  [ -d /sys/class/net/joint-a ] || ip link add joint-a master bridge-a type veth peer name joint-b
  ip link set joint-b master bridge-b up
  ip link set joint-a up
}
divide() { ip link set joint-a down; }

cut() { ip link set "$1-$2" down; }
heal() { ip link set "$1-$2" up; }

encapsulate() { on "$1" sh -c "echo $2 >/proc/sys/net/sctp/udp_port; echo $2 >/proc/sys/net/sctp/encap_port"; }

cables_of() { on "$1" ls /sys/class/net | grep eth; }

capture() {
  # shellcheck disable=SC2046
  start "$1" dumpcap -q $(cables_of "$1" | sed 's/^/-i /') -w "$2" 2>"$2.log"
}

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
