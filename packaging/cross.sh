#!/usr/bin/env bash
# Runs a command with the tools for another processor:
#
#     packaging/cross.sh aarch64-unknown-linux-gnu cargo build --target aarch64-unknown-linux-gnu
#     packaging/cross.sh armv7-unknown-linux-gnueabihf arm-linux-gnueabihf-gcc camera.c -lcurl
#
# The C compiler is Debian's. What else is missing is fetched once and kept below target/cross: Rust's standard
# library for the processor, and libcurl to link against (not with TLS=bundled in the environment, which needs
# none). Nothing outside the project's folder changes, except that rustup, where it is used, learns the target.
#
# FIO_CROSS=rustup or FIO_CROSS=debian takes Rust from there only. Without it: the Rust that is installed if it
# knows the target, or else rustup, or else Debian's packages, which need neither rustup nor root.
set -euo pipefail

here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
cross=${here%/*}/target/cross

fail() {
    printf 'cross.sh: %s\n' "$@" >&2
    exit 1
}

[ $# -ge 2 ] || fail "usage: packaging/cross.sh TARGET COMMAND [ARGUMENT]..."
target=$1
shift
case $target in
    aarch64-unknown-linux-gnu) architecture=arm64 multiarch=aarch64-linux-gnu ;;
    armv7-unknown-linux-gnueabihf) architecture=armhf multiarch=arm-linux-gnueabihf ;;
    *) fail "no tools are known for $target: aarch64-unknown-linux-gnu and armv7-unknown-linux-gnueabihf are" ;;
esac
sysroot=$cross/$target/sysroot

# gcc gives the bare name back when it finds no such file, as it does without the C library.
start_file=$("$multiarch-gcc" -print-file-name=crt1.o 2>/dev/null) || start_file=
[[ $start_file == */* ]] || fail "there is no C compiler for $target" \
    "install it: apt-get install gcc-$multiarch libc6-dev-$architecture-cross"

# shellcheck source=packaging/cross-debian.sh
. "$here/cross-debian.sh"
# shellcheck source=packaging/cross-rust.sh
. "$here/cross-rust.sh"
# shellcheck source=packaging/cross-libcurl.sh
. "$here/cross-libcurl.sh"

needs_libcurl() { [ "${TLS:-system}" = system ]; }
is_prepared() { have_rust && { ! needs_libcurl || have_libcurl; }; }

# One at a time fetches; the others wait for it and find everything there.
if ! is_prepared; then
    mkdir -p "$cross"
    exec 9>"$cross/lock"
    flock 9
    have_rust || fetch_rust
    ! needs_libcurl || have_libcurl || fetch_libcurl
    exec 9>&-
fi

use_rust
! needs_libcurl || use_libcurl
variable=${target//-/_}
export "CARGO_TARGET_${variable^^}_LINKER=$multiarch-gcc"
export "CC_$variable=$multiarch-gcc" "AR_$variable=$multiarch-ar"
exec "$@"
