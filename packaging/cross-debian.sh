# Part of cross.sh: packages of Debian, unpacked into a folder instead of installed. apt verifies them as always,
# against the machine's own sources and keys, but keeps its lists, downloads and state below target/cross, so that
# the system needs no foreign architectures and the person no root.

debian_apt() {
    local host option=() name
    host=$(dpkg --print-architecture)
    for name in "$host" arm64 armhf; do
        option+=(-o "APT::Architectures::=$name")
    done
    "$1" -q -o "Dir::State=$cross/apt/state" -o "Dir::State::status=$cross/apt/state/status" \
        -o "Dir::Cache=$cross/apt/cache" -o "APT::Architecture=$host" "${option[@]}" \
        -o APT::Sandbox::User= -o Acquire::Languages=none -o Acquire::Retries=3 \
        -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false "${@:2}"
}

# The lists are as good as new for an hour. A source that could not be read does not matter as long as the
# packages are found in the others.
debian_index() {
    command -v apt-get dpkg-deb >/dev/null || fail "apt-get and dpkg-deb are needed to fetch packages of Debian"
    [ -z "$(find "$cross/apt/lists-are-new" -mmin -60 2>/dev/null)" ] || return 0
    mkdir -p "$cross/apt/state/lists/partial" "$cross/apt/cache/archives/partial"
    : >"$cross/apt/state/status"
    echo "cross.sh: reading the lists of Debian's packages" >&2
    # One list that cannot be had must not be in the way of the others; a package that is then missing is told by
    # debian_fail, with this log.
    debian_apt apt-get update >"$cross/apt/log" 2>&1 || true
    touch "$cross/apt/lists-are-new"
}

# The lists are read again next time, because that may be all that is wrong.
debian_fail() {
    rm -f "$cross/apt/lists-are-new"
    fail "$@" "apt said (all of it is in $cross/apt/log):" "$(grep '^[EW]:' "$cross/apt/log" || tail -5 "$cross/apt/log")"
}

# debian_unpack FOLDER PACKAGE[:ARCHITECTURE][=VERSION]...: exactly these, into FOLDER, all or nothing.
debian_unpack() {
    local folder=$1 work=$1.new package
    shift
    rm -rf "$work" "$work.packages"
    mkdir -p "$work" "$work.packages"
    echo "cross.sh: fetching $# packages of Debian for ${folder#"$cross/"}" >&2
    (cd "$work.packages" && debian_apt apt-get download "$@") >>"$cross/apt/log" 2>&1 || {
        debian_fail "Debian's packages could not be fetched"
    }
    for package in "$work.packages"/*.deb; do
        dpkg-deb -x "$package" "$work"
    done
    rm -rf "$folder" "$work.packages"
    mv "$work" "$folder"
}

# debian_with_dependencies ARCHITECTURE PACKAGE: the package and all it needs, as PACKAGE:ARCHITECTURE=VERSION.
debian_with_dependencies() {
    debian_apt apt-get -o "APT::Architecture=$1" --simulate --no-install-recommends install "$2" 2>>"$cross/apt/log" \
        | sed -n "s/^Inst \([^ :]*\)[^ ]* (\([^ ]*\) .*\[\(.*\)\]).*/\1:\3=\2/p"
}
