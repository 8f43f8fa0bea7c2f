#!/usr/bin/env bash
# Makes the two images that the Dockerfile starts from out of this machine, which has to be a Debian 12, under the names
# that the Dockerfile asks for: image stores can't be reached from everywhere the tests run.
#
#   base_images.sh DENO VERSION      DENO is a deno program of that version
#
# debian:12-slim is made of the files that dpkg knows of the packages of a minimal Debian.
set -euo pipefail

deno=$1
version=$2

# Essential packages, apt, what the Dockerfile installs (it then finds it installed), and all they depend on.
minimal_packages() {
  local essential
  mapfile -t essential < <(dpkg-query -W -f '${Essential}\t${Package}\n' | sed -n 's/^yes\t//p')
  apt-cache depends --recurse --installed --no-recommends --no-suggests --no-conflicts --no-breaks \
    --no-replaces --no-enhances apt ca-certificates chromium tzdata "${essential[@]}" | grep -E '^[a-z0-9]' |
    sed 's/:any$//' | sort -u | xargs dpkg-query -W -f '${db:Status-Status}\t${binary:Package}\n' 2>/dev/null |
    sed -n 's/^installed\t//p' || true
}

make_debian() {
  local root=$1 packages link
  mapfile -t packages < <(minimal_packages)
  mkdir -p "$root/usr" "$root"/{dev,proc,sys,run,tmp,etc,var/tmp,var/lib/dpkg/info,var/lib/apt/lists/partial,var/cache/apt/archives/partial}
  for link in bin sbin lib lib32 lib64 libx32; do
    if [ -L "/$link" ]; then mkdir -p "$root/usr/$link" && ln -s "usr/$link" "$root/$link"; fi
  done
  chmod 1777 "$root/tmp" "$root/var/tmp"
  dpkg -L "${packages[@]}" | grep -vE '^/usr/share/(doc|man|locale|info)/|^diverted|^package' | sort -u |
    while read -r path; do if [ -e "$path" ]; then echo "${path#/}"; fi; done |
    tar -C / --no-recursion -cf - -T - | tar -C "$root" --keep-directory-symlink -xf -
  # What packages make when they are installed is in no list of files.
  tar -C / -cf - etc/alternatives etc/passwd etc/group etc/apt etc/ssl/certs usr/local/share/ca-certificates \
    $(find /usr/bin -lname '/etc/alternatives/*' | sed 's|^/||') | tar -C "$root" --keep-directory-symlink -xf -
  cp /var/lib/dpkg/status /var/lib/dpkg/diversions "$root/var/lib/dpkg/"
  ldconfig -r "$root"
}

make_deno() {
  cp -L "$deno" "$1/deno"
}

# Made in the container's own place: the files are many, and each copy takes its time.
commit() {
  local name=$1 make=$2 container
  container=$(buildah from scratch)
  "$make" "$(buildah mount "$container")"
  buildah umount "$container" >/dev/null
  # As a machine that can reach the packages only through an authority of its own needs it.
  [ "$make" != make_debian ] || buildah config --env DENO_TLS_CA_STORE=system "$container"
  buildah commit -q --rm "$container" "docker.io/$name" >/dev/null
}

commit library/debian:12-slim make_debian
commit "denoland/deno:bin-$version" make_deno
