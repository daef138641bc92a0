# Part of cross.sh: a Rust compiler whose standard library knows $target. See cross.sh for where it is looked for.

rust_debian=$cross/rust-debian

rust_knows_target() { compgen -G "$1/lib/rustlib/$target/lib/libstd-*.rlib" >/dev/null; }
have_installed_rust() { rust_knows_target "$("${RUSTC:-rustc}" --print sysroot 2>/dev/null)"; }
have_debian_rust() { rust_knows_target "$rust_debian/usr"; }

have_rust() {
    case ${FIO_CROSS:-} in
        debian) have_debian_rust ;;
        rustup) have_installed_rust ;;
        '') have_installed_rust || have_debian_rust ;;
        *) fail "FIO_CROSS is rustup, debian, or not set, but not $FIO_CROSS" ;;
    esac
}

use_rust() {
    if [ "${FIO_CROSS:-}" = debian ] || ! have_installed_rust; then
        export RUSTC=$rust_debian/rustc
    fi
}

fetch_rust() {
    if [ "${FIO_CROSS:-}" != debian ]; then
        if fetch_rust_by_rustup && have_installed_rust; then return; fi
        [ -z "${FIO_CROSS:-}" ] || fail "rustup could not add $target within 3 minutes"
        echo "cross.sh: rustup did not add $target, so Rust is taken from Debian's packages" >&2
    fi
    fetch_rust_by_debian
}

fetch_rust_by_rustup() {
    command -v rustup >/dev/null && timeout 180 rustup target add "$target" >&2
}

# Both processors' libraries at once: they have to be of the compiler's version, and the newest may not have
# reached the mirror for every architecture yet.
fetch_rust_by_debian() {
    local host version name packages=()
    debian_index
    host=$(dpkg --print-architecture)
    version=$(newest_rust_of_debian "$host" arm64 armhf)
    [ -n "$version" ] || debian_fail "the sources of this machine have no rustc-web of one version for $host, arm64 and armhf" \
        "rustup, or bookworm or a later Debian in /etc/apt, would help"
    # The compiler needs its own library and LLVM; the rest of what it needs (a C compiler) is on the machine.
    for name in $(debian_with_dependencies "$host" "rustc-web=$version"); do
        case $name in
            rustc-web:* | libstd-rust-web-* | libllvm* | libz3-* | libedit* | libbsd0:* | libmd0:* | libxml2:* | libicu*)
                packages+=("$name")
                ;;
        esac
    done
    packages+=("libstd-rust-web-dev:arm64=$version" "libstd-rust-web-dev:armhf=$version")
    debian_unpack "$rust_debian" "${packages[@]}"
    cat >"$rust_debian/rustc" <<'EOF'
#!/bin/sh
here=${0%/*}
for folder in "$here"/usr/lib/*-linux-gnu* "$here/usr/lib"; do
    LD_LIBRARY_PATH=$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
done
export LD_LIBRARY_PATH
exec "$here/usr/bin/rustc" --sysroot "$here/usr" "$@"
EOF
    chmod +x "$rust_debian/rustc"
    "$rust_debian/rustc" --version >&2 || fail "Debian's rustc does not run here"
}

newest_rust_of_debian() {
    local architecture
    for architecture in "$@"; do
        debian_apt apt-cache madison "libstd-rust-web-dev:$architecture" | awk '{ print $3 }' | sort -u
    done | sort -V | uniq -c | awk -v all=$# '$1 == all { version = $2 } END { print version }'
}
