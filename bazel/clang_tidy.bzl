"""clang_tidy_test: clang-tidy on the sources of one target, each analysed once and again only when it changed.

The analysis is an ordinary action for each source, so Bazel runs it in parallel and caches what it found; the test
only shows it. The macros of paranet.bzl declare one test for each C++ target.
"""

load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")

# An empty report means that there is nothing to report. A machine without clang-tidy fails the build: that is no finding.
_ANALYSE = """\
report=$1; config=$2; source=$3; shift 3
command -v clang-tidy >/dev/null || { echo 'clang-tidy is missing: run ./bazelw, which installs it' >&2; exit 1; }
if clang-tidy --quiet --config-file="$config" "$source" -- "$@" >"$report.all" 2>&1; then
  : >"$report"
else
  sed -e 's|^.*/execroot/[^/]*/||' -e '/warnings.* generated\\.$/d' "$report.all" >"$report"
fi
rm "$report.all"
"""

_SHOW = """\
#!/bin/bash
# Shows what clang-tidy reported; fails if that is anything.
status=0
for report in {reports}; do
  if [ -s "$report" ]; then cat "$report"; status=1; fi
done
exit $status
"""

# clang's own diagnostics that gcc has no like of; .clang-tidy decides which of them count.
_WARNINGS = ["-Wall", "-Wextra", "-Wthread-safety", "-Wno-missing-field-initializers", "-Wno-unknown-warning-option"]

def _is_external(path):
    return path.startswith("external/") or "/external/" in path

def _include_flags(context):
    """Include paths of `context`; those of third parties as system headers, in which nothing is reported."""
    flags = []
    for path in context.includes.to_list():
        flags += ["-isystem" if _is_external(path) else "-I", path]
    for path in context.quote_includes.to_list():
        flags += ["-isystem" if _is_external(path) else "-iquote", path]
    for path in context.system_includes.to_list():
        flags += ["-isystem", path]
    return flags

def _clang_tidy_test_impl(ctx):
    context = cc_common.merge_cc_infos(cc_infos = [dep[CcInfo] for dep in ctx.attr.deps if CcInfo in dep]).compilation_context
    flags = ["-x", "c++", "-std=c++20", "-iquote", ".", "-iquote", ctx.genfiles_dir.path] + _WARNINGS
    flags += ["-D" + define for define in context.defines.to_list() + ctx.attr.defines]
    flags += _include_flags(context)

    reports = []
    for source in ctx.files.srcs:
        # Of generated sources only those that stand for a header alone (paranet.bzl) show code of ours.
        if source.extension != "cc" or not (source.is_source or source.basename.endswith("_self_contained.cc")):
            continue
        report = ctx.actions.declare_file("{}.{}.txt".format(ctx.label.name, source.basename))
        ctx.actions.run_shell(
            outputs = [report],
            inputs = depset(
                ctx.files.srcs + [ctx.file._config],
                transitive = [context.headers, find_cpp_toolchain(ctx).all_files],
            ),
            command = _ANALYSE,
            arguments = [report.path, ctx.file._config.path, source.path] + flags,
            mnemonic = "ClangTidy",
            progress_message = "Analysing " + source.short_path,
            use_default_shell_env = True,
        )
        reports.append(report)

    script = ctx.actions.declare_file(ctx.label.name + ".sh")
    ctx.actions.write(
        script,
        _SHOW.format(reports = " ".join(["'{}'".format(report.short_path) for report in reports])),
        is_executable = True,
    )
    return [DefaultInfo(executable = script, runfiles = ctx.runfiles(files = reports))]

clang_tidy_test = rule(
    implementation = _clang_tidy_test_impl,
    attrs = {
        "srcs": attr.label_list(allow_files = True, doc = "Sources to analyse, and whatever they include."),
        "deps": attr.label_list(doc = "What the sources are compiled with."),
        "defines": attr.string_list(),
        "_config": attr.label(default = "//:.clang-tidy", allow_single_file = True),
        "_cc_toolchain": attr.label(default = "@bazel_tools//tools/cpp:current_cc_toolchain"),
    },
    test = True,
)
