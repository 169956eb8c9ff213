#!/bin/sh
# Takes Interview Appliance away that install.sh has put into ~/.local. The data stay.
set -eu

PREFIX="$HOME/.local"
SHARE="${XDG_DATA_HOME:-$PREFIX/share}"
PROGRAM="$PREFIX/lib/interview-appliance"

ours() {
    for process in /proc/[0-9]*; do
        if [ "$(readlink "$process/exe" 2>/dev/null || true)" = "$PROGRAM/appliance" ]; then
            echo "${process#/proc/}"
        fi
    done
}

# Those that no other of ours has started: a window stops its server itself, and a server its workers.
outermost() {
    all=" $(ours | tr '\n' ' ')"
    for one in $all; do
        parent=$(sed 's/.*) [A-Z] \([0-9]*\) .*/\1/' "/proc/$one/stat" 2>/dev/null || true)
        case "$all" in *" $parent "*) ;; *) echo "$one" ;; esac
    done
}

# For 45 seconds at most. A server that its window has left to itself is an outermost one after a while.
stop_what_runs() {
    [ -n "$(ours)" ] || return 0
    echo "Interview Appliance is running; it is stopped, and keeps what everybody has answered."
    waited=0
    while [ -n "$(ours)" ] && [ "$waited" -lt 225 ]; do
        if [ $((waited % 50)) -eq 0 ]; then
            for one in $(outermost); do kill -TERM "$one" 2>/dev/null || true; done
        fi
        sleep 0.2
        waited=$((waited + 1))
    done
    for one in $(ours); do kill -KILL "$one" 2>/dev/null || true; done
}

stop_what_runs
[ "${1:-}" != "--only-stop" ] || exit 0

rm -f "$SHARE/applications/interview-appliance.desktop" "$SHARE/mime/packages/interview-appliance.xml" \
    "$SHARE/man/man1/appliance.1"
for icon in "$SHARE"/icons/hicolor/*/apps/interview-appliance.png "$SHARE"/icons/hicolor/*/apps/interview-appliance.svg; do
    rm -f "$icon"
done
if [ "$(readlink "$PREFIX/bin/appliance" 2>/dev/null || true)" = "$PROGRAM/appliance" ]; then
    rm -f "$PREFIX/bin/appliance"
fi
for update in "update-mime-database $SHARE/mime" "update-desktop-database $SHARE/applications"; do
    command -v "${update%% *}" > /dev/null && "${update%% *}" "${update#* }" > /dev/null 2>&1 || true
done
# Starting at login is a setting of the program.
autostart="${XDG_CONFIG_HOME:-$HOME/.config}/autostart/interview-appliance.desktop"
if grep -qF "$PROGRAM/appliance" "$autostart" 2>/dev/null; then
    rm -f "$autostart"
fi
rm -rf "$PROGRAM"
rmdir "$PREFIX/lib" "$PREFIX/bin" 2>/dev/null || true
echo "Interview Appliance is gone. The data are where they were; unless told otherwise, in $SHARE/interview-appliance."
