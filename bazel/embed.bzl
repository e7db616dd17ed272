"""embedded_data: files as bytes in a binary, so that it works wherever it is copied to."""

def embedded_data(name, srcs, prefix):
    """Generates `name`.cc with two symbols for each file: PREFIX_FILE_NAME and PREFIX_FILE_NAME_end (dots are underscores).

    The library that compiles it needs `srcs` in its textual_hdrs too. The sums make the generated file change with what it
    includes, which the compiler does not report as used.

    Args:
      name: The name of the target.
      srcs: Files.
      prefix: Of the symbols.
    """
    native.genrule(
        name = name,
        srcs = srcs,
        outs = [name + ".cc"],
        cmd = r"""
            for file in $(SRCS); do
                symbol=%s_$$(basename $$file | tr . _)
                echo "// $$(sha256sum <$$file)"
                echo "__asm__(R\"("
                echo ".section .rodata"
                echo ".balign 16"
                echo ".global $$symbol, $${symbol}_end"
                echo "$$symbol:"
                echo ".incbin \"$$file\""
                echo "$${symbol}_end:"
                echo ".byte 0"
                echo ".previous"
                echo ")\");"
            done >$@
        """ % prefix,
    )
