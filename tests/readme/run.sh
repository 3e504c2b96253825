#!/bin/sh
# The README's sample must say that it heard the packet: run.sh SAMPLE
echo 1..1
heard=$("$1")
status=$?
if [ $status -eq 0 ] && [ "$heard" = "heard 1 packet: hello" ]; then
    echo "ok 1 - readme_sample_hears_hello"
else
    echo "# exit $status, output: $heard"
    echo "not ok 1 - readme_sample_hears_hello"
fi
