#!/usr/bin/env bash
# What `sam local` needs: a Docker engine, and Lambda's base image in it.
#
#   deploy/lambda-docker.sh run COMMAND...   run a command with both, then end what was started for it
#   deploy/lambda-docker.sh start            have both ready; print the engine's address, for DOCKER_HOST
#   deploy/lambda-docker.sh stop             end the engine that `start` started
#
# What is there is used: an engine that answers, an image that it has. Else the image is pulled, and where no registry
# answers it is made of Debian's Python and of Lambda's runtime from PyPI. An engine is made of Debian's packages and
# started as root, in a folder of its own: nothing of the system changes.
# `run` runs its command in any case. Where Docker cannot be had, NO_LAMBDA_DOCKER says why, and tests skip with that.
#
# LAMBDA_DOCKER_HOME (default ~/.cache/tributary-docker) holds all of it; stop, then remove it to begin afresh.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
home=${LAMBDA_DOCKER_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/tributary-docker}
engine=$home/engine
python=$(sed -n 's/^    Runtime: python//p' "$root/template.yaml")
image=public.ecr.aws/lambda/python:$python-x86_64
# An image of ours is made anew when this file has changed.
recipe=$(cksum <"$0" | tr " " -)

say() { echo "lambda-docker: $*" >&2; }
fail() {
  say "$@"
  echo "$*" >"$home/reason"
  exit 1
}
quietly() { "$@" >/dev/null 2>&1; }
lock() { if command -v flock >/dev/null; then flock "$@"; fi; } # macOS has none, and starts no engine here

