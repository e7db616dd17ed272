"""An actor's process, spoken to in its node's place: frames of core/worker/frame.h over a socket."""

import os
import socket
import struct
import subprocess
import sys
import tempfile
import textwrap
import unittest

import paranet

START, READY, FAILED, CALL, RESPOND, OPEN, MESSAGE, HALF_CLOSE, FINISH, CANCEL, CREDIT, LOG, PING, PONG, STOP = range(1, 16)
NEVER = (1 << 63) - 1
HEADER = struct.Struct("<IBBHQQqII")
PATIENCE = 60

MODULE = '''
import asyncio
import os
import threading
from dataclasses import dataclass
from typing import AsyncIterator, Iterator
import paranet
from paranet import Context, skill

@dataclass
class Point:
    x: int
    y: int = 5

@skill("hello/greet")
def greet(name: str, *, mark: str = "!") -> str:
    return "Hello, " + name + mark

@skill("hello/swap")
def swap(point: Point) -> Point:
    return Point(point.y, point.x)

@skill("hello/fail")
def fail(code: int) -> None:
    if code:
        raise paranet.errors.BY_NUMBER[code]("as you like")
    raise ValueError("deep")

@skill("hello/count")
def count(n: int) -> Iterator[int]:
    yield from range(n)

@skill("hello/total")
def total(numbers: Iterator[int]) -> int:
    return sum(numbers)

@skill("hello/talk")
def talk(context: Context, texts: Iterator[str]) -> Iterator[str]:
    for text in texts:
        yield context.caller + ":" + text

@skill("hello/ask")
def ask(context: Context) -> bytes:
    return context.call("other/skill", b"question", timeout=50)

@skill("hello/follow")
def follow(context: Context) -> list[bytes]:
    return list(context.stream("other/stream", [b"a", b"b"]))
'''

ASYNC = MODULE + '''
free = asyncio.Event()
running = 0

@skill("hello/wait")
async def wait() -> int:
    global running
    running += 1
    await free.wait()
    running -= 1
    return running

@skill("hello/running")
def get_running() -> int:
    return running

@skill("hello/free")
async def set_free() -> None:
    free.set()

@skill("hello/echo")
async def echo(texts: AsyncIterator[str], context: Context) -> AsyncIterator[str]:
    async for text in texts:
        yield context.caller + text.upper()

@skill("hello/together")
def together(context: Context) -> bool:
    before = running
    context.sleep(0.01)
    return before == running
'''


def entries(*pairs):
    """A frame's list."""
    out = b""
    for key, value in pairs:
        out += struct.pack("<II", len(key), len(value)) + key.encode() + value.encode()
    return out


def text_of(payload):
    """A message with one short string, field 1."""
    assert payload[:1] == b"\x0a", payload
    return payload[2:].decode()


def string(text):
    return b"\x0a" + bytes([len(text)]) + text.encode()


