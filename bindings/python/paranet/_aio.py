"""The event loop of an actor's `async def` functions: one thread, beside those that take calls."""

import asyncio
import collections
import queue
import selectors
import threading
from typing import Any, Deque, Dict, Optional, Tuple

from paranet.errors import CancelledError

# How often calls in flight are looked at: whether their callers still wait.
_WATCH_SECONDS = 0.05
_STOP_SECONDS = 5.0


class _YieldingSelector(selectors.DefaultSelector):  # type: ignore[misc,valid-type]
    """Lets go of the actor's lock while the loop has nothing to do, so that what runs in the loop holds it."""

    def __init__(self, lock: Any) -> None:
        super().__init__()
        self._lock = lock

    def select(self, timeout: Optional[float] = None) -> Any:
        self._lock.release()
        try:
            return super().select(timeout)
        finally:
            self._lock.acquire()


class Requests:
    """The stream of requests of one call, for an async function. Read on a thread of its own, one at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop, call: Any) -> None:
        self._loop = loop
        self._call = call
        self._wanted: "queue.SimpleQueue[Optional[asyncio.Future[Any]]]" = queue.SimpleQueue()
        self._thread: Optional[threading.Thread] = None
        self._ended = False

    def __aiter__(self) -> "Requests":
        return self

    async def __anext__(self) -> Any:
        if self._ended:
            raise StopAsyncIteration
        if self._thread is None:
            self._thread = threading.Thread(target=self._read, daemon=True)
            self._thread.start()
        future: "asyncio.Future[Any]" = self._loop.create_future()
        self._wanted.put(future)
        try:
            return await future
        except _End:
            self._ended = True
            raise StopAsyncIteration from None

    def close(self) -> None:
        """Nobody reads any more."""
        self._ended = True
        self._wanted.put(None)

    def _read(self) -> None:
        while True:
            future = self._wanted.get()
            if future is None:
                return
            try:
                request = next(self._call)
            except StopIteration:
                _post(self._loop, future, None, _End())
                return
            except BaseException as error:  # pylint: disable=broad-except
                _post(self._loop, future, None, error)
                return
            _post(self._loop, future, request, None)


class _End(Exception):
    """There are no more requests."""


def _post(loop: asyncio.AbstractEventLoop, future: "asyncio.Future[Any]", value: Any,
          error: Optional[BaseException]) -> None:
    def settle() -> None:
        if future.done():
            return
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)

    loop.call_soon_threadsafe(settle)


class EventLoop:
    """Runs coroutines for calls. `lock`: of an actor that serves one call at a time, else None."""

    def __init__(self, lock: Any, describe_error: Any) -> None:
        self._lock = lock
        self._describe_error = describe_error
        self._loop = asyncio.SelectorEventLoop(None if lock is None else _YieldingSelector(lock))
        self._calls: "Dict[asyncio.Task[Any], Any]" = {}
        self._watching = False
        self._coming: "Deque[Tuple[Any, Any]]" = collections.deque()
        self._woken = False
        self._thread = threading.Thread(target=self._run, name="paranet event loop", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the loop and waits for that, but not for ever."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_STOP_SECONDS)

    def submit(self, coroutine: Any, call: Any) -> None:
        """A unary call; answers by itself."""
        self._submit(self._unary(coroutine, call), call)

    def requests(self, call: Any) -> Requests:
        """The argument for a stream of requests."""
        requests = Requests(self._loop, call)
        call.requests = requests
        return requests

    def stream(self, result: Any, call: Any, server_streams: bool, client_streams: bool) -> None:
        """A streaming call, on its own thread, which writes; raises what the function raises."""
        writes: "queue.SimpleQueue[Any]" = queue.SimpleQueue()
        outcome: Dict[str, BaseException] = {}

        async def drive() -> None:
            try:
                await self._drive(result, writes, server_streams)
            except BaseException as error:  # pylint: disable=broad-except
                outcome["error"] = error
            finally:
                writes.put(None)

        self._submit(drive(), call)
        while True:
            write = writes.get()
            if write is None:
                break
            item, future = write
            try:
                sent = call.write(item)
            except BaseException as error:  # pylint: disable=broad-except
                _post(self._loop, future, None, error)
            else:
                _post(self._loop, future, sent, None)
        if client_streams:
            call.requests.close()
            call.requests = None
        if "error" in outcome:
            raise outcome["error"]

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        if self._lock is None:
            self._loop.run_forever()
            return
        self._lock.acquire()
        try:
            self._loop.run_forever()
        finally:
            self._lock.release()

    def _submit(self, coroutine: Any, call: Any) -> None:
        # Waking the loop costs more than a call: once for all that have come until it is awake.
        self._coming.append((coroutine, call))
        if not self._woken:
            self._woken = True
            self._loop.call_soon_threadsafe(self._take)

    def _take(self) -> None:
        self._woken = False
        while self._coming:
            self._begin(*self._coming.popleft())

    def _begin(self, coroutine: Any, call: Any) -> None:
        task = self._loop.create_task(coroutine)
        self._calls[task] = call
        task.add_done_callback(self._calls.pop)
        if not self._watching:
            self._watching = True
            self._loop.call_later(_WATCH_SECONDS, self._watch)

    def _watch(self) -> None:
        for task, call in self._calls.items():
            if call.cancelled():
                task.cancel()
        self._watching = bool(self._calls)
        if self._watching:
            self._loop.call_later(_WATCH_SECONDS, self._watch)

    async def _unary(self, coroutine: Any, call: Any) -> None:
        try:
            call.answer(await coroutine)
        except BaseException as error:  # pylint: disable=broad-except
            call.fail(*self._describe_error(error))

    async def _drive(self, result: Any, writes: Any, server_streams: bool) -> None:
        async def write(item: Any) -> bool:
            future = self._loop.create_future()
            writes.put((item, future))
            return await future

        if not server_streams:
            await write(await result)
            return
        try:
            async for item in result:
                if not await write(item):
                    raise CancelledError("the call is over")
        finally:
            await result.aclose()
