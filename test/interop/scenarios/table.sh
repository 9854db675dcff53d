#!/bin/bash
# Inside the VM: table.sh FOLDER TRANSPORT
# A table of 300 pool elements, which takes many pages, goes from our registrar to one of rsplib's that has it for its
# mentor, and from that one to ours. rsplib's hsdump prints ours, and our `rserpool dump` both. Judged by table.test.ts.
. "$(dirname "$0")/../lab/scenario.sh"
. "$(dirname "$0")/../lab/scope.sh"
one=10.20.0.1 two=10.20.0.2 pools=TablePoolA,TablePoolB,TablePoolC

members() { # members HOST ADDRESS REGISTRAR FIRST-ID: 300 of them
  start "$1" node test/interop/programs/members.mjs "$2" "$3" "$transport" "$4" 100 ${pools//,/ } \
    >"$folder/$1.txt" 2>"$folder/$1-errors.txt"
  within 60 has_said "$1.txt" registered
}
learns() { # learns NAME ADDRESS NUMBER: waits until it knows so many, and keeps what it knows
  local start=$SECONDS
  within 60 knows_so_many "$2" "$3"
  observe "$1S" $((SECONDS - start))
  keep_view "$1" "$2"
}
dump_of() { # dump_of NAME ADDRESS OPTIONS...
  on reader $ourProgram dump --registrar "$2:9901" --transport "$transport" --json "${@:3}" \
    >"$folder/dump-$1.txt" 2>"$folder/dump-$1-errors.txt"
  observe "$1Status" $?
}

network
host one 1
rsplib_host two 2
host crowd-a 31
host crowd-b 32
rsplib_host tools 22
host client 21
host reader 23
watch one
observe_registrars $pools $one $two

# Ours is the mentor.
ours one $one 0x11111111 ours $byMulticast
ours=$started
within 30 has_said ours.txt "in service"
members crowd-a 10.20.0.31 $one 0xe0000001
crowd=$started
learns full-ours $one 300
start tools stdbuf -oL hsdump $one:9901 -loglevel=4 -logcolor=off >"$folder/hsdump.txt" 2>&1
within 30 is_gone $started || end KILL $started
theirs two $two 0x22222222 theirs $byMulticast
theirs=$started
learns learnt-theirs $two 300
end TERM $crowd
learns empty-theirs $two 0
learns empty-ours $one 0

# Theirs is.
members crowd-b 10.20.0.32 $two 0xf0000001
crowd=$started
learns full-theirs $two 300
learns updated-ours $one 300
end INT $ours
forget_view $one
ours one $one 0x55555555 ours-anew $byMulticast
ours=$started
learns learnt-ours $one 300

# In the eyes of our reader. rsplib's tells its peers alone, and says so.
cp "$folder/theirs.txt" "$folder/theirs-until-read.txt"
dump_of ours $one
dump_of theirs-refused $two
dump_of theirs-as-peer $two --as-peer

end INT $ours
end INT $theirs
end TERM $crowd
end_observer
end_captures
finish
