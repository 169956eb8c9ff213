#!/bin/sh
# Installs Interview Appliance @VERSION@ for the one who runs this, without an administrator: into ~/.local.
# Run it again, of a newer version, to replace what is there. uninstall.sh takes it away; the data stay.
set -eu

HERE=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
PREFIX="$HOME/.local"
SHARE="${XDG_DATA_HOME:-$PREFIX/share}"
PROGRAM="$PREFIX/lib/interview-appliance"

fail() {
    echo "$1" >&2
    exit 1
}

[ "$(id -u)" -ne 0 ] || [ "${1:-}" = "--as-root" ] \
    || fail "Please run this as the person who will use it, not as root."
[ "$(uname -m)" = "@MACHINE@" ] || fail "This is for computers with @MACHINE@; this one has $(uname -m)."

glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null | sed -n 's/^glibc 2\.\([0-9]*\).*/\1/p')
[ -n "$glibc" ] || fail "This system has no GNU C library (glibc), for which this was made."
[ "$glibc" -ge @GLIBC@ ] || fail "This needs a system from about 2023 on (glibc 2.@GLIBC@); this one has 2.$glibc."

# Libraries that every desktop has. Without them there is no window, and the appliance opens in the browser.
internal="$HERE/program/_internal"
missing=$(LD_LIBRARY_PATH="$internal:$internal/PySide6/Qt/lib" \
    ldd "$internal"/PySide6/QtWebEngineWidgets.abi3.so "$internal"/PySide6/Qt/plugins/platforms/libqxcb.so 2>/dev/null \
    | sed -n 's/^[[:space:]]*\([^ ]*\) => not found.*/\1/p' | sort -u | tr '\n' ' ')
[ -z "$missing" ] || echo "Your system lacks libraries that the window needs; please install what has them: $missing"

# What runs of it ends in an orderly way before its files are replaced.
"$HERE/uninstall.sh" --only-stop

echo "Copying the program to $PROGRAM"
mkdir -p "$PREFIX/lib" "$PREFIX/bin" "$SHARE/applications" "$SHARE/mime/packages" "$SHARE/man/man1"
rm -rf "$PROGRAM.new"
cp -R "$HERE/program" "$PROGRAM.new"
cp "$HERE/uninstall.sh" "$HERE/COPYRIGHT.txt" "$PROGRAM.new/"
rm -rf "$PROGRAM"
mv "$PROGRAM.new" "$PROGRAM"
ln -sf "$PROGRAM/appliance" "$PREFIX/bin/appliance"

(cd "$HERE/share/icons/hicolor" && find . -type f) | while read -r icon; do
    mkdir -p "$SHARE/icons/hicolor/$(dirname "$icon")"
    cp "$HERE/share/icons/hicolor/$icon" "$SHARE/icons/hicolor/$icon"
done
cp "$HERE/share/mime/packages/interview-appliance.xml" "$SHARE/mime/packages/"
cp "$HERE/share/man/man1/appliance.1" "$SHARE/man/man1/"

# A path may hold what a menu entry has another meaning for: twice escaped there, and once more for sed.
escaped=$(printf '%s' "$PROGRAM/appliance" | sed -e 's/\\/\\\\\\\\/g' -e 's/["`$]/\\\\&/g' -e 's/%/%%/g')
for_sed=$(printf '%s' "$escaped" | sed -e 's/[\\&|]/\\&/g')
plain_for_sed=$(printf '%s' "$PROGRAM/appliance" | sed -e 's/\\/\\\\/g' | sed -e 's/[\\&|]/\\&/g')
sed -e "s|^Exec=\"[^\"]*\"|Exec=\"$for_sed\"|" -e "s|^TryExec=.*|TryExec=$plain_for_sed|" \
    "$HERE/share/applications/interview-appliance.desktop" > "$SHARE/applications/interview-appliance.desktop"

for update in "update-mime-database $SHARE/mime" "update-desktop-database $SHARE/applications"; do
    command -v "${update%% *}" > /dev/null && "${update%% *}" "${update#* }" > /dev/null 2>&1 || true
done

echo "Interview Appliance @VERSION@ is installed. It is in the menu of programs, and is the command $PREFIX/bin/appliance."
