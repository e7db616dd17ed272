"""Every third-party source, pinned by sha256; archives come from --distdir (see .bazelrc)."""

load("@bazel_tools//tools/build_defs/repo:http.bzl", "http_archive")

def _shim(name):
    native.local_repository(name = name, path = "third_party/shims/" + name)

def _github(name, repo, tag, sha256, strip_prefix, **kwargs):
    """An archive byte-identical to GitHub's tag archive."""
    http_archive(
        name = name,
        urls = ["https://github.com/{}/archive/refs/tags/{}.tar.gz".format(repo, tag)],
        sha256 = sha256,
        strip_prefix = strip_prefix,
        **kwargs
    )

def _repacked(name, file, sha256, strip_prefix, **kwargs):
    """An archive that exists only as a distribution's source package: distdir or nothing (RFC 2606 .invalid)."""
    http_archive(
        name = name,
        urls = ["https://distdir.invalid/" + file],
        sha256 = sha256,
        strip_prefix = strip_prefix,
        **kwargs
    )

_GRPC = dict(repo = "grpc/grpc", tag = "v1.51.1", sha256 = "b55696fb249669744de3e71acc54a9382bea0dce7cd5ba379b356b12b82d4229")  # buildifier: disable=unnamed-macro

# buildifier: disable=unnamed-macro
def deps():
    """Declares every external repository."""
    for name in ["rules_cc", "rules_java", "rules_proto", "rules_python", "rules_pkg", "remote_coverage_tools"]:
        _shim(name)

    _repacked("bazel_skylib", "bazel-skylib_1.0.3.orig.tar.xz", "b22f0f38d9a1ac565fce8a43df3d284f6b8e5e8775bda54b5cb687bed46b6ea4", "bazel-skylib-1.0.3")

    _repacked("platforms", "bazel-platforms_0.0.2.orig.tar.xz", "2e582a0841457e38ba2b263c7021bc57241f6934f86df8a1b5c5ae32169bf490", "platforms-0.0.2")

    _github(
        "com_github_grpc_grpc",
        strip_prefix = "grpc-1.51.1",
        patches = ["//third_party/patches:grpc-1.51.1-build.patch", "//third_party/patches:grpc-1.51.1-tls.patch"],
        patch_args = ["-p1"],
        **_GRPC
    )
    _github("upb", strip_prefix = "grpc-1.51.1/third_party/upb", **_GRPC)
    _github("com_google_protobuf", "protocolbuffers/protobuf", "v3.21.12", "930c2c3b5ecc6c9c12615cf5ad93f1cd6e12d0aba862b572e076259970ac3a53", "protobuf-3.21.12")
    _repacked("com_google_absl", "abseil_20220623.1.orig.tar.gz", "abfe2897f3a30edaa74bc34365afe3c2a3cd012091a97dc7e008f7016adcd5fe", "abseil-20220623.1")
    _repacked("boringssl", "android-platform-external-boringssl_13.0.0+r24.orig.tar.xz", "583b7aeee1fca68b8244d086cea6fca23bd19d517bd63f0b9de714e048f92a7d", "android-platform-external-boringssl-13.0.0+r24", patches = ["//third_party/patches:boringssl-no-werror.patch"], patch_args = ["-p1"])
    _repacked("com_googlesource_code_re2", "re2_20220601+dfsg.orig.tar.xz", "3bc61251da3b0b97be40a8a127818c517c62516e4eda11fc901d29496663df54", "re2-2022-06-01")
    _repacked("zlib", "zlib_1.2.13.dfsg.orig.tar.bz2", "71feb7947e3c00ef125f83b79a4e529bde31171e5babe48b391f06758d1ab0a1", "zlib-1.2.13.dfsg", build_file = "//third_party/overlay:zlib.BUILD")
    http_archive(
        name = "com_github_cares_cares",
        urls = ["https://github.com/c-ares/c-ares/releases/download/cares-1_18_1/c-ares-1.18.1.tar.gz"],
        sha256 = "1a7d52a8a84a9fbffb1be9133c0f6e17217d91ea5a6fa61f6b4729cda78ebbcf",
        strip_prefix = "c-ares-1.18.1",
        build_file = "//third_party/overlay:cares.BUILD",
    )
    _github("pybind11", "pybind/pybind11", "v2.10.3", "5d8c4c5dda428d3a944ba3d2a5212cb988c2fae4670d58075a5a49075a6ca315", "pybind11-2.10.3", build_file = "//third_party/overlay:pybind11.BUILD")
    _github("com_google_googletest", "google/googletest", "release-1.12.1", "81964fe578e9bd7c94dfdb09c8e4d6e6759e19967e397dbea48d1c10e45d0df2", "googletest-release-1.12.1")
    _github("com_github_google_benchmark", "google/benchmark", "v1.7.1", "6430e4092653380d9dc4ccb45a1e2dc9259d581f4866dc0759713126056bc1d7", "benchmark-1.7.1")
    _repacked("sqlite3", "sqlite3_3.40.1.orig.tar.xz", "aaa776260ab4dc976db34aa7891819484c8676b5b2783123ebc6301e2ca5d655", "sqlite3-3.40.1", build_file = "//third_party/overlay:sqlite.BUILD")

    _repacked("zstd", "libzstd_1.5.4+dfsg2.orig.tar.xz", "8cf4bbb65e77ec348d052c8d6230eba66d435bddf64c8b5be2fcb16880c19953", "zstd-1.5.4", build_file = "//third_party/overlay:zstd.BUILD")
    _repacked("fmt", "fmtlib_9.1.0+ds1.orig.tar.gz", "84ce1c2d0be3a9863935137969dcec6970125caac032f82474640bfc81463583", "fmtlib-9.1.0+ds1", build_file = "//third_party/overlay:fmt.BUILD")
    _repacked("spdlog", "spdlog_1.10.0+ds.orig.tar.xz", "620ca6842b5c21014470bd42eb4716024674214fb973b5ffa3aaea33310ad327", "spdlog-1.10.0", build_file = "//third_party/overlay:spdlog.BUILD")
    _repacked("yaml_cpp", "yaml-cpp_0.7.0+dfsg.orig.tar.xz", "dc63708605404e0b963e0ca3a9619d1c8270eda2839603e6fa0384e5e51e5312", "yaml-cpp-yaml-cpp-0.7.0", build_file = "//third_party/overlay:yaml_cpp.BUILD")
    _repacked("cli11", "cli11_2.1.2+ds.orig.tar.xz", "8143d20b688e98ccce8e24562d3b68e5f47c12e896c42c7ca8553dbde5bed55d", "CLI11-2.1.2", build_file = "//third_party/overlay:cli11.BUILD")

    # The //external: names that gRPC's BUILD files use.
    for name, actual in {
        "benchmark": "@com_github_google_benchmark//:benchmark",
        "cares": "@com_github_cares_cares//:ares",
        "grpc++_codegen_proto": "@com_github_grpc_grpc//:grpc++_codegen_proto",
        "grpc_cpp_plugin": "@com_github_grpc_grpc//src/compiler:grpc_cpp_plugin",
        "gtest": "@com_google_googletest//:gtest",
        "libcrypto": "@boringssl//:crypto",
        "libssl": "@boringssl//:ssl",
        "madler_zlib": "@zlib//:zlib",
        "protobuf": "@com_google_protobuf//:protobuf",
        "protobuf_clib": "@com_google_protobuf//:protoc_lib",
        "protobuf_headers": "@com_google_protobuf//:protobuf_headers",
        "protocol_compiler": "@com_google_protobuf//:protoc",
        "re2": "@com_googlesource_code_re2//:re2",
        "upb_generated_code_support__only_for_generated_code_do_not_use__i_give_permission_to_break_me": "@upb//:generated_code_support__only_for_generated_code_do_not_use__i_give_permission_to_break_me",
        "upb_json_lib": "@upb//:json",
        "upb_lib": "@upb//:upb",
        "upb_lib_descriptor": "@upb//:descriptor_upb_proto",
        "upb_lib_descriptor_reflection": "@upb//:descriptor_upb_proto_reflection",
        "upb_reflection": "@upb//:reflection",
        "upb_textformat_lib": "@upb//:textformat",
    }.items():
        native.bind(name = name, actual = actual)
