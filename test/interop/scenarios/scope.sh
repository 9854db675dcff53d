#!/bin/bash
# Inside the VM: scope.sh FOLDER TRANSPORT
# Our rspregistrar and rsplib's in one scope, found by multicast of ENRP alone: one starts with the other as its mentor, each
# has a server of rsplib's; rsplib's registrar is killed and comes back as another one, then ours ends and two
# of rsplib's are left. What each registrar answers is asked by our pool user. Judged by scope.test.ts.
. "$(dirname "$0")/../lab/scenario.sh"

# Over UDP our registrars have a group of their own (decision 44).
group=239.0.0.51:9901
[ "$transport" = kernel ] || group=239.0.0.61:9901

ours() { # ours NAME N ID LOG
  start "$1" node dist/cli/rspregistrar.js $rsplibOptions -transport="$transport" -asap=10.20.0.$2:3863 \
    -enrp=10.20.0.$2:9901 -identifier="$3" -asapannounce=off -quiet >"$folder/$4.txt" 2>&1
}
theirs() { # theirs NAME N ID LOG
  start "$1" rspregistrar $rsplibOptions -asapannounce=off -asap=10.20.0.$2:3863 -enrp=10.20.0.$2:9901 -enrpannounce=$group \
    -identifier="$3" >"$folder/$4.txt" 2>&1
}
serve() { # serve NAME ID REGISTRAR...
  local name=$1 id=$2
  shift 2
  start "$name" stdbuf -oL rspserver $rsplibOptions -echo -identifier="$id" -reregistrationinterval=2000 \
    "${@/#/-registrar=}" >"$folder/$name.txt" 2>&1
}
# What the registrar at ADDRESS knows: `id@home` of each pool element, sorted.
known_at() {
  on client $ourProgram resolve EchoPool --registrar "$1:3863" --transport "$transport" --items 10 --json \
    2>/dev/null | sed -E 's/.*"id":"([^"]*)".*"home":"([^"]*)".*/\1@\2/' | sort | tr '\n' ' '
}
knows() { # knows ADDRESS ID@HOME...: each may be a pattern
  local address=$1
  shift
  local wanted="$* "
  # shellcheck disable=SC2053
  [[ $(known_at "$address") == $wanted ]]
}
end() { # end SIGNAL PROCESS
  kill "-$1" "$2"
  within 10 is_gone "$2" || kill -KILL "$2"
}
step() { # step NAME ADDRESS ID@HOME...: waits until it knows exactly that, and notes how long it took
  local name=$1 start=$SECONDS
  shift
  within 60 knows "$@"
  observe "${name}S" $((SECONDS - start))
  echo "$name: $(known_at "$1")" >>"$folder/views.txt"
}

network
host one 1
rsplib_host two 2
rsplib_host three 3
rsplib_host server-a 11
rsplib_host server-b 12
host client 21
watch one

a=0xc1000001 b=0xc2000001
ours one 1 0x11111111 one
one=$started
serve server-a $a 10.20.0.1:3863 10.20.0.2:3863
serverA=$started
step alone 10.20.0.1 $a@0x11111111

# rsplib's registrar has ours as its mentor.
theirs two 2 0x22222222 two
two=$started
step learnt 10.20.0.2 $a@0x11111111
serve server-b $b 10.20.0.2:3863
serverB=$started
step bothAtOurs 10.20.0.1 $a@0x11111111 $b@0x22222222
step bothAtTheirs 10.20.0.2 $a@0x11111111 $b@0x22222222

# It dies, and its server, which knows no other registrar, is taken over by ours.
kill -KILL $two
step takenOver 10.20.0.1 $a@0x11111111 $b@0x11111111

# It comes back as another one.
theirs two 2 0x33333333 two-anew
two=$started
step learntAnew 10.20.0.2 $a@0x11111111 $b@0x11111111

# A server that leaves is gone everywhere.
end INT $serverB
step leftAtOurs 10.20.0.1 $a@0x11111111
step leftAtTheirs 10.20.0.2 $a@0x11111111

# Ours starts with two of rsplib's: it has one of them as its mentor.
theirs three 3 0x44444444 three
three=$started
step third 10.20.0.3 $a@0x11111111
end INT $one
# Which of the two it turns to, or is called by, is theirs to settle.
step ended 10.20.0.2 "$a@0x[34]*"
ours one 1 0x55555555 one-anew
one=$started
step mentored 10.20.0.1 "$a@0x[34]*"

end INT $serverA
end INT $one
end INT $two
end INT $three
end_captures
finish
