"""Rules for our own targets: one set of warnings, self-contained headers, one direction of dependencies.

Use these and never the native rules, so that a flag changes in one place.
"""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")
load("@rules_python//python:defs.bzl", "py_binary", "py_library", "py_test")
load("//bazel:clang_tidy.bzl", "clang_tidy_test")

# Every warning is an error here; third parties are built without any (.bazelrc).
_WARNINGS = [
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wpedantic",
    "-Wshadow",
    "-Wnon-virtual-dtor",
    "-Woverloaded-virtual",
    "-Wextra-semi",
    "-Wcast-qual",
    "-Wformat=2",
    "-Wmissing-declarations",
    "-Wredundant-decls",
    "-Wundef",
    # Designated initialisers that leave fields at their defaults are the point of them.
    "-Wno-missing-field-initializers",
    # Bazel hands these to the compiler as if they were our own headers.
    "-isystem",
    "external/com_google_absl",
    "-isystem",
    "external/com_github_grpc_grpc",
    "-isystem",
    "external/com_googlesource_code_re2",
    "-isystem",
    "$(GENDIR)/external/com_github_grpc_grpc",
]

# Which top-level folders a folder may use (docs/architecture.md). `core/base` stands below all others.
_LAYERS = {
    "proto": ["proto"],
    "core/base": ["core/base"],
    "pki": ["proto", "core/base", "pki"],
    "core": ["proto", "core", "pki"],
    "federation": ["proto", "core", "pki", "federation"],
    "bindings": ["proto", "core", "pki", "federation", "bindings", "examples"],
    # The runtime of Python actors is files in them.
    "tools": ["proto", "core", "pki", "federation", "tools", "examples", "bindings/python/runtime"],
    "examples": ["proto", "core/actor", "core/base", "examples"],
    "tests": ["proto", "core", "pki", "federation", "bindings", "tools", "examples", "tests"],
}

def _under(package, folder):
    return package == folder or package.startswith(folder + "/")

def _check_layers(name, deps):
    here = native.package_name()
    layer = "core/base" if _under(here, "core/base") else here.split("/")[0]
    if layer not in _LAYERS:
        fail("//{}: no layer for this folder in bazel/paranet.bzl".format(here))
    for dep in deps:
        if not dep.startswith("//") or dep.startswith("//external"):
            continue
        package = dep[2:].split(":")[0]
        if not [folder for folder in _LAYERS[layer] if _under(package, folder)]:
            fail("//{}:{} must not depend on {}: dependencies point one way (docs/architecture.md)".format(here, name, dep))

def _self_contained(name, srcs, hdrs):
    """Compiles each header alone that no source of the target includes first (tests/lint checks those)."""
    stems = {src[:-len(".cc")]: True for src in srcs if src.endswith(".cc")}
    generated = []
    for header in hdrs:
        if not header.endswith(".h") or header[:-len(".h")] in stems:
            continue
        out = "{}_{}_self_contained.cc".format(name, header.replace("/", "_"))
        native.genrule(
            name = out[:-len(".cc")] + "_src",
            outs = [out],
            cmd = "printf '#include \"%s/%s\"\\n' {} {} >$@".format(native.package_name(), header),
        )
        generated.append(out)
    return generated

def _tidy(name, srcs, deps, hdrs = [], defines = [], testonly = False):
    """Every library and executable with sources has a test that shows what clang-tidy says about it.

    Tests and what serves them alone have none: on two cores clang-tidy takes longer over a source than the compiler does.
    """
    if testonly or not [src for src in srcs if src.endswith(".cc")]:
        return
    clang_tidy_test(
        name = name + "_tidy",
        srcs = srcs + hdrs,
        defines = defines,
        deps = deps,
        size = "small",
        tags = ["lint", "nosan"],
    )