# fetch FOLDER OPTION... -- PACKAGE...: Debian packages, with what they need beyond what is installed, unpacked there.
fetch() {
  local folder=$1 options
  shift
  command -v apt-get >/dev/null || fail "$(basename "$folder") cannot be made: there is no apt-get"
  options=(-qq -o Dir::State="$home/apt" -o Dir::State::Lists="$home/apt/lists" -o Dir::Cache="$home/apt/cache"
    -o Debug::NoLocking=1 -o APT::Sandbox::User="$(id -un)")
  rm -rf "$home/apt" "$folder.new"
  mkdir -p "$home"/apt/{lists,cache/archives}/partial "$folder.new"
  while [ "$1" != -- ]; do
    options+=(-o "$1")
    shift
  done
  shift
  { apt-get "${options[@]}" update && apt-get "${options[@]}" install --yes --download-only --no-install-recommends "$@"; } \
    >"$home/apt.log" 2>&1 || fail "$(basename "$folder") cannot be made: Debian's $* cannot be had, see $home/apt.log"
  for package in "$home"/apt/cache/archives/*.deb; do dpkg-deb -x "$package" "$folder.new"; done
  rm -rf "$home/apt"
  mv "$folder.new" "$folder"
}

# ---- The engine ----

have_engine() {
  if command -v docker >/dev/null && quietly docker version; then
    DOCKER_HOST=$(docker context inspect --format '{{.Endpoints.docker.Host}}')
    export DOCKER_HOST
    return
  fi
  export DOCKER_HOST=unix://$home/docker.sock PATH=$PATH:$engine/usr/sbin:$engine/usr/bin:$engine/sbin
  if command -v docker >/dev/null && quietly docker version; then return; fi
  [ "$(id -u)" = 0 ] || fail "no Docker engine answers, and only root can start one"
  if ! command -v dockerd >/dev/null; then
    say "no Docker engine: fetching Debian's docker.io into $home"
    rm -rf "$engine"
    fetch "$engine" "Dir::Log=$home" -- docker.io iptables
  fi
  start_engine
}

# Without rules for iptables, which a container that hosts this may not set: containers reach this machine by the bridge
# and nothing beyond it, and need nothing beyond it.
start_engine() {
  say "starting dockerd on $home/docker.sock"
  if [ ! -e /sys/class/net/docker0 ]; then touch "$home/made-bridge"; fi
  LD_LIBRARY_PATH=$(find "$engine/usr/lib" -maxdepth 1 -name '*-linux-gnu' 2>/dev/null) setsid nohup dockerd \
    --data-root "$home/data" --exec-root "$home/exec" --pidfile "$home/dockerd.pid" --host "$DOCKER_HOST" \
    --iptables=false --ip6tables=false >"$home/dockerd.log" 2>&1 </dev/null 8>&- 9>&- &
  for _ in $(seq 150); do
    if quietly docker version; then return; fi
    kill -0 $! 2>/dev/null || break
    sleep 0.2
  done
  fail "dockerd does not start: $(tail -1 "$home/dockerd.log")"
}

stop() {
  [ -f "$home/dockerd.pid" ] || return 0
  local pid
  pid=$(cat "$home/dockerd.pid")
  kill "$pid" 2>/dev/null || true
  while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
  rm -f "$home/dockerd.pid"
  if [ -e "$home/made-bridge" ] && rm "$home/made-bridge"; then quietly ip link delete docker0 || true; fi
}

# ---- The image ----

have_image() {
  local made
  if made=$(docker image inspect --format '{{index .Config.Labels "tributary.recipe"}}' "$image" 2>/dev/null) &&
    [[ -z $made || $made == "$recipe" ]]; then return; fi
  if [ -z "$made" ] && quietly docker pull --platform linux/amd64 "$image"; then return; fi
  [ "$(uname -m)" = x86_64 ] || fail "no registry has $image, and on $(uname -m) it cannot be made"
  say "no registry answers: making $image of Debian's Python $python"
  make_image
}

# What Lambda's own image is made of, as far as `sam local` and our functions look: Python, its runtime, a shell.
make_image() {
  local rootfs=$home/image mirror
  rm -rf "$rootfs"
  quietly docker image rm "${image/x86_64/rapid-x86_64}" || true # what sam made of an image before
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -m1 '/debian/$' || true)
  mkdir -p "$home"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror:-http://deb.debian.org/debian/} trixie main" \
    >"$home/sources.list"
  : >"$home/status" # as if nothing were installed, so that all of it comes along
  fetch "$rootfs" "Dir::State::status=$home/status" "Dir::Etc::SourceList=$home/sources.list" Dir::Etc::SourceParts=/dev/null \
    -- "python$python" base-files coreutils dash libstdc++6
  mkdir -p "$rootfs"/var/{runtime,task,lang/bin,rapid} "$rootfs/opt"
  ln -sf dash "$rootfs/usr/bin/sh"
  ln -s "/usr/bin/python$python" "$rootfs/var/lang/bin/python$python"
  "$root/.venv/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary=:all: --implementation=cp \
    --python-version="$python" --platform=manylinux2014_x86_64 --target "$rootfs/var/runtime" \
    -r "$root/requirements/lambda.txt" ||
    fail "$image cannot be made: pip cannot get Lambda's runtime for Python $python"
  echo 'hosts: files dns' >"$rootfs/etc/nsswitch.conf"
  printf '#!/bin/sh\nexec /var/lang/bin/python%s -m awslambdaric "$_HANDLER"\n' "$python" >"$rootfs/var/runtime/bootstrap"
  chmod 755 "$rootfs/var/runtime/bootstrap"
  tar -C "$rootfs" -c . | docker import --change "LABEL tributary.recipe=$recipe" --change "WORKDIR /var/task" \
    --change "ENV LANG=C.UTF-8 TZ=UTC PATH=/var/lang/bin:/usr/local/bin:/usr/bin:/bin LAMBDA_TASK_ROOT=/var/task" \
    --change "ENV LAMBDA_RUNTIME_DIR=/var/runtime PYTHONPATH=/var/task:/opt/python:/var/runtime" \
    --change 'ENTRYPOINT ["/var/runtime/bootstrap"]' - "$image" >/dev/null
  rm -rf "$rootfs"
}

# ---- Who asks ----

start() {
  mkdir -p "$home"
  echo "deploy/lambda-docker.sh start ended unexpectedly" >"$home/reason"
  exec 8>"$home/starting" # one at a time
  lock 8
  have_engine
  have_image
  echo "$DOCKER_HOST"
}

# Several may run at once: the last one stops the engine.
run() {
  local address
  mkdir -p "$home"
  exec 9>"$home/users"
  lock --shared 9
  trap 'if lock --exclusive --nonblock 9; then stop; fi' EXIT
  if address=$("$0" start 9>&-); then
    export DOCKER_HOST=$address
  else
    NO_LAMBDA_DOCKER=$(cat "$home/reason")
    export NO_LAMBDA_DOCKER
    say "going on without Docker: what needs it is left out"
  fi
  "$@" 9>&-
}

case ${1:-} in
  start | stop) "$1" ;;
  run) "$@" ;;
  *) sed -n '2,13p' "$0" >&2; exit 2 ;;
esac
