"""Exceptions of an actor as texts, for its author and for its callers."""

import os
import sys
from typing import Tuple

from paranet._types import SchemaError
from paranet.errors import Error

# A status message travels in gRPC's trailing metadata, of which 8 KiB pass, escaped.
_MAX_TEXT = 2_500
# A recursion or a message may be endless; the log of an actor is not.
_MAX_LOGGED = 32_000
_INTERNAL, _CANCELLED = 13, 1


class Errors:
    """Exceptions as status codes and texts, without the name of the folder where the package happens to be."""

    def __init__(self, folder: str) -> None:
        self._prefix = folder.rstrip("/") + "/"

    def strip(self, text: str) -> str:
        """`hello/main.py` for its absolute path."""
        return text.replace(self._prefix, "")

    def start(self, error: BaseException) -> str:
        """Why a module cannot be served, for its author."""
        return self.strip(str(error)) if isinstance(error, SchemaError) else self.traceback(error)

    def traceback(self, error: BaseException) -> str:
        """The exception with its traceback; without the frames of this runtime, which are nobody's fault."""
        import traceback  # pylint: disable=import-outside-toplevel
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        own = '  File "%s' % os.path.dirname(os.path.abspath(__file__))
        lines = [line for line in lines if not line.startswith((own, '  File "<frozen importlib'))]
        return self.strip("".join(lines)).rstrip()

    def describe(self, error: BaseException) -> Tuple[int, str]:
        """What the caller is told."""
        if isinstance(error, Error):
            return error.number, self.strip(str(error))
        if type(error).__name__ == "CancelledError" and type(error).__module__.startswith(("asyncio", "concurrent")):
            return _CANCELLED, "the call is over"
        text = self.traceback(error)
        half = _MAX_LOGGED // 2
        logged = text if len(text) <= _MAX_LOGGED else text[:half] + "\n...\n" + text[-half:]
        print(logged, file=sys.stderr, flush=True)
        if len(text) > _MAX_TEXT:
            text = "...\n" + text[-_MAX_TEXT:]
        return _INTERNAL, "%s\n%s" % (self.strip("%s: %s" % (type(error).__name__, error))[:_MAX_TEXT // 4], text)
