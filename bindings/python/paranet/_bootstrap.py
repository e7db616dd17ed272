"""What an actor's process begins with: python3 -I -S -B .../paranet/_bootstrap.py VERB FOLDER MODULE [CONCURRENCY]

`serve` serves the module's skills on descriptor 3; `describe` writes their descriptors to it, or why there are none
(exit code 1).
"""

import atexit
import faulthandler
import os
import signal
import sys

_DESCRIPTOR = 3


def _import(folder, module):
    sys.path.insert(0, folder)
    # Not importlib's function, which would stand in each traceback.
    __import__(module)
    return sys.modules[module]


def _describe(folder, module):
    from paranet import _descriptors, _schema  # pylint: disable=import-outside-toplevel
    out, code = b"", 0
    try:
        out = _descriptors.descriptors(_schema.schema_of(_import(folder, module)))
    except BaseException as error:  # pylint: disable=broad-except
        out, code = _why(folder, error).encode("utf-8", "replace"), 1
    with os.fdopen(_DESCRIPTOR, "wb") as file:
        file.write(out)
    return code


def _why(folder, error):
    from paranet._texts import Errors  # pylint: disable=import-outside-toplevel
    return Errors(folder).start(error)


def _serve(folder, module, concurrency):
    try:
        from paranet import _worker  # pylint: disable=import-outside-toplevel
    except ImportError as error:
        print("the runtime of Paranet does not fit %s, which is Python %d.%d: %s; use the Python that Paranet was "
              "built for" % (sys.executable, sys.version_info[0], sys.version_info[1], error), file=sys.stderr)
        return 1
    try:
        from paranet._serve import serve  # pylint: disable=import-outside-toplevel
        return serve(_DESCRIPTOR, folder, _import(folder, module), concurrency == "concurrent")
    except BaseException as error:  # pylint: disable=broad-except
        return _worker.serve_failure(_DESCRIPTOR, _why(folder, error))


def main(argv):
    """Ends the process without waiting for threads that the module has left behind."""
    # Where this file lies; and behind the standard library what the system's packages bring, without start-up code.
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sys.path += ["/usr/local/lib/python%d.%d/dist-packages" % sys.version_info[:2], "/usr/lib/python3/dist-packages"]
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # A crash in a module written in C shows in the actor's log where it was.
    faulthandler.enable()
    os.set_inheritable(_DESCRIPTOR, False)
    sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")
    verb, folder, module = argv[:3]
    code = _describe(folder, module) if verb == "describe" else _serve(folder, module, argv[3])
    atexit._run_exitfuncs()  # pylint: disable=protected-access
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            pass
    os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
