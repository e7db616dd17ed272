"""Serves the skills of a module in an actor's process (core/runtime/python_actor.h)."""

from typing import Any, List, Tuple

from paranet import _worker
from paranet._plan import plan_of
from paranet._schema import schema_of
from paranet._texts import Errors
from paranet.actor import Context


def serve(fd: int, folder: str, module: Any, concurrent: bool) -> int:
    """Serves until the node ends it; the process's exit code."""
    errors = Errors(folder)
    plan = plan_of(schema_of(module))
    methods: List[Tuple[Any, ...]] = plan["methods"]
    plan["methods"] = [(*method[:-1], errors.strip(method[-1])) for method in methods]
    if not any(method[3] for method in methods):
        return _worker.serve(fd, plan, context=Context, describe_error=errors.describe, event_loop=None, lock=None,
                             own_locking=False)
    from paranet import _aio  # pylint: disable=import-outside-toplevel
    lock = None if concurrent else _worker.Lock()
    loop = _aio.EventLoop(lock, errors.describe)
    try:
        return _worker.serve(fd, plan, context=Context, describe_error=errors.describe, event_loop=loop, lock=lock,
                             own_locking=True)
    finally:
        loop.stop()
