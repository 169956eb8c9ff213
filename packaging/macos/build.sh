#!/bin/sh
# Builds "Interview Appliance.app" and a disk image of it, on macOS. Called by the CI definition; it cannot be run elsewhere.
#
#   CODESIGN_IDENTITY  "Developer ID Application: …", a certificate of the keychain; without it nothing is signed, and
#                      people have to allow the app in the system's settings
#   NOTARY_PROFILE     what `xcrun notarytool store-credentials` has saved; without it nothing is notarised
set -eu

ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
DIST="$ROOT/dist"
APP="$DIST/Interview Appliance.app"
cd "$ROOT"

"${PYTHON:-python3}" packaging/make_package.py folder
VERSION=$(/usr/libexec/PlistBuddy -c "Print :CFBundleShortVersionString" "$APP/Contents/Info.plist")
IMAGE="$DIST/interview-appliance-$VERSION-macos-$(uname -m).dmg"

# PyInstaller signs each library as it puts it in. Here the app as a whole, with the hardened runtime that notarising wants.
if [ -n "${CODESIGN_IDENTITY:-}" ]; then
    codesign --force --deep --timestamp --options runtime --entitlements packaging/macos/entitlements.plist \
        --sign "$CODESIGN_IDENTITY" "$APP"
    codesign --verify --deep --strict "$APP"
fi

STAGE=$(mktemp -d)
trap 'rm -rf "$STAGE"' EXIT
cp -R "$APP" "$STAGE/"
ln -s /Applications "$STAGE/Applications"
rm -f "$IMAGE"
hdiutil create -volname "Interview Appliance" -srcfolder "$STAGE" -format UDZO -imagekey zlib-level=9 "$IMAGE"

if [ -n "${CODESIGN_IDENTITY:-}" ]; then
    codesign --timestamp --sign "$CODESIGN_IDENTITY" "$IMAGE"
fi
if [ -n "${NOTARY_PROFILE:-}" ]; then
    xcrun notarytool submit "$IMAGE" --keychain-profile "$NOTARY_PROFILE" --wait
    xcrun stapler staple "$IMAGE"
fi
echo "$IMAGE"
