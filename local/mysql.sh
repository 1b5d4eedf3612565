#!/usr/bin/env bash
# A real MySQL (the one in Debian unstable) in a folder of its own, to show that what passes on MariaDB passes
# there too. Nothing of the system is touched; needs apt's tools, not root.
#
#   local/mysql.sh start [PORT]   download and unpack (once, some 60 MB), initialise, start on 127.0.0.1,
#                                 print the server's URL (root, no password)
#   local/mysql.sh stop
#
# MYSQL_HOME (default ~/.cache/tributary-mysql) holds all of it; remove it to begin afresh.
set -euo pipefail

home=${MYSQL_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/tributary-mysql}
root=$home/root

say() { echo "mysql: $*" >&2; }

# The server and every library it needs, its own libc included: unstable's is newer than ours.
download() {
  local keys=/usr/share/keyrings/debian-archive-keyring.gpg mirror
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m1 '/debian/$' || true)
  say "downloading Debian unstable's mysql-server-core into $home"
  mkdir -p "$home"/apt/{lists,cache/archives}/partial "$root"
  echo "deb [signed-by=$keys] ${mirror:-http://deb.debian.org/debian/} sid main" >"$home/apt/sources.list"
  touch "$home/apt/status" # as if nothing were installed, so that apt fetches everything that is needed
  local options=(-qq -o Dir::State="$home/apt" -o Dir::State::Lists="$home/apt/lists" -o Dir::State::status="$home/apt/status"
    -o Dir::Cache="$home/apt/cache" -o Dir::Etc::SourceList="$home/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o Debug::NoLocking=1 -o APT::Sandbox::User="$(id -un)")
  apt-get "${options[@]}" update
  apt-get "${options[@]}" install --yes --download-only --no-install-recommends mysql-server-core
  for package in "$home"/apt/cache/archives/*.deb; do dpkg-deb -x "$package" "$root"; done
  rm -rf "$home/apt"
}

# The server's command line, in the array `server`.
command_line() {
  local loader libraries
  loader=$(find "$root" -name 'ld-linux*.so.*' -print -quit)
  libraries=$(dirname "$(find "$root" -path '*-linux-gnu/libc.so.6' -print -quit)")
  server=("$loader" --library-path "$libraries" "$root/usr/sbin/mysqld" --no-defaults --basedir="$root/usr"
    --lc-messages-dir="$root/usr/share/mysql" --datadir="$home/data" --secure-file-priv=NULL --mysqlx=OFF --skip-log-bin)
  if [ "$(id -u)" = 0 ]; then server+=(--user=root); fi
}

start() {
  local port=${1:-3410} server=()
  [ -x "$root/usr/sbin/mysqld" ] || download
  command_line
  if [ ! -d "$home/data/mysql" ]; then
    say "making the data folder $home/data"
    "${server[@]}" --initialize-insecure 2>"$home/init.log" || { tail -5 "$home/init.log" >&2; exit 1; }
  fi
  setsid nohup "${server[@]}" --port="$port" --bind-address=127.0.0.1 --socket="$home/mysql.sock" \
    --pid-file="$home/mysqld.pid" --max-allowed-packet=64M --local-infile=1 >"$home/mysqld.log" 2>&1 </dev/null &
  local pid=$!
  for _ in $(seq 150); do
    if grep -q "ready for connections.*port: $port" "$home/mysqld.log"; then
      echo "mysql://root@127.0.0.1:$port"
      return
    fi
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.2
  done
  say "the server does not start; $home/mysqld.log ends with:"
  tail -5 "$home/mysqld.log" >&2
  exit 1
}

stop() {
  [ -f "$home/mysqld.pid" ] || return 0
  kill "$(cat "$home/mysqld.pid")"
  while [ -f "$home/mysqld.pid" ]; do sleep 0.1; done
}

case ${1:-} in
  start) start "${2:-}" ;;
  stop) stop ;;
  *) sed -n '2,10p' "$0" >&2; exit 2 ;;
esac
