#!/bin/bash
# Usage: package.sh BUILD_FOLDER PROGRAM.c    Installs, then builds and runs the program against it.
set -u
build=$1 program=$2
CC=${CC:-cc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0 number=0

# check NAME COMMAND...: one TAP line; what the command printed follows where it failed.
check() {
    local name=$1
    shift
    number=$((number + 1))
    if "$@" >"$work/log" 2>&1; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        sed 's/^/# /' "$work/log"
        failed=1
    fi
}

install_it() {
    DESTDIR=$work/root meson install -C "$build" --no-rebuild
    pc=$(find "$work/root" -name strait.pc)
    [ -n "$pc" ]
}

package() {
    PKG_CONFIG_PATH=$(dirname "$pc") PKG_CONFIG_SYSROOT_DIR=$work/root pkg-config "$@" strait |
        sed "s,$work/root$work/root,$work/root,g"
}

build_shared() {
    # shellcheck disable=SC2046  # words are wanted
    $CC "$program" $(package --cflags --libs) -o "$work/shared"
}

run_shared() {
    LD_LIBRARY_PATH=$(dirname "$library") "$work/shared"
}

build_static() {
    local flags
    flags=$(package --static --cflags --libs)
    # strait itself from its archive, the system's libraries as they are.
    # shellcheck disable=SC2086
    $CC "$program" ${flags//-lstrait/-l:libstrait.a} -Wl,--gc-sections -o "$work/static" &&
        ! ldd "$work/static" | grep -q libstrait
}

# Prints what a library shows to the outside and is not ours; true if that is nothing.
only_public() {
    ! nm "$@" --defined-only | awk '$2 != "A" && NF == 3 { print $3 }' |
        grep -v '^strait_[^_]' | grep .
}

echo 1..7
check 'meson install' install_it
library=$(find "$work/root" -name 'libstrait.so.0')
archive=$(find "$work/root" -name 'libstrait.a')
check 'shared: a program builds with pkg-config' build_shared
check 'shared: it runs' run_shared
check 'static: a program builds with pkg-config --static' build_static
check 'static: it runs' "$work/static"
check 'shared: only strait_ symbols are visible' only_public -D "$library"
check 'static: only strait_ symbols are visible' only_public -g "$archive"
exit $failed