def paranet_cc_library(name, srcs = [], hdrs = [], deps = [], copts = [], testonly = False, **kwargs):
    """A C++ library: private unless it says otherwise.

    Args:
      name: The name of the target.
      srcs: Sources.
      hdrs: Headers, each of which compiles on its own.
      deps: Dependencies, of this layer or a lower one.
      copts: Further compiler options.
      testonly: As in cc_library.
      **kwargs: As in cc_library.
    """
    _check_layers(name, deps)
    alone = _self_contained(name, srcs, hdrs)
    _tidy(name, srcs, deps, hdrs + kwargs.get("textual_hdrs", []), kwargs.get("defines", []), testonly)
    cc_library(
        name = name,
        srcs = srcs + alone,
        hdrs = hdrs,
        deps = deps,
        copts = _WARNINGS + copts,
        testonly = testonly,
        **kwargs
    )

def paranet_cc_binary(name, srcs = [], deps = [], copts = [], **kwargs):
    """An executable or, with linkshared, a shared object."""
    _check_layers(name, deps)
    _tidy(name, srcs, deps, testonly = kwargs.get("testonly", False))
    cc_binary(name = name, srcs = srcs, deps = deps, copts = _WARNINGS + copts, **kwargs)

def paranet_cc_test(name, srcs = None, deps = [], copts = [], size = "small", **kwargs):
    """A GoogleTest test.

    Args:
      name: The name of the target; ends in _test.
      srcs: Sources; `name`.cc if not given.
      deps: Dependencies, of this layer or a lower one; GoogleTest and its main() come by themselves.
      copts: Further compiler options.
      size: As in cc_test.
      **kwargs: As in cc_test.
    """
    _check_layers(name, deps)
    srcs = srcs or [name + ".cc"]
    deps = deps + ["@com_google_googletest//:gtest_main"]
    cc_test(
        name = name,
        srcs = srcs,
        deps = deps,
        copts = _WARNINGS + copts,
        size = size,
        **kwargs
    )

def paranet_cc_fuzz_test(name, corpus, srcs = None, deps = [], **kwargs):
    """A libFuzzer target. Without --config=fuzz it is a test that runs each file of its corpus once.

    Args:
      name: The name of the target; ends in _fuzz.
      corpus: Files. With --config=fuzz the folders that hold them are what the fuzzer starts from.
      srcs: Sources; `name`.cc if not given.
      deps: Dependencies.
      **kwargs: As in cc_test.
    """
    _check_layers(name, deps)
    srcs = srcs or [name + ".cc"]
    native.filegroup(name = name + "_corpus", srcs = corpus, testonly = True)
    folders = {
        "{}/{}".format(native.package_name(), file.rpartition("/")[0]): True
        for file in corpus
        if "/" in file and not ":" in file
    }
    cc_test(
        name = name,
        srcs = srcs,
        args = select({
            "//bazel:fuzzing": folders.keys(),
            "//conditions:default": ["$(locations :{}_corpus)".format(name)],
        }),
        # No header declares the function that the fuzzer calls.
        copts = _WARNINGS + ["-Wno-missing-declarations"],
        data = [":{}_corpus".format(name)],
        deps = deps + select({
            "//bazel:fuzzing": [],
            "//conditions:default": ["//tests/fuzz:replay_main"],
        }),
        linkopts = select({
            "//bazel:fuzzing": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        size = "small",
        **kwargs
    )

def paranet_py_library(name, deps = [], **kwargs):
    """Python modules; imported by their path from the root of the repository."""
    _check_layers(name, deps)
    py_library(name = name, deps = deps, **kwargs)

def paranet_py_binary(name, srcs = None, deps = [], **kwargs):
    """A Python program run by the system's interpreter."""
    _check_layers(name, deps)
    py_binary(name = name, srcs = srcs or [name + ".py"], main = (srcs or [name + ".py"])[0], deps = deps, python_version = "PY3", **kwargs)

def paranet_py_test(name, srcs = None, size = "small", deps = [], **kwargs):
    """A Python unittest file run by the system's interpreter."""
    _check_layers(name, deps)
    py_test(name = name, srcs = srcs or [name + ".py"], main = (srcs or [name + ".py"])[0], size = size, deps = deps, python_version = "PY3", legacy_create_init = 0, **kwargs)
