#!/bin/bash
# Inside the VM: scope-ipv6.sh FOLDER TRANSPORT
# Our registrar and one of rsplib's, static peers of each other, and their servers, in a network that has IPv6 alone.
# rsplib's is killed and comes back as another one. Judged by scope-ipv6.test.ts.
. "$(dirname "$0")/../lab/scenario.sh"
. "$(dirname "$0")/../lab/scope.sh"
one='[fd00:20::1]' two='[fd00:20::2]'
scopeOptions+=" -enrpannounce=off -peerheartbeatcycle=1000 -peermaxtimelastheard=2000 -peermaxtimenoresponse=2000"

network
host one 1 6
rsplib_host two 2 6
rsplib_host server-a 11 6
rsplib_host server-b 12 6
rsplib_host terminal 51 6
host client 52 6
watch one
observe_registrars EchoPool $one $two

a=0xc1000001 b=0xc2000001
ours one $one 0x11111111 one -peer=$two:9901
first=$started
theirs two $two 0x22222222 two -peer=$one:9901
second=$started
within 30 answers $one
within 30 answers $two
serve server-a $a $one
serverA=$started
serve server-b $b $two
serverB=$started
step atOurs $one $a@0x11111111 $b@0x22222222
step atTheirs $two $a@0x11111111 $b@0x22222222

: >"$folder/used.txt"
use_servers used $one $two &
users=$!
kill -KILL $second
step takenOver $one $a@0x11111111 $b@0x11111111
within 20 is_gone $second
forget_view $two
theirs_anew two $two 0x33333333 two-anew -peer=$one:9901
second=$started
step learntAnew $two $a@0x11111111 $b@0x11111111
touch "$folder/used.stop"
within 20 is_gone $users

end INT $serverA
step left $two $b@0x11111111
end INT $serverB
end INT $first
end INT $second
end_observer
end_captures
finish
