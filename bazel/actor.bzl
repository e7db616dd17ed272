"""Rules for authors of actors: generated base classes, shared objects behind the C ABI, descriptor sets."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_proto_library")
load("@rules_proto//proto:defs.bzl", "ProtoInfo", "proto_library")
load("//bazel:package.bzl", "paranet_package")
load("//bazel:paranet.bzl", "paranet_cc_binary", "paranet_cc_library")

# Of an actor in C, which does not know C++'s warnings.
_C_WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-Wpedantic", "-Wshadow", "-Wcast-qual", "-Wformat=2"]

_SHARED_OBJECT = dict(
    additional_linker_inputs = ["//bazel:actor.lds"],
    linkopts = [
        # The one symbol is all that is exported: two copies of protobuf never meet.
        "-Wl,--version-script,$(location //bazel:actor.lds)",
        "-Wl,--gc-sections",
    ] + select({
        # A sanitizer's functions come from the program, and its reports need names.
        "//bazel:sanitizing": [],
        "//conditions:default": [
            "-Wl,-z,defs",
            "-Wl,--strip-all",
        ],
    }),
    linkshared = True,
    linkstatic = True,
)

def paranet_actor(name, srcs, deps = [], copts = [], **kwargs):
    """A shared object that exports paranet_actor_module and nothing else.

    Args:
      name: Of the file: lib*.so.
      srcs: C++ sources, or C sources alone; one of them defines paranet_actor_module.
      deps: Libraries, all linked in: paranet_actor_proto_library and //core/actor:sdk, or //core/actor:abi in C.
      copts: Further compiler options.
      **kwargs: As in cc_binary.
    """
    shared = dict(_SHARED_OBJECT)
    shared.update(kwargs)
    if not [src for src in srcs if not (src.endswith(".c") or src.endswith(".h"))]:
        cc_binary(name = name, srcs = srcs, deps = deps, copts = _C_WARNINGS + ["-fvisibility=hidden"] + copts, **shared)
        return
    paranet_cc_binary(
        name = name,
        srcs = srcs,
        copts = ["-fexceptions", "-fvisibility=hidden"] + copts,
        deps = deps,
        **shared
    )

def _sources(ctx):
    """The paths of the .proto files as protoc knows them."""
    info = ctx.attr.proto[ProtoInfo]
    if info.proto_source_root not in (".", ctx.bin_dir.path, ctx.genfiles_dir.path):
        fail("{}: {} changes its import path (strip_import_prefix, import_prefix), which is not supported here".format(
            ctx.label,
            ctx.attr.proto.label,
        ))
    for src in info.direct_sources:
        if src.owner.workspace_name or not src.short_path.startswith(ctx.label.package + "/"):
            fail("{}: {} must be in this package, because what is generated from it goes beside it".format(
                ctx.label,
                src.short_path,
            ))
    return [src.short_path for src in info.direct_sources]

def _protoc(ctx, mnemonic, arguments, sources, outputs, tools):
    # From the sources and not from descriptor sets, which lack the comments.
    info = ctx.attr.proto[ProtoInfo]
    args = ctx.actions.args()
    args.add_all(arguments)
    args.add_all(info.transitive_proto_path, format_each = "-I%s")
    args.add_all(sources)
    ctx.actions.run(
        executable = ctx.executable._protoc,
        arguments = [args],
        inputs = info.transitive_sources,
        outputs = outputs,
        tools = tools,
        mnemonic = mnemonic,
        progress_message = "{} of {}".format(mnemonic, ctx.label),
    )

_PROTOC = {
    "proto": attr.label(mandatory = True, providers = [ProtoInfo]),
    "_protoc": attr.label(default = "@com_google_protobuf//:protoc", executable = True, cfg = "host"),
}

def _generate_impl(ctx):
    prefix = ctx.label.package + "/"
    sources = _sources(ctx)
    stems = [source[len(prefix):-len(".proto")] for source in sources]
    expected = [stem + suffix for stem in stems for suffix in (".paranet.h", ".paranet.cc")]
    declared = [out.short_path[len(prefix):] for out in ctx.outputs.outs]
    if sorted(expected) != sorted(declared):
        fail("{}: protos = {} does not name the sources of {}".format(ctx.label, declared, ctx.attr.proto.label))
    _protoc(
        ctx,
        "ParanetActorProto",
        ["--plugin=protoc-gen-paranet=" + ctx.executable._plugin.path, "--paranet_out=" + ctx.bin_dir.path],
        sources,
        ctx.outputs.outs,
        [ctx.executable._plugin],
    )
    return [DefaultInfo(files = depset(ctx.outputs.outs))]

_generate = rule(
    implementation = _generate_impl,
    attrs = dict(
        _PROTOC,
        outs = attr.output_list(mandatory = True),
        _plugin = attr.label(default = "//tools/protoc_gen_paranet:protoc-gen-paranet", executable = True, cfg = "host"),
    ),
)

def paranet_actor_proto_library(name, proto, cc_proto, srcs, **kwargs):
    """The base classes and the clients for the services of `proto`: NAME.paranet.h beside each NAME.proto.

    Args:
      name: The name of the library.
      proto: A proto_library of this package.
      cc_proto: The cc_proto_library of `proto`.
      srcs: The .proto files of `proto`.
      **kwargs: As in cc_library.
    """
    stems = [src[:-len(".proto")] for src in srcs]
    headers = [stem + ".paranet.h" for stem in stems]
    sources = [stem + ".paranet.cc" for stem in stems]
    _generate(name = name + "_generated", outs = headers + sources, proto = proto)
    paranet_cc_library(
        name = name,
        srcs = sources,
        hdrs = headers,
        deps = [
            cc_proto,
            "//core/actor:client",
            "//core/actor:sdk",
            "@com_google_absl//absl/status",
            "@com_google_absl//absl/status:statusor",
            "@com_google_absl//absl/strings",
            "@com_google_absl//absl/types:span",
        ],
        **kwargs
    )

def _descriptors_impl(ctx):
    _protoc(
        ctx,
        "ParanetDescriptors",
        ["--include_imports", "--descriptor_set_out=" + ctx.outputs.out.path],
        _sources(ctx),
        [ctx.outputs.out],
        [],
    )
    return [DefaultInfo(files = depset([ctx.outputs.out]))]

paranet_descriptors = rule(
    doc = "A FileDescriptorSet of a proto_library with all that it imports: what a package needs.",
    implementation = _descriptors_impl,
    attrs = dict(_PROTOC, out = attr.output(mandatory = True)),
)

def paranet_actor_folder(name, srcs, proto, deps = [], api_visibility = None):
    """All that the folder of a package with one native actor needs, from one .proto file NAME.proto.

    Makes lib`name`.so, `name`.binpb (descriptors) and, with paranet.yaml, the filegroup `files`: exactly what the
    package's folder has, and `name`_package: its archive, `name`.paranet. Further targets: `name`_proto and
    `name`_cc_proto, and for an actor in C++ `name`_paranet.

    Args:
      name: Of the actor.
      srcs: Its sources: C++, or C alone.
      proto: The .proto file.
      deps: Further libraries. An actor in C++ has its `name`_paranet and Abseil's Status without being told.
      api_visibility: Of `name`_proto, `name`_cc_proto and `name`_paranet: who else calls the actor.
    """
    in_c = not [src for src in srcs if not (src.endswith(".c") or src.endswith(".h"))]
    proto_library(
        name = name + "_proto",
        srcs = [proto],
        visibility = api_visibility,
        deps = ["//proto:options_proto"],
    )
    cc_proto_library(
        name = name + "_cc_proto",
        visibility = api_visibility,
        deps = [name + "_proto"],
    )
    if not in_c:
        paranet_actor_proto_library(
            name = name + "_paranet",
            srcs = [proto],
            cc_proto = name + "_cc_proto",
            proto = name + "_proto",
            visibility = api_visibility,
        )
    paranet_descriptors(
        name = name + "_descriptors",
        out = name + ".binpb",
        proto = name + "_proto",
    )
    paranet_actor(
        name = "lib{}.so".format(name),
        srcs = srcs,
        deps = deps + (["//core/actor:abi"] if in_c else [
            name + "_paranet",
            "@com_google_absl//absl/status",
            "@com_google_absl//absl/status:statusor",
        ]),
    )
    contents = ["lib{}.so".format(name), name + ".binpb"]
    native.filegroup(
        name = "files",
        srcs = contents + ["paranet.yaml"],
        visibility = ["//visibility:public"],
    )
    paranet_package(
        name = name + "_package",
        srcs = contents,
        out = name + ".paranet",
        visibility = ["//visibility:public"],
    )
