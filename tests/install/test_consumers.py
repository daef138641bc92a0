"""Programs built from the installed tree alone, in every way that it offers, run against the emulator."""

from __future__ import annotations
import re
from pathlib import Path

from case import need
from installation import CC, RUST, TLS, VERSION, ConsumerTest, make, run

CMAKE = """
cmake_minimum_required(VERSION 3.13)
project(consumer C CXX)
find_package(fio_c2c 0.1 REQUIRED COMPONENTS uploads)
foreach(link fio_c2c static)
    add_executable(pair-${link} pair.c)
    target_link_libraries(pair-${link} PRIVATE fio_c2c::${link})
    add_executable(pair-cxx-${link} pair.cpp)
    target_compile_features(pair-cxx-${link} PRIVATE cxx_std_17)
    target_link_libraries(pair-cxx-${link} PRIVATE fio_c2c::${link})
endforeach()
message(STATUS "TLS is ${fio_c2c_TLS}, uploads: ${fio_c2c_UPLOADS}")
"""
CMAKE_VERSIONS = """
cmake_minimum_required(VERSION 3.13)
project(versions C)
foreach(version 0.1 0.1.0 0.0.9 0.1.99 0.2 1.0)
    find_package(fio_c2c ${version} QUIET)
    message(STATUS "version ${version}: ${fio_c2c_FOUND}")
endforeach()
find_package(fio_c2c 0.1.0 EXACT REQUIRED)
set(CMAKE_SIZEOF_VOID_P 2)
find_package(fio_c2c QUIET)
message(STATUS "another processor: ${fio_c2c_FOUND}")
"""
MESON = """
project('consumer', 'c')
executable('pair-shared', 'pair.c', dependencies: dependency('fio-c2c'))
executable('pair-static', 'pair.c', dependencies: STATIC)
"""
MESON_STATIC = {
    "bundled": "dependency('fio-c2c', static: true)",
    # `static: true` is for everything, and few systems have all that a static libcurl needs.
    "system": """[
        dependency('fio-c2c').partial_dependency(compile_args: true),
        meson.get_compiler('c').find_library('fio_c2c', static: true, dirs: dependency('fio-c2c').get_variable('libdir')),
        dependency('libcurl')]""",
}
STATIC = "-l:libfio_c2c.a"


def example_of_the_cxx_header(header: Path) -> str:
    found = re.search(r"@code\{\.cpp\}\n(.*?) \* @endcode", header.read_text(), re.S)
    assert found is not None, f"{header} shows no example"
    return re.sub(r"^ \* ?", "", found[1], flags=re.M)


class PlainCompiler(ConsumerTest):
    def test_shared(self) -> None:
        self.compile("pair.c", f"-I{self.prefix}/include", f"-L{self.prefix}/lib", "-lfio_c2c")
        self.check_pairs(shared=True)

    def test_a_compiler_that_is_told_where_to_look_by_its_environment(self) -> None:
        run([CC, "pair.c", "-lfio_c2c", "-o", "pair"], self.folder, CPATH=f"{self.prefix}/include", LIBRARY_PATH=f"{self.prefix}/lib")
        self.check_pairs(shared=True)


