#!/bin/sh
# Copies a program and all that it needs of the system to a folder that can be the root of an image: the libraries that it
# is linked to, the authorities whose certificates it trusts, the time zones, a user, and where names are looked up.
set -eu

program=$1
image=$2
uid=65532

mkdir -p "$image/etc/ssl/certs" "$image/usr/share" "$image/usr/local/bin" "$image/app/data" "$image/tmp"

# "libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x…)" and "/lib64/ld-linux-x86-64.so.2 (0x…)"
ldd "$program" | sed -n 's/^.*=> \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) (.*/\1/p' |
  sort -u | while read -r library; do
    mkdir -p "$image$(dirname "$library")"
    cp -L "$library" "$image$library"
  done

cp -L /etc/ssl/certs/ca-certificates.crt "$image/etc/ssl/certs/"
cp -R /usr/share/zoneinfo "$image/usr/share/"
rm -rf "$image/usr/share/zoneinfo/right" "$image/usr/share/zoneinfo/posix"
echo "hosts: files dns" >"$image/etc/nsswitch.conf"
echo "relay:x:$uid:$uid:kosmi-relay:/app:/nonexistent" >"$image/etc/passwd"
echo "relay:x:$uid:" >"$image/etc/group"
cp "$program" "$image/usr/local/bin/"

chown -R "$uid:$uid" "$image/app"
chmod 700 "$image/app/data"
chmod 1777 "$image/tmp"
