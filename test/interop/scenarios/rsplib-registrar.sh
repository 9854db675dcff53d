#!/bin/bash
# Inside the VM: rsplib-registrar.sh FOLDER TRANSPORT
# Our echo server and pool user with rsplib's rspregistrar: at an address that they are told, and found by its
# announces, with random ports, before and after it starts anew. Judged by rsplib-registrar.test.ts.
. "$(dirname "$0")/../lab/scenario.sh"

# Over UDP our programs listen to a group of their own (decision 44).
group=239.0.0.50:3863
[ "$transport" = kernel ] || group=239.0.0.60:3863

registrar() { # registrar NAME OPTIONS...
  start registrar rspregistrar $rsplibOptions -enrpannounce=off -endpointkeepalivetransmissioninterval=1000 \
    "${@:2}" >"$folder/$1.txt" 2>&1
  registrar=$started
}
serve() { # serve NAME ID OPTIONS...
  start server $ourProgram serve echo --id "$2" --transport "$transport" --json "${@:3}" \
    >"$folder/$1.txt" 2>"$folder/$1-errors.txt"
  server=$started
  within 30 has_said "$1.txt" '"registered"'
}
ask() { # ask NAME OPTIONS...
  on client $ourProgram resolve EchoPool --transport "$transport" --json "${@:2}" \
    >"$folder/$1.txt" 2>"$folder/$1-errors.txt"
  observe "$1Status" $?
}
finds_it() { on client $ourProgram resolve EchoPool --transport "$transport" --json >"$folder/found-again.txt" 2>/dev/null; }
end() { # end SIGNAL PROCESS
  kill "-$1" "$2"
  within 10 is_gone "$2" || kill -KILL "$2"
  wait "$2"
}

network
rsplib_host registrar 1
host server 11
host client 2
watch registrar

# Told its address.
registrar told -asap=10.20.0.1:3863 -asapannounce=off -identifier=0x22222222
serve told-server 0xce000001 --registrar 10.20.0.1:3863 --reregistration-interval 1500
ask resolved --registrar 10.20.0.1:3863
within 20 has_said_times told.txt 'Successfully registered' 4
end TERM $server
observe serverStatus $?
ask afterItLeft --registrar 10.20.0.1:3863
end INT $registrar

# Reports of unreachability, of a server that does not register anew meanwhile.
registrar reported -asap=10.20.0.1:3863 -asapannounce=off -identifier=0x33333333 -maxbadpereports=3
serve reported-server 0xce000002 --registrar 10.20.0.1:3863 --reregistration-interval 100000
on client node test/interop/programs/report-until-gone.mjs 10.20.0.1:3863 "$transport" EchoPool 5 \
  >"$folder/reports.txt" 2>"$folder/reports-errors.txt"
end TERM $server
end INT $registrar

# Told nothing; then the registrar starts anew, with other ports.
registrar announced -asapannounce=$group -identifier=0x44444444
serve found-server 0xce000003 --reregistration-interval 1500
ask found
end KILL $registrar
observe restartedAtS "$(now)"
registrar announced-anew -asapannounce=$group -identifier=0x55555555
within 60 finds_it
end TERM $server
observe foundServerStatus $?
end INT $registrar

end_captures
finish
