"""A steady stream of unary calls of a skill, at a given rate, and what became of each of them."""

import threading
import time

import grpc
import weather_pb2

_CURRENT = "/weather.v1.Weather/Current"
# No call takes this long, in seconds, unless something hangs.
_TIMEOUT = 20


class Load:
    """Calls weather/current at `target` `rate` times a second, from several threads over one connection, until stop().

    With `trailer`, `answers` has for each answered call when it began, by time.monotonic(), and what the trailing
    metadata said under that key.
    """

    def __init__(self, target, rate, threads=8, trailer=None):
        self._channel = grpc.insecure_channel(target)
        self._call = self._channel.unary_unary(
            _CURRENT,
            request_serializer=weather_pb2.CurrentRequest.SerializeToString,
            response_deserializer=weather_pb2.CurrentResponse.FromString,
        )
        self._interval = threads / rate
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._answered = threading.Condition(self._lock)
        self.ok = 0
        # When, by time.monotonic(), and what.
        self.failures = []
        # Of the last call that was answered.
        self.last_ok = None
        self.slowest = 0.0
        self._trailer = trailer
        self.answers = []
        self._began = time.monotonic()
        self._threads = [threading.Thread(target=self._run, args=(i / rate,)) for i in range(threads)]
        for thread in self._threads:
            thread.start()

    def _run(self, offset):
        due = time.monotonic() + offset
        while not self._stopping.wait(max(0.0, due - time.monotonic())):
            due += self._interval
            begin = time.monotonic()
            try:
                _, call = self._call.with_call(weather_pb2.CurrentRequest(city="Oslo"), timeout=_TIMEOUT)
            except grpc.RpcError as error:
                with self._lock:
                    self.failures.append((time.monotonic(), f"{error.code()}: {error.details()}"))
                    self._answered.notify_all()
                continue
            end = time.monotonic()
            with self._lock:
                self.ok += 1
                if self._trailer is not None:
                    self.answers.append((begin, dict(call.trailing_metadata()).get(self._trailer)))
                self.last_ok = end
                self.slowest = max(self.slowest, end - begin)
                self._answered.notify_all()

    def wait_until(self, condition, limit):
        """Until condition(self), looked at after every call. False if that takes longer than `limit` seconds."""
        with self._lock:
            return self._answered.wait_for(lambda: condition(self), limit)

    def stop(self):
        """Waits for the calls under way. Calls per second that were made."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self._channel.close()
        return (self.ok + len(self.failures)) / (time.monotonic() - self._began)
