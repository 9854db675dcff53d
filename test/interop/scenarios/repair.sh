#!/bin/bash
# Inside the VM: repair.sh FOLDER TRANSPORT
# Our registrar and one of rsplib's, each other's static peers without multicast, and their servers are parted: on each
# side one server leaves and one comes. Then the network is whole again. After that ours starts anew with another
# identifier, and then rsplib's. Judged by repair.test.ts.
. "$(dirname "$0")/../lab/scenario.sh"
. "$(dirname "$0")/../lab/scope.sh"
one=10.20.0.1 two=10.20.0.2
scopeOptions+=" -enrpannounce=off -peerheartbeatcycle=1000 -peermaxtimelastheard=2000 -peermaxtimenoresponse=2000
  -takeoverexpiryinterval=2000 -endpointkeepalivetimeoutinterval=2000"
ourOptions=-peer=$two:9901
theirOptions=-peer=$one:9901

serve_near() { # serve_near NAME ID ADDRESS: its process in near[NAME]
  serve "$@"
  near[$1]=$started
}
declare -A near
both_know() { # both_know NAME ID@HOME...
  step "$1-ours" $one "${@:2}"
  step "$1-theirs" $two "${@:2}"
}

network
unite
host one 1
rsplib_host two 2 c
for n in 1 2 3; do
  rsplib_host a$n 1$n
  rsplib_host c$n 3$n c
done
host client 51
host client-c 52 c
watch one
observe_registrars EchoPool $one
observe_from client-c EchoPool $two

ours one $one 0x11111111 one $ourOptions
first=$started
theirs two $two 0x22222222 two $theirOptions
second=$started
within 30 answers $one
within 30 answers $two
serve_near a1 0xa1000000 $one
serve_near a2 0xa2000000 $one
serve_near c1 0xc1000000 $two
serve_near c2 0xc2000000 $two
both_know whole 0xa1000000@0x11111111 0xa2000000@0x11111111 0xc1000000@0x22222222 0xc2000000@0x22222222

# Ours takes rsplib's servers over, calls them in vain and removes them.
divide
observe dividedAtS "$(now)"
end INT "${near[a2]}"
end INT "${near[c2]}"
serve_near a3 0xa3000000 $one
serve_near c3 0xc3000000 $two
step parted-ours $one 0xa1000000@0x11111111 0xa3000000@0x11111111
step parted-theirs $two '*0xc1000000@0x22222222 0xc3000000@0x22222222'
observe unitedAtS "$(now)"
unite
# A call that was under way may still reach the server that stayed, and win it for ours.
both_know united 0xa1000000@0x11111111 0xa3000000@0x11111111 '0xc1000000@0x[12]*' 0xc3000000@0x22222222
within 30 know_the_same $one $two
keep_view united-ours $one
keep_view united-theirs $two
observe repairedAtS "$(now)"

# Ours comes back as another one.
end INT $first
forget_view $one
ours one $one 0x55555555 one-anew $ourOptions
first=$started
both_know ours-anew 0xa1000000@0x55555555 0xa3000000@0x55555555 '0xc1000000@0x[25]*' 0xc3000000@0x22222222

# So does rsplib's. Whether its servers find it again or ours takes them over first is theirs to settle.
kill -KILL $second
within 20 is_gone $second
forget_view $two
theirs_anew two $two 0x66666666 two-anew $theirOptions
second=$started
both_know theirs-anew 0xa1000000@0x55555555 0xa3000000@0x55555555 '0xc1000000@0x[56]*' '0xc3000000@0x[56]*'
within 30 know_the_same $one $two
keep_view final-ours $one
keep_view final-theirs $two

for name in a1 a3 c1 c3; do end INT "${near[$name]}"; done
end INT $first
end INT $second
end_observer
end_captures
finish
