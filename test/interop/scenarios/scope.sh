#!/bin/bash
# Inside the VM: scope.sh FOLDER TRANSPORT
# Our rspregistrar and rsplib's in one scope, found by multicast of ENRP alone: one starts with the other as its mentor, each
# has a server of rsplib's; rsplib's registrar is killed and comes back as another one, then ours ends and two
# of rsplib's are left. What each registrar answers is asked by our pool user. Judged by scope.test.ts.
. "$(dirname "$0")/../lab/scenario.sh"

. "$(dirname "$0")/../lab/scope.sh"
one=10.20.0.1 two=10.20.0.2 three=10.20.0.3

network
host one 1
rsplib_host two 2
rsplib_host three 3
rsplib_host server-a 11
rsplib_host server-b 12
host client 21
watch one
observe_registrars EchoPool $one $two $three

a=0xc1000001 b=0xc2000001
ours one $one 0x11111111 one
first=$started
serve server-a $a $one $two
serverA=$started
step alone $one $a@0x11111111

# rsplib's registrar has ours as its mentor.
theirs two $two 0x22222222 two $byMulticast
second=$started
step learnt $two $a@0x11111111
serve server-b $b $two
serverB=$started
step bothAtOurs $one $a@0x11111111 $b@0x22222222
step bothAtTheirs $two $a@0x11111111 $b@0x22222222

# It dies, and its server, which knows no other registrar, is taken over by ours.
kill -KILL $second
step takenOver $one $a@0x11111111 $b@0x11111111

# It comes back as another one.
within 20 is_gone $second
forget_view $two
theirs two $two 0x33333333 two-anew $byMulticast
second=$started
step learntAnew $two $a@0x11111111 $b@0x11111111

# A server that leaves is gone everywhere.
end INT $serverB
step leftAtOurs $one $a@0x11111111
step leftAtTheirs $two $a@0x11111111

# So is one that leaves rsplib's registrar, which says so.
serve server-b 0xc3000001 $two
serverB=$started
step atTheirs $one $a@0x11111111 0xc3000001@0x33333333
end INT $serverB
step leftTheirs $one $a@0x11111111

# Ours starts with two of rsplib's: it has one of them as its mentor.
theirs three $three 0x44444444 three $byMulticast
third=$started
step third $three $a@0x11111111
end INT $first
# Which of the two it turns to, or is called by, is theirs to settle.
step ended $two "$a@0x[34]*"
forget_view $one
ours one $one 0x55555555 one-anew
first=$started
step mentored $one "$a@0x[34]*"

end INT $serverA
end INT $first
end INT $second
end INT $third
end_observer
end_captures
finish