class PkgConfig(ConsumerTest):
    def test_shared(self) -> None:
        self.compile("pair.c", *self.pkg_config("--cflags", "--libs"))
        self.check_pairs(shared=True)

    def test_static(self) -> None:
        flags = [flag.replace("-lfio_c2c", STATIC) for flag in self.pkg_config("--static", "--cflags", "--libs")]
        for compiler, package in (("gcc", "gcc"), ("clang-14", "clang-14")):
            self.compile("pair.c", *flags, compiler=need(compiler, package))
            self.check_pairs(shared=False)

    if TLS == "bundled":
        def test_a_wholly_static_program(self) -> None:
            self.compile("-static", "pair.c", *self.pkg_config("--static", "--cflags", "--libs"))
            assert "INTERP" not in run(["readelf", "-lW", "pair"], self.folder)
            self.check_pairs(shared=False)

    def test_a_program_with_everything_that_hardens_it(self) -> None:
        hardening = ["-O2", "-fPIE", "-pie", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2", "-Wl,-z,relro", "-Wl,-z,now", "-Wl,-z,defs"]
        flags = [flag.replace("-lfio_c2c", STATIC) for flag in self.pkg_config("--static", "--cflags", "--libs")]
        self.compile(*hardening, "pair.c", *flags)
        self.check_pairs(shared=False)
        told = run(["readelf", "-hldW", "pair"], self.folder)
        assert "DYN (Position-Independent Executable file)" in told
        assert re.search(r"GNU_RELRO", told) and re.search(r"\(FLAGS\) +BIND_NOW", told) and "TEXTREL" not in told
        assert re.search(r"GNU_STACK .* RW +0x", told)
        called = run(["nm", "-D", "--undefined-only", "pair"], self.folder)
        assert "__stack_chk_fail" in called and "_chk@" in called.replace("__stack_chk_fail", "")

    def test_in_a_tree_for_a_package(self) -> None:
        make("install", f"DESTDIR={self.folder}/stage", "PREFIX=/opt/fio", record=self.folder / "record")
        flags = self.pkg_config("--cflags", "--libs", PKG_CONFIG_LIBDIR=f"{self.folder}/stage/opt/fio/lib/pkgconfig",
                                PKG_CONFIG_SYSROOT_DIR=f"{self.folder}/stage")
        self.compile("pair.c", *flags)
        self.check_pairs(shared=True, libraries=self.folder / "stage" / "opt" / "fio" / "lib")

    def test_in_a_tree_that_was_moved(self) -> None:
        make("install", f"PREFIX={self.folder}/before", f"LIBDIR={self.folder}/before/lib/deeper", "RELOCATABLE=yes", record=self.folder / "record")
        (self.folder / "before").rename(self.folder / "after")
        self.compile("pair.c", *self.pkg_config("--cflags", "--libs", PKG_CONFIG_PATH=f"{self.folder}/after/lib/deeper/pkgconfig"))
        self.check_pairs(shared=True, libraries=self.folder / "after" / "lib" / "deeper")

    def test_it_says_what_this_build_has(self) -> None:
        assert self.pkg_config("--modversion") == [VERSION]
        assert self.pkg_config("--variable=tls") == [TLS]
        assert self.pkg_config("--variable=uploads") == ["yes"]

    def test_what_a_static_link_needs_is_what_rust_says(self) -> None:
        (self.folder / "empty.rs").write_text("")
        run([need("rustc", "rustc"), "--crate-type=staticlib", "--print=native-static-libs=needs", "empty.rs"],
            self.folder, **RUST)
        of_rust = set((self.folder / "needs").read_text().split())
        # A compiler adds these two by itself, as it has to link the program.
        expected = of_rust - {"-lgcc_s", "-lc"} | ({"-lcurl"} if TLS == "system" else set())
        private = self.pkg_config("--static", "--libs-only-l")
        assert set(private) - {"-lfio_c2c"} == expected
        assert self.pkg_config("--libs-only-l") == ["-lfio_c2c"]


class CMake(ConsumerTest):
    def test_shared_and_static_in_c_and_cxx(self) -> None:
        need("cmake", "cmake")
        moved = self.folder / "moved"
        make("install", f"PREFIX={self.folder}/before", record=self.folder / "record")
        (self.folder / "before").rename(moved)
        # As on systems where /lib is a link to /usr/lib.
        (self.folder / "root").mkdir()
        (self.folder / "root" / "lib").symlink_to(moved / "lib")
        (self.folder / "pair.cpp").write_text(example_of_the_cxx_header(moved / "include" / "fio_c2c.hpp"))
        (self.folder / "CMakeLists.txt").write_text(CMAKE)
        said = run(["cmake", "-S", ".", "-B", "out", "-DCMAKE_PREFIX_PATH=root"], self.folder)
        assert f"TLS is {TLS}, uploads: yes" in said
        run(["cmake", "--build", "out", "--parallel", "2"], self.folder)
        for program in ("pair", "pair-cxx"):
            self.check_pairs(f"out/{program}-fio_c2c", shared=True, libraries=self.folder / "nowhere")
            self.check_pairs(f"out/{program}-static", shared=False)

    def test_which_versions_fit(self) -> None:
        need("cmake", "cmake")
        (self.folder / "CMakeLists.txt").write_text(CMAKE_VERSIONS)
        said = run(["cmake", "-S", ".", "-B", "out", f"-DCMAKE_PREFIX_PATH={self.prefix}"], self.folder)
        found = dict(re.findall(r"^-- (.*): (\d)$", said, re.M))
        assert found == {"version 0.1": "1", "version 0.1.0": "1", "version 0.0.9": "0", "version 0.1.99": "0",
                         "version 0.2": "0", "version 1.0": "0", "another processor": "0"}, said


class Meson(ConsumerTest):
    def test_shared_and_static(self) -> None:
        need("meson", "meson")
        need("ninja", "ninja-build")
        (self.folder / "meson.build").write_text(MESON.replace("STATIC", MESON_STATIC[TLS]))
        found = {"PKG_CONFIG_PATH": str(self.prefix / "lib" / "pkgconfig")}
        run(["meson", "setup", "out"], self.folder, **found)
        run(["meson", "compile", "-C", "out"], self.folder, **found)
        self.check_pairs("out/pair-shared", shared=True)
        self.check_pairs("out/pair-static", shared=False)
