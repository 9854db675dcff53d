#!/bin/bash
# Inside the VM: takeover.sh FOLDER TRANSPORT
# Of three registrars in one scope one is killed: first ours, with two of rsplib's left, then one of rsplib's, with two of
# ours left, then one of rsplib's, with one of either kind left. Each time it was the home of servers of both kinds, some
# of which know no other registrar. All along a terminal of rsplib after the other asks the others for one of them, and
# uses it. Judged by takeover.test.ts.
. "$(dirname "$0")/../lab/scenario.sh"
. "$(dirname "$0")/../lab/scope.sh"
one=10.20.0.1 two=10.20.0.2 three=10.20.0.3 four=10.20.0.4 five=10.20.0.5 six=10.20.0.6 seven=10.20.0.7
scopeOptions+=" $byMulticast -peerheartbeatcycle=1000 -peermaxtimelastheard=2000 -peermaxtimenoresponse=2000
  -takeoverexpiryinterval=2000 -endpointkeepalivetimeoutinterval=2000"
# Beyond the time in which a takeover is done: nobody gets a new home just by registering anew.
reregistrationMs=30000

# Kills PROCESS and waits until nobody who lives knows anything with the home ID.
kill_home() { # kill_home NAME PROCESS ID ADDRESS ADDRESS
  local start=$SECONDS
  : >"$folder/$1-used.txt"
  use_servers "$1-used" "$4" "$5" &
  users=$!
  within 20 has_said "$1-used.txt" used
  observe "${1}AtS" "$(now)"
  kill -KILL "$2"
  within 90 is_no_home "$3" "$4" "$5"
  within 30 know_the_same "$4" "$5"
  observe "${1}S" $((SECONDS - start))
  # They use what they find now, also when those who did not answer a keep-alive are gone.
  within 30 has_said_times "$1-used.txt" used $(($(wc -l <"$folder/$1-used.txt") + 6))
  observe "${1}EndedAtS" "$(now)"
  keep_view "$1-first" "$4"
  keep_view "$1-second" "$5"
  touch "$folder/$1-used.stop"
  within 20 is_gone $users
}
is_no_home() { # is_no_home ID ADDRESS...
  local id=$1 address
  shift
  for address in "$@"; do ! answers "$address" || grep -q "@$id" "$folder/view-$address.txt" && return 1; done
  return 0
}

network
host one 1
rsplib_host two 2
rsplib_host three 3
host four 4
rsplib_host five 5
rsplib_host six 6
rsplib_host seven 7
for n in 1 2 3; do
  rsplib_host server-$n 1$n
  rsplib_host lonely-$n 2$n
  host ours-$n 3$n
  host our-lonely-$n 4$n
done
rsplib_host terminal 51
host client 52
watch one
watch two
observe_registrars EchoPool,OurPool $one $two $three $four $five $six $seven

# Servers whose home is the registrar at ADDRESS, because it is the only one so far. Half of them know others too.
settle() { # settle SERIES ADDRESS ADDRESS ADDRESS
  within 30 answers "$2"
  serve server-$1 0xc${1}000001 "${@:2}"
  servers=("$started")
  serve lonely-$1 0xc${1}000002 "$2"
  servers+=("$started")
  serve_ours ours-$1 0xc${1}000003 "${@:2}"
  servers+=("$started")
  serve_ours our-lonely-$1 0xc${1}000004 "$2"
  servers+=("$started")
}
knows_peer() { has_said "$1.txt" "peer is up (peerId $2"; } # knows_peer LOG ID: our registrar with that log does
all_at() { printf "0xc$1%06x@$2 " 1 2 3 4; } # all_at SERIES ID

# Two of rsplib's are left.
ours one $one 0x11111111 one
first=$started
settle 1 $one $two $three
step settled-1 $one $(all_at 1 0x11111111)
theirs two $two 0x22222222 two
second=$started
theirs three $three 0x33333333 three
third=$started
step known-1 $two $(all_at 1 0x11111111)
step known-1-too $three $(all_at 1 0x11111111)
kill_home ours $first 0x11111111 $two $three
for process in "${servers[@]}" $second $third; do end INT "$process"; done

# Two of ours are left.
forget_view $one
theirs five $five 0x66666666 five
fifth=$started
settle 2 $five $one $four
step settled-2 $five $(all_at 2 0x66666666)
ours one $one 0x44444444 one-anew
first=$started
ours four $four 0x55555555 four
fourth=$started
step known-2 $one $(all_at 2 0x66666666)
step known-2-too $four $(all_at 2 0x66666666)
within 30 knows_peer one-anew 0x55555555
within 30 knows_peer four 0x44444444
kill_home theirs $fifth 0x66666666 $one $four
for process in "${servers[@]}" $first $fourth; do end INT "$process"; done

# One of either kind is left. The one of rsplib's has a host of its own: the kernel of one whose peer has died goes on
# sending to it for minutes, and gives its ports to nobody meanwhile.
forget_view $one
theirs six $six 0x77777777 six
sixth=$started
settle 3 $six $one $seven
step settled-3 $six $(all_at 3 0x77777777)
ours one $one 0x88888888 one-mixed
first=$started
theirs seven $seven 0x99999999 seven
seventh=$started
step known-3 $one $(all_at 3 0x77777777)
step known-3-too $seven $(all_at 3 0x77777777)
within 30 knows_peer one-mixed 0x99999999
kill_home mixed $sixth 0x77777777 $one $seven

for process in "${servers[@]}" $first $seventh; do end INT "$process"; done
end_observer
end_captures
finish
