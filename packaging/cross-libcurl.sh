# Part of cross.sh: Debian's libcurl for $target, with all it needs at run time, in target/cross/TARGET/sysroot.

have_libcurl() { [ -e "$cross/$target/libcurl-is-there" ]; }

fetch_libcurl() {
    local packages
    debian_index
    packages=$(debian_with_dependencies "$architecture" libcurl4-openssl-dev) \
        || debian_fail "Debian's libcurl4-openssl-dev for $architecture is not to be had from the sources of this machine"
    mkdir -p "$cross/$target/bin"
    # shellcheck disable=SC2086 # a list of words
    debian_unpack "$sysroot" $packages
    # Where the dynamic linker is looked for, also by qemu-user -L, when all of Debian's packages are in /usr.
    [ -e "$sysroot/lib" ] || ln -s usr/lib "$sysroot/lib"
    write_compiler >"$cross/$target/bin/$multiarch-gcc"
    chmod +x "$cross/$target/bin/$multiarch-gcc"
    touch "$cross/$target/libcurl-is-there"
}

# The C compiler, which finds libcurl. A cross compiler does not listen to LIBRARY_PATH, hence a command.
write_compiler() {
    cat <<EOF
#!/bin/sh
sysroot=\$(cd "\${0%/*}/../sysroot" && pwd)
libraries=\$sysroot/usr/lib/$multiarch
exec $(command -v "$multiarch-gcc") -idirafter "\$sysroot/usr/include/$multiarch" -idirafter "\$sysroot/usr/include" \\
    "\$@" -L"\$libraries" -Wl,-rpath-link,"\$libraries",-rpath-link,"\$sysroot/lib/$multiarch"
EOF
}

use_libcurl() {
    export PATH=$cross/$target/bin:$PATH
    export PKG_CONFIG_ALLOW_CROSS=1 PKG_CONFIG_SYSROOT_DIR=$sysroot PKG_CONFIG_PATH=
    export PKG_CONFIG_LIBDIR=$sysroot/usr/lib/$multiarch/pkgconfig
}
