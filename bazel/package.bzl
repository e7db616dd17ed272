"""paranet_package: an actor package as a file of the build, by the command line's own builder."""

def _package_impl(ctx):
    prefix = ctx.label.package + "/"
    executables = {file.path: True for file in ctx.files.executables}
    args = ctx.actions.args()
    args.add(ctx.executable._paranet)
    args.add(ctx.outputs.out)
    args.add(ctx.file.manifest)
    for file in ctx.files.srcs + ctx.files.executables:
        if not file.short_path.startswith(prefix):
            fail("{}: {} is not in this folder, which is the package's source form".format(ctx.label, file.short_path))
        args.add(file)
        args.add(file.short_path[len(prefix):])
        args.add("755" if file.path in executables else "644")
    ctx.actions.run_shell(
        # What the builder finds is ordinary files: a build's inputs are symbolic links, and its outputs all executable.
        command = """
            set -eu
            paranet=$1 out=$2 manifest=$3
            shift 3
            folder=$(mktemp -d)
            trap 'rm -rf "$folder"' EXIT
            cp -L "$manifest" "$folder/paranet.yaml"
            while [ $# -gt 0 ]; do
                mkdir -p "$folder/$(dirname "$2")"
                cp -L "$1" "$folder/$2"
                chmod "$3" "$folder/$2"
                shift 3
            done
            export PARANET_HOME="$folder.home"
            "$paranet" package build "$folder" --no-build --out "$out" >/dev/null
        """,
        arguments = [args],
        inputs = [ctx.file.manifest] + ctx.files.srcs + ctx.files.executables,
        tools = [ctx.executable._paranet],
        outputs = [ctx.outputs.out],
        mnemonic = "ParanetPackage",
        progress_message = "Building package {}".format(ctx.label),
        use_default_shell_env = True,
    )
    return [DefaultInfo(files = depset([ctx.outputs.out]), runfiles = ctx.runfiles(files = [ctx.outputs.out]))]

_package = rule(
    implementation = _package_impl,
    attrs = dict(
        executables = attr.label_list(allow_files = True),
        manifest = attr.label(allow_single_file = True, mandatory = True),
        out = attr.output(mandatory = True),
        srcs = attr.label_list(allow_files = True),
        # The same program as the one that people run: built once.
        _paranet = attr.label(default = "//tools:paranet", executable = True, cfg = "target"),
    ),
)

def paranet_package(name, srcs, executables = [], manifest = "paranet.yaml", out = None, **kwargs):
    """An unsigned archive, byte for byte what `paranet package build` makes of a folder with the same files.

    The commands under `build` in paranet.yaml are not run: what they make comes from targets here.

    Args:
      name: The name of the target.
      srcs: The files of the package, of this folder or below it, sources or built.
      executables: Those of them that actors execute.
      manifest: What becomes its paranet.yaml.
      out: The archive; NAME.paranet if not given.
      **kwargs: Visibility and the like.
    """
    _package(
        name = name,
        srcs = srcs,
        executables = executables,
        manifest = manifest,
        out = out or name + ".paranet",
        **kwargs
    )
