#!/bin/sh
# Runs one long step: says in a line what it does, keeps its output in build/log/NAME.log, shows the end of it on
# failure. Two makes at once, as in two terminals, take turns at the step.
#
#   tools/mk/step.sh NAME "What it does." COMMAND …
name=$1
what=$2
shift 2
mkdir -p build/log
log=build/log/$name.log
if command -v flock >/dev/null; then
    set -- flock "build/log/$name.lock" "$@"
fi
echo "-- $what"
"$@" >"$log" 2>&1 </dev/null
code=$?
if [ $code -ne 0 ]; then
    echo "-- This failed: $what" >&2
    tail -n 30 "$log" | sed 's/^/   | /' >&2
    echo "   The whole of it is in $log" >&2
fi
exit $code
