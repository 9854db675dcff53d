#!/bin/bash
# Inside the VM: servers.sh FOLDER TRANSPORT
# rsplib's pool elements come over IPv4, over IPv6 and two-homed, register anew, and go in every way there is:
# deregistered, killed, frozen, cut off. Judged by servers.test.ts.
. "$(dirname "$0")/../lab/scenario.sh"

serve() { # serve HOST ID REGISTRAR-ADDRESS
  start "$1" rspserver -echo $rsplibOptions -identifier="$2" -registrar="$3" -asapannounce=off \
    -rereginterval=2000 >"$folder/$1.txt" 2>&1
  server[$2]=$started
  within 20 registrar_told registered "$2"
}
declare -A server

network
host registrar 1 ab6
host client 2
rsplib_host plain 11
rsplib_host six 12 6
rsplib_host two 13 ab
rsplib_host frozen 14
rsplib_host severed 15

watch registrar
start_registrar --address 10.20.0.1 --address 10.30.0.1 --address fd00:20::1 --no-announce \
  --keep-alive-interval 1000 --keep-alive-timeout 3000

serve plain 0xca000011 10.20.0.1:3863
serve six 0xca000012 '[fd00:20::1]:3863'
serve two 0xca000013 10.20.0.1:3863
serve frozen 0xca000014 10.20.0.1:3863
serve severed 0xca000015 10.20.0.1:3863
resolve all-there 10.20.0.1 EchoPool
sleep 3 # each has a keep-alive due within 1.5

# Frozen, then thawed: it comes back by itself.
observe frozenAtS "$(now)"
kill -STOP "${server[0xca000014]}"
within 30 registrar_told removed 0xca000014
kill -CONT "${server[0xca000014]}"
observe thawedAtS "$(now)"
within 60 registrar_told registered 0xca000014 2

# The cable is pulled, then plugged in again.
observe cutAtS "$(now)"
cut severed a
within 30 registrar_told removed 0xca000015
heal severed a
observe healedAtS "$(now)"
within 90 registrar_told registered 0xca000015 2

# Killed, and ended in the two ways that a service manager knows.
kill -KILL "${server[0xca000013]}"
within 20 registrar_told removed 0xca000013
kill -INT "${server[0xca000011]}"
within 20 registrar_told removed 0xca000011
kill -TERM "${server[0xca000012]}"
within 20 registrar_told removed 0xca000012
resolve two-left 10.20.0.1 EchoPool

stop_registrar
end_captures
finish
