# To be sourced by scenarios with several registrars, after scenario.sh: registrars of both kinds that keep one
# handlespace (ENRP), their servers, and what each registrar knows, which a pool user of ours writes down all the time.
#
# A registrar is spoken of by its address, with the ports 3863 and 9901. `scopeOptions` are for every registrar.

# Over UDP our registrars have a group of their own (decision 44).
group=239.0.0.51:9901
[ "$transport" = kernel ] || group=239.0.0.61:9901
scopeOptions="$rsplibOptions -asapannounce=off"
# What both kinds of registrar are told when they are to find each other by multicast.
byMulticast="-enrpannounce=$group"

ours() { # ours NAME ADDRESS ID LOG OPTIONS...
  # shellcheck disable=SC2086
  start "$1" node dist/cli/rspregistrar.js $scopeOptions -transport="$transport" -asap="$2:3863" -enrp="$2:9901" \
    -identifier="$3" -quiet "${@:5}" >"$folder/$4.txt" 2>&1
}
theirs() { # theirs NAME ADDRESS ID LOG OPTIONS...
  # shellcheck disable=SC2086
  start "$1" rspregistrar $scopeOptions -maxhresitems=128 -asap="$2:3863" -enrp="$2:9901" \
    -identifier="$3" "${@:5}" >"$folder/$4.txt" 2>&1
}
# theirs_anew NAME ADDRESS ID LOG OPTIONS...: after one that was killed, whose associations its kernel may still have. Its
# peers must live: to one that has died itself the kernel goes on sending for minutes.
theirs_anew() {
  local n
  for n in {1..40}; do
    theirs "$@"
    within 10 has_output "$4.txt"
    sleep 1
    is_gone "$started" || return
  done
  waitsInVain+=("\"theirs_anew $*\"")
}
# How often the servers register anew. A registrar of rsplib forgets those of a peer that have not done so for three
# times as long: takeovers must be faster.
reregistrationMs=15000
serve() { # serve NAME ID REGISTRAR-ADDRESS...: a server of rsplib, in EchoPool
  local name=$1 id=$2
  shift 2
  # shellcheck disable=SC2086
  start "$name" stdbuf -oL rspserver $rsplibOptions -asapannounce=off -echo -identifier="$id" -rereginterval=$reregistrationMs \
    $(printf -- '-registrar=%s:3863 ' "$@") >"$folder/$name.txt" 2>&1
}
# serve_ours NAME ID REGISTRAR-ADDRESS...: a server of ours, in OurPool. Over UDP a registrar that it has not called can
# call it at the registered port alone.
serve_ours() {
  local name=$1 id=$2
  local options=()
  [ "$transport" = kernel ] || options=(--udp-port 9899)
  shift 2
  # shellcheck disable=SC2046
  start "$name" $ourProgram serve echo --pool OurPool --id "$id" --transport "$transport" --json \
    --reregistration-interval $reregistrationMs "${options[@]}" $(printf -- '--registrar %s:3863 ' "$@") >"$folder/$name.txt" 2>&1
}
# use_servers NAME REGISTRAR-ADDRESS...: one terminal of rsplib after the other in host `terminal`, until the file NAME.stop
# is there. NAME.txt has a line for each that got an echo, and for each that got none.
use_servers() {
  local name=$1 start
  shift
  until [ -e "$folder/$name.stop" ]; do
    start=$(now)
    # shellcheck disable=SC2046
    on terminal timeout 10 stdbuf -oL rspterminal $rsplibOptions -asapannounce=off \
      $(printf -- '-registrar=%s:3863 ' "$@") 2>&1 < <(type_lines) | tee "$folder/terminal.txt" | grep -qm 1 'from PE .*> line-'
    if [ "${PIPESTATUS[2]}" = 0 ]; then
      echo "$start used" >>"$folder/$name.txt"
    else
      echo "$start in vain" >>"$folder/$name.txt"
      cp "$folder/terminal.txt" "$folder/$name-in-vain.txt"
    fi
  done
}
type_lines() { for ((n = 1; n < 40; n++)); do echo "line-$n" || exit; sleep 0.2; done; }

end() { # end SIGNAL PROCESS
  kill "-$1" "$2"
  within 20 is_gone "$2" || kill -KILL "$2"
}

# observe_registrars POOLS ADDRESS...: from now on view-ADDRESS.txt has a line `id@home pool` for each pool element
# of POOLS (with commas between them) that the registrar at ADDRESS knows, in order; "unreachable" when it
# does not answer. history-ADDRESS.txt has a line for every change of it: the time, and `id@home` of each.
observe_registrars() { observe_from client "$@"; }
observe_from() { # observe_from HOST POOLS ADDRESS...
  start "$1" node test/interop/programs/observe-registrars.mjs "$folder" "$transport" "${@:2}" \
    2>>"$folder/observer-errors.txt"
  observers+=("$started")
}
end_observer() { for observer in "${observers[@]}"; do end TERM "$observer"; done; }
observers=()
view_of() { cat "$folder/view-$1.txt"; }
# After a registrar has ended: what it knew does not count any more.
forget_view() { rm -f "$folder/view-$1.txt"; }
# On the guest's file system a file that is being replaced is missing for a moment.
keep_view() { within 20 cp "$folder/view-$2.txt" "$folder/$1.txt"; } # keep_view NAME ADDRESS: into NAME.txt

# What the registrar at ADDRESS knows: `id@home` of each pool element.
known_at() { view_of "$1" 2>/dev/null | sed 's/ .*//' | tr '\n' ' '; }
knows() { # knows ADDRESS ID@HOME...: each may be a pattern
  local address=$1
  shift
  local wanted="$*"
  # shellcheck disable=SC2053
  answers "$address" && [[ $(known_at "$address") == ${wanted:+$wanted } ]]
}
answers() { [ -e "$folder/view-$1.txt" ] && ! grep -q unreachable "$folder/view-$1.txt"; } # answers ADDRESS
knows_so_many() { answers "$1" && [ "$(grep -c @ "$folder/view-$1.txt")" = "$2" ]; } # knows_so_many ADDRESS NUMBER
know_the_same() { # know_the_same ADDRESS ADDRESS...
  local address first=$1
  shift
  knows_so_many "$first" 0 && return 1
  for address in "$@"; do cmp -s "$folder/view-$first.txt" "$folder/view-$address.txt" || return 1; done
}

# step NAME ADDRESS ID@HOME...: waits until it knows exactly that, and notes what it knows and how long it took.
step() {
  local name=$1 start=$SECONDS
  shift
  within 60 knows "$@"
  observe "${name}S" $((SECONDS - start))
  echo "$name: $(known_at "$1")" >>"$folder/views.txt"
}
