# To be sourced by the scripts of scenarios/, which are called as SCRIPT FOLDER TRANSPORT: what they have in
# common. A scenario leaves in FOLDER what it saw and judges nothing: captures, what the programs printed,
# and observations.json.
#
# TRANSPORT is our side's SCTP backend. With `udp` the kernels of rsplib's hosts speak SCTP over UDP too.
#
# Waits are for the thing itself with a generous limit, never for a time in which it is hoped to happen.
# A wait in vain is noted, and the test fails on it; the scenario goes on, so that more is seen.
set -u
folder=$1 transport=$2
. "$(dirname "${BASH_SOURCE[0]}")/netns.sh"

ourProgram="node dist/cli/rserpool.js"
registrarId=0x11111111
rsplibOptions="-loglevel=4 -logcolor=off"
observations=() waitsInVain=()

# within SECONDS COMMAND...: waits until COMMAND succeeds; false when it does not in that time.
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    if [ $SECONDS -ge $end ]; then
      waitsInVain+=("\"$*\"")
      return 1
    fi
    sleep 0.1
  done
}

observe() { observations+=("\"$1\": $2"); }
now() { date +%s.%N; }
finish() {
  local IFS=,
  observations+=("\"waitsInVain\": [${waitsInVain[*]}]")
  echo "{ ${observations[*]} }" >"$folder/observations.json"
}

has_output() { [ -s "$folder/$1" ]; }
has_said() { grep -q -- "$2" "$folder/$1"; }
has_said_times() { [ "$(grep -c -- "$2" "$folder/$1")" -ge "$3" ]; }
is_gone() { ! [ -e "/proc/$1" ]; }

# A host whose SCTP is its kernel's, for rsplib's programs.
rsplib_host() {
  host "$@"
  [ "$transport" = kernel ] || encapsulate "$1" 9899
}

# Captures at host NAME from now on, into NAME.pcapng; waits until it does.
watch() {
  capture "$1" "$folder/$1.pcapng"
  captures[$1]=$started
  within 10 has_output "$1.pcapng"
}
declare -A captures=()
# dumpcap drops what it has not read yet when it is told to end: the last quarter of a second. It has read all when it
# has read what is sent last.
end_captures() {
  local host
  for host in "${!captures[@]}"; do
    within 10 has_said_farewell "$host"
    kill -TERM "${captures[$host]}"
    within 5 is_gone "${captures[$host]}"
  done
}
farewell="nothing follows"
# has_said_farewell HOST: through each of its cables, over and over again until it is captured: a cable may lose packets.
has_said_farewell() {
  local cable isDone=0
  for cable in $(cables_of "$1"); do
    grep -aq "$farewell $cable." "$folder/$1.pcapng" && continue
    on "$1" bash -c "echo '$farewell $cable.' >'/dev/udp/ff02::1%$cable/9'"
    isDone=1
  done
  return $isDone
}

# Our registrar in host `registrar`, with --json on registrar.txt; waits until it is ready.
start_registrar() {
  start registrar $ourProgram registrar --id $registrarId --transport "$transport" --json \
    --max-event-rate 0 "$@" \
    >"$folder/registrar.txt" 2>"$folder/registrar-errors.txt"
  registrar=$started
  within 30 has_said registrar.txt '"ready"'
}
stop_registrar() {
  observe stoppedAtS "$(now)"
  kill -TERM "$registrar"
  within 10 is_gone "$registrar" || kill -KILL "$registrar"
  wait "$registrar"
  observe registrarStatus $?
}

# Whether our registrar told EVENT of pool element ID, so many times if need be.
registrar_told() {
  local id
  id=$(printf '0x%08x' "$2")
  [ "$(grep "\"event\":\"$1\"" "$folder/registrar.txt" | grep -c "\"id\":\"$id\"")" -ge "${3:-1}" ]
}

# Our own pool user in host `client` asks the registrar at ADDRESS for POOL; its answer is NAME.txt.
resolve() {
  on client $ourProgram resolve "$3" --registrar "$2" --transport "$transport" --json \
    >"$folder/$1.txt" 2>"$folder/$1-errors.txt"
}