class Actor:
    """A process, and the node's end of its socket."""

    def __init__(self, module, concurrency="one-at-a-time", config=()):
        self.folder = tempfile.TemporaryDirectory(dir="/tmp")
        os.mkdir(os.path.join(self.folder.name, "hello"))
        with open(os.path.join(self.folder.name, "hello", "main.py"), "w", encoding="utf-8") as file:
            file.write(textwrap.dedent(module))
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(PATIENCE)
        bootstrap = os.path.join(os.path.dirname(os.path.abspath(paranet.__file__)), "_bootstrap.py")
        arguments = [sys.executable, "-I", "-S", "-B", bootstrap, "serve", self.folder.name, "hello.main", concurrency]

        def on_three():
            # In case it is 3 already, dup2 leaves its flag as it is.
            os.dup2(theirs.fileno(), 3)
            os.set_inheritable(3, True)

        # pylint: disable-next=subprocess-popen-preexec-fn,consider-using-with
        self.process = subprocess.Popen(arguments, preexec_fn=on_three, close_fds=False, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        theirs.close()
        self.buffer = b""
        self.calls = 0
        self.methods = {}
        self.send(START, code=int(concurrency == "concurrent"), text="hello", entries_=entries(*config))
        self.first = self.receive()
        if self.first["type"] == READY:
            at, left = 0, self.first["list"]
            while left:
                key, value = struct.unpack_from("<II", left)
                name = left[8:8 + key].decode()
                self.methods[name.rsplit("/", 1)[1]] = at
                left, at = left[8 + key + value:], at + 1

    def close(self):
        self.socket.close()
        self.process.kill()
        out, _ = self.process.communicate(timeout=PATIENCE)
        self.folder.cleanup()
        return out

    def send(self, kind, *, flags=0, code=0, call=0, parent=0, number=0, text="", entries_=b"", payload=b""):
        text = text.encode()
        size = len(text) + len(entries_) + len(payload)
        header = HEADER.pack(size, kind, flags, code, call, parent, number, len(text), len(entries_))
        self.socket.sendall(header + text + entries_ + payload)

    def receive(self):
        while True:
            if len(self.buffer) >= HEADER.size:
                size, kind, flags, code, call, parent, number, text, listed = HEADER.unpack_from(self.buffer)
                if len(self.buffer) >= HEADER.size + size:
                    body, self.buffer = self.buffer[HEADER.size:HEADER.size + size], self.buffer[HEADER.size + size:]
                    return {"type": kind, "flags": flags, "code": code, "call": call, "parent": parent, "number": number,
                            "text": body[:text].decode(), "list": body[text:text + listed],
                            "payload": body[text + listed:]}
            data = self.socket.recv(1 << 16)
            if not data:
                raise EOFError
            self.buffer += data

    def expect(self, kind, call=None):
        """The next frame of this type; what else comes is not looked at."""
        while True:
            frame = self.receive()
            if frame["type"] == kind and call in (None, frame["call"]):
                return frame

    def begin(self, method, payload=b"", kind=CALL):
        self.calls += 1
        self.send(kind, code=self.methods[method], call=self.calls, number=NEVER, text="uid:1000", payload=payload)
        return self.calls

    def unary(self, method, payload=b""):
        return self.expect(RESPOND, self.begin(method, payload))

    def stream(self, method, requests):
        """All messages, and the end."""
        call = self.begin(method, kind=OPEN)
        for request in requests:
            self.send(MESSAGE, call=call, payload=request)
        self.send(HALF_CLOSE, call=call)
        messages = []
        while True:
            frame = self.receive()
            if frame["type"] == MESSAGE:
                messages.append(frame["payload"])
                self.send(CREDIT, code=1, call=call, number=len(frame["payload"]))
            elif frame["type"] == FINISH:
                return messages, frame


class ServeTest(unittest.TestCase):

    def start(self, module=MODULE, concurrency="one-at-a-time", config=()):
        actor = Actor(module, concurrency, config)
        self.addCleanup(actor.close)
        return actor

    def test_unary(self):
        actor = self.start()
        self.assertEqual(text_of(actor.unary("Greet", string("Ada"))["payload"]), "Hello, Ada!")
        self.assertEqual(text_of(actor.unary("Greet", string("Ada") + b"\x12\x01?")["payload"]), "Hello, Ada?")
        # Point(1, 2), and Point(1) with its default.
        self.assertEqual(actor.unary("Swap", b"\x0a\x04\x08\x01\x10\x02")["payload"], b"\x08\x02\x10\x01")
        self.assertEqual(actor.unary("Swap", b"\x0a\x02\x08\x01")["payload"], b"\x08\x05\x10\x01")

    def test_errors(self):
        actor = self.start()
        for code in range(1, 17):
            frame = actor.unary("Fail", b"\x08" + bytes([code]))
            self.assertEqual((frame["code"], frame["text"]), (code, "as you like"))
        frame = actor.unary("Fail")
        self.assertEqual(frame["code"], 13)
        self.assertRegex(frame["text"], r'^ValueError: deep\n(.|\n)*"hello/main.py", line \d+, in fail')
        frame = actor.unary("Greet", b"\x0a\x01\xff")
        self.assertEqual((frame["code"], "name: is not UTF-8" in frame["text"]), (3, True))
        self.assertEqual(actor.unary("Swap")["code"], 3)

    def test_streams(self):
        for module in (MODULE, ASYNC):
            actor = self.start(module)
            messages, end = actor.stream("Count", [b"\x08\x64"])
            self.assertEqual((len(messages), end["code"]), (100, 0))
            messages, end = actor.stream("Total", [b"\x08\x03", b"\x08\x04"])
            self.assertEqual((messages, end["code"]), ([b"\x08\x07"], 0))
            messages, end = actor.stream("Talk", [string("a"), string("b")])
            self.assertEqual([text_of(message) for message in messages], ["uid:1000:a", "uid:1000:b"])
            messages, end = actor.stream("Total", [b"\x08\xff"])
            self.assertEqual((messages, end["code"]), ([], 3))

    def test_calls_other_skills(self):
        actor = self.start()
        call = actor.begin("Ask")
        asked = actor.expect(CALL)
        self.assertEqual((asked["text"], asked["parent"], asked["payload"]), ("other/skill", call, b"question"))
        actor.send(RESPOND, flags=1, call=asked["call"], payload=b"answer")
        self.assertEqual(actor.expect(RESPOND, call)["payload"], b"\x0a\x06answer")
        call = actor.begin("Ask")
        actor.send(RESPOND, flags=1, call=actor.expect(CALL)["call"], code=5, text="nobody")
        self.assertEqual((actor.expect(RESPOND, call)["code"]), 5)

    def test_follows_a_stream_of_another_skill(self):
        actor = self.start()
        call = actor.begin("Follow")
        opened = actor.expect(OPEN)
        self.assertEqual(opened["text"], "other/stream")
        self.assertEqual([actor.expect(MESSAGE)["payload"] for _ in range(2)], [b"a", b"b"])
        actor.expect(HALF_CLOSE)
        actor.send(MESSAGE, flags=1, call=opened["call"], payload=b"x")
        actor.send(FINISH, flags=1, call=opened["call"])
        self.assertEqual(actor.expect(RESPOND, call)["payload"], b"\x0a\x01x")

    def test_async_calls_wait_for_each_other(self):
        for concurrency in ("one-at-a-time", "concurrent"):
            actor = self.start(ASYNC, concurrency)
            calls = [actor.begin("Wait") for _ in range(10)]
            while actor.unary("Running")["payload"] != b"\x08\x0a":
                pass
            self.assertEqual(actor.unary("Free")["code"], 0)
            self.assertEqual([actor.expect(RESPOND, call)["code"] for call in calls], [0] * 10)
            messages, end = actor.stream("Echo", [string("a"), string("b")])
            self.assertEqual([text_of(message) for message in messages], ["uid:1000A", "uid:1000B"])
            self.assertEqual(end["code"], 0)

    def test_an_async_call_is_cancelled(self):
        actor = self.start(ASYNC)
        call = actor.begin("Wait")
        while actor.unary("Running")["payload"] != b"\x08\x01":
            pass
        actor.send(CANCEL, call=call)
        self.assertEqual(actor.expect(RESPOND, call)["code"], 1)

    def test_ends_when_it_is_asked(self):
        for module in (MODULE, ASYNC):
            actor = self.start(module)
            actor.unary("Greet", string("Ada"))
            actor.send(STOP)
            with self.assertRaises(EOFError):
                actor.receive()
            self.assertEqual(actor.process.wait(PATIENCE), 0)

    def test_ends_when_the_node_is_gone(self):
        for module in (MODULE, ASYNC):
            actor = self.start(module)
            actor.unary("Greet", string("Ada"))
            actor.socket.close()
            self.assertEqual(actor.process.wait(PATIENCE), 2)

    def test_a_waiting_async_call_does_not_keep_it(self):
        actor = self.start(ASYNC)
        actor.begin("Wait")
        while actor.unary("Running")["payload"] != b"\x08\x01":
            pass
        actor.socket.close()
        self.assertEqual(actor.process.wait(PATIENCE), 2)

    def test_modules_that_cannot_be_served(self):
        for module, says in [
            ("def f(:\n", "SyntaxError"),
            ("raise RuntimeError('no luck')\n", "RuntimeError: no luck"),
            ("import sys\nsys.exit('gone')\n", "SystemExit: gone"),
            ("x = 1\n", "expected functions with @skill"),
            ("from paranet import skill\n@skill('a/b')\ndef f(x: set) -> None: ...\n", "hello/main.py:2"),
        ]:
            with self.subTest(says):
                actor = self.start(module)
                self.assertEqual(actor.first["type"], FAILED)
                self.assertIn(says, actor.first["text"])
                self.assertNotIn(actor.folder.name, actor.first["text"])
                self.assertEqual(actor.process.wait(PATIENCE), 1)


if __name__ == "__main__":
    unittest.main()
