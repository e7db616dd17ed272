"""Decorators, schemas and the conversion of messages: what actors in Python are made of."""

import enum
import subprocess
import sys
import textwrap
import types
import unittest
from dataclasses import dataclass, field
from typing import Annotated, Any, AsyncIterator, Dict, Iterator, List, NotRequired, Optional, TypedDict, Union

import paranet
from paranet import Context, Field, _descriptors, _plan, _schema, _types, _worker, skill, skill_set


def module_of(source: str, name: str = "hello.main") -> types.ModuleType:
    """A module made of text, which may use all that this file imports."""
    module = types.ModuleType(name)
    sys.modules[name] = module
    vars(module).update({key: value for key, value in globals().items() if not key.startswith("__")})
    exec(compile(textwrap.dedent(source), "hello/main.py", "exec"), vars(module))  # pylint: disable=exec-used
    return module


class Mood(enum.Enum):
    """Counted."""

    HAPPY = "h"
    SAD = "s"


class Level(enum.IntEnum):
    """Numbered."""

    LOW = 0
    HIGH = 10


@dataclass
class Report:
    """Of all kinds."""

    city: str
    degrees: float = 0.0
    count: int = 0
    fresh: bool = False
    raw: bytes = b""
    mood: Mood = Mood.SAD
    level: Level = Level.LOW
    tags: List[str] = field(default_factory=list)
    numbers: List[int] = field(default_factory=list)
    by_name: Dict[str, float] = field(default_factory=dict)
    by_number: Dict[int, "Report"] = field(default_factory=dict)
    note: Optional[str] = None
    inner: Optional["Report"] = None
    children: List["Report"] = field(default_factory=list)


class Options(TypedDict):
    """A dictionary with known keys."""

    loud: bool
    times: NotRequired[int]


GREET = '''
    @skill("hello/greet", idempotent=True)
    def greet(name: str, times: int = 1) -> str:
        """Greets somebody.

        At length."""
        return "Hello, " * times + name
'''

# What a module has, and what the error says.
BAD = [
    ("no skills", "pass", "expected functions with @skill"),
    ("no hint", "@skill('a/b')\ndef f(x) -> str: ...", r"f \(hello/main.py:1\), parameter x: expected a type hint"),
    ("no return hint", "@skill('a/b')\ndef f(x: int): ...", "expected a hint for what it returns"),
    ("set", "@skill('a/b')\ndef f(x: set) -> None: ...", "parameter x: expected str, int.* found set"),
    ("any", "@skill('a/b')\ndef f(x: Any) -> None: ...", "found Any"),
    ("union", "@skill('a/b')\ndef f(x: Union[int, str]) -> None: ...",
     r"expected one type or Optional.* found Union\[int, str\]"),
    ("bare list", "@skill('a/b')\ndef f(x: list) -> None: ...", r"expected list\[T\].* found list"),
    ("nested list", "@skill('a/b')\ndef f(x: List[List[int]]) -> None: ...", r"inside a list, found List\[int\]"),
    ("list of optional", "@skill('a/b')\ndef f(x: List[Optional[int]]) -> None: ...", "inside a list"),
    ("key", "@skill('a/b')\ndef f(x: Dict[float, str]) -> None: ...", "expected keys of str, int or bool, found float"),
    ("unknown name", "@skill('a/b')\ndef f(x: 'Nothing') -> None: ...", "names 'Nothing'"),
    ("varargs", "@skill('a/b')\ndef f(*x: int) -> None: ...", r"expected parameters with names.* found \*x"),
    ("async iterator", "@skill('a/b')\ndef f(x: AsyncIterator[int]) -> None: ...", r"expected Iterator\[T\]"),
    ("iterator in async", "@skill('a/b')\nasync def f(x: Iterator[int]) -> None: ...", r"expected AsyncIterator\[T\]"),
    ("async return", "@skill('a/b')\nasync def f() -> AsyncIterator[int]: ...", "to yield"),
    ("generator hint", "@skill('a/b')\ndef f() -> int:\n    yield 1", r"expected -> Iterator\[T\]"),
    ("bare iterator", "@skill('a/b')\ndef f() -> Iterator: ...", "without what is in it"),
    ("two streams", "@skill('a/b')\ndef f(x: Iterator[int], y: Iterator[int]) -> None: ...",
     "one stream of requests, found x"),
    ("stream and field", "@skill('a/b')\ndef f(x: Iterator[int], y: int) -> None: ...", "put it into the requests"),
    ("same number", "@skill('a/b')\ndef f(x: Annotated[int, Field(2)], y: Annotated[int, Field(2)]) -> None: ...",
     "number 2, as x"),
    ("number", "@skill('a/b')\ndef f(x: Annotated[int, Field(0)]) -> None: ...", "field number from 1"),
    ("reserved", "@skill('a/b')\ndef f(x: Annotated[int, Field(19000)]) -> None: ...", "not 19000"),
    ("json name", "@skill('a/b')\ndef f(a_b: int, aB: int) -> None: ...", "same name as a_b"),
    ("not ascii", "@skill('a/b')\ndef f(größe: int) -> None: ...", "ASCII"),
    ("default list", "@skill('a/b')\ndef f(x: List[int] = [1]) -> None: ...", "expected an empty default"),
    ("init", "@dataclass\nclass D:\n    x: int = field(init=False, default=1)\n@skill('a/b')\ndef f() -> D: ...",
     "init=False"),
    ("same action", "@skill('a/b')\ndef f() -> None: ...\n@skill('a/b')\ndef g() -> None: ...",
     "f .*are the same method|are the same method B"),
    ("versions",
     "@skill('a/b', version='1.0.0')\ndef f() -> None: ...\n@skill('a/c', version='1.1.0')\ndef g() -> None: ...",
     "g .*version: expected '1.0.0'.* found '1.1.0'"),
    ("class name", "@dataclass\nclass BRequest:\n    x: int\n@skill('a/b')\ndef f(x: BRequest) -> None: ...",
     "has the name of"),
    ("skill_set alone", "skill_set('z')\n" + "@skill('a/b')\ndef f() -> None: ...", "'z' has no skill"),
    ("description", "@skill('a/b')\ndef f() -> None:\n    '" + "x" * 5000 + "'", "4096 bytes"),
    ("empty enum", "class E(enum.Enum):\n    pass\n@skill('a/b')\ndef f(x: E) -> None: ...", "has no members"),
    ("big enum", "class E(enum.IntEnum):\n    A = 1 << 40\n@skill('a/b')\ndef f(x: E) -> None: ...", "32 bits"),
]

# What is refused where it stands.
BAD_DECORATORS = [
    ("no name", "@skill\ndef f() -> None: ...", TypeError, r"found @skill without a name"),
    ("no slash", "@skill('hello')\ndef f() -> None: ...",
     ValueError, r"f \(hello/main.py:1\): expected subject/action"),
    ("capital", "@skill('Hello/greet')\ndef f() -> None: ...", ValueError, "subject 'Hello' is not"),
    ("number", "@skill(7)\ndef f() -> None: ...", TypeError, "expected a str .* found int"),
    ("class", "@skill('a/b')\nclass C: ...", TypeError, "expected a function, found type 'C'"),
    ("version", "@skill('a/b', version='1')\ndef f() -> None: ...",
     ValueError, "expected a semantic version .* found '1'"),
    ("idempotent", "@skill('a/b', idempotent='no')\ndef f() -> None: ...",
     TypeError, "expected True or False, found 'no'"),
    ("twice", "@skill('a/b')\n@skill('a/c')\ndef f() -> None: ...", ValueError, "a skill already"),
    ("set twice", "skill_set('a')\nskill_set('a')", ValueError, "described twice"),
    ("set with slash", "skill_set('a/b')", ValueError, "expected a subject"),
]


class SchemaTest(unittest.TestCase):

    def test_names_follow_from_the_skill(self):
        [skill_set_] = _schema.schema_of(module_of('"""Greetings."""\n' + textwrap.dedent(GREET))).skill_sets
        self.assertEqual((skill_set_.package, skill_set_.service, skill_set_.version), ("hello.v1", "Hello", "1.0.0"))
        self.assertEqual(skill_set_.description, "Greetings.")
        [method] = skill_set_.methods
        self.assertEqual((method.name, method.request.name, method.response.name),
                         ("Greet", "GreetRequest", "GreetResponse"))
        self.assertEqual(method.description, "Greets somebody.")

    def test_a_function_stays_a_function(self):
        self.assertEqual(module_of(GREET).greet("Ada"), "Hello, Ada")

    def test_shapes(self):
        module = module_of("""
            @skill("s/unary")
            def a(x: int) -> int: ...
            @skill("s/server")
            def b(x: int) -> Iterator[int]: yield x
            @skill("s/client")
            def c(xs: Iterator[int]) -> int: ...
            @skill("s/bidi")
            async def d(xs: AsyncIterator[Report], context: Context) -> AsyncIterator[Report]:
                async for x in xs: yield x
        """)
        [skill_set_] = _schema.schema_of(module).skill_sets
        self.assertEqual([(m.client_streams, m.server_streams, m.is_async) for m in skill_set_.methods],
                         [(False, False, False), (False, True, False), (True, False, False), (True, True, True)])

    def test_several_subjects_and_versions(self):
        module = module_of("""
            skill_set("b-c", version="2.1.0", description="Of b.", private=True)
            @skill("b-c/do-it")
            def f() -> None: ...
            @skill("a/x", version="0.3.0")
            def g() -> None: ...
        """)
        sets = _schema.schema_of(module).skill_sets
        self.assertEqual([(s.package, s.service, s.file, s.private) for s in sets],
                         [("a.v0", "A", "a/v0/a.proto", False), ("b_c.v2", "BC", "b_c/v2/b_c.proto", True)])
        self.assertEqual(sets[1].methods[0].name, "DoIt")

    def test_imported_skills_are_served_too(self):
        other = module_of(GREET, "hello.other")
        module = module_of("@skill('hello/part')\ndef part() -> None: ...")
        vars(module)["greet"] = other.greet
        [skill_set_] = _schema.schema_of(module).skill_sets
        self.assertEqual([method.name for method in skill_set_.methods], ["Part", "Greet"])

    def test_descriptors_are_the_same_every_time(self):
        first = _descriptors.descriptors(_schema.schema_of(module_of(GREET)))
        self.assertEqual(first, _descriptors.descriptors(_schema.schema_of(module_of(GREET))))
        self.assertIn(b"hello/v1/hello.proto", first)

    def test_bad_modules(self):
        for name, source, message in BAD:
            with self.subTest(name):
                with self.assertRaisesRegex(_types.SchemaError, message):
                    _schema.schema_of(module_of(source))

    def test_bad_decorators(self):
        for name, source, error, message in BAD_DECORATORS:
            with self.subTest(name):
                with self.assertRaisesRegex(error, message):
                    module_of(source)

    def test_an_actors_process_needs_no_node(self):
        script = "import sys, paranet; paranet.skill('a/b')(lambda: None); assert 'paranet._native' not in sys.modules"
        subprocess.run([sys.executable, "-c", script], check=True, env={"PYTHONPATH": ":".join(sys.path)})


class MessageTest(unittest.TestCase):

    def setUp(self):
        self.types = _types.Types()
        self.plan = _plan.Plan()

    def codec(self, hint: Any):
        number = self.plan.add(self.types.record(hint, "test"))
        return _worker.Codec(self.plan.messages), number

    def wrapped(self, hint: Any):
        message = _types.Message("Value", _types.WRAPPED, where="test")
        self.types.fill(message, {"value": hint}, {})
        number = self.plan.add(message)
        return _worker.Codec(self.plan.messages), number

    def assert_travels(self, hint: Any, value: Any):
        codec, number = self.codec(hint)
        self.assertEqual(codec.decode(number, codec.encode(number, value)), value)

    def test_there_and_back(self):
        full = Report("Ōsaka", -1.5, -(1 << 63), True, b"\0\xff", Mood.HAPPY, Level.HIGH, ["a", ""],
                      [0, 1, -1, 1 << 62],
                      {"x": 1.0, "": 0.0}, {-3: Report("inner")}, "", Report("deep", children=[Report("deeper")]),
                      [Report("one"), Report("two")])
        self.assert_travels(Report, full)
        self.assert_travels(Report, Report(""))
        self.assert_travels(Options, {"loud": True, "times": 0})
        self.assert_travels(Options, {"loud": False})

    def test_values(self):
        for hint, value in [(int, 7), (str, "x"), (bytes, b"x"), (bool, True), (float, 2.5), (List[float], [1.0, 2.0]),
                            (Dict[bool, str], {True: "yes"}), (Optional[int], None), (Optional[int], 0),
                            (Mood, Mood.SAD)]:
            with self.subTest(hint=hint):
                self.setUp()
                codec, number = self.wrapped(hint)
                self.assertEqual(codec.decode(number, codec.encode(number, value)), value)

    def test_what_is_zero_takes_no_room(self):
        codec, number = self.wrapped(int)
        self.assertEqual(codec.encode(number, 0), b"")

    def test_a_value_that_does_not_fit_names_its_place(self):
        codec, number = self.codec(Report)
        inner = Report("x")
        inner.tags = ["a", 7]
        cyclic = Report("x")
        cyclic.children.append(cyclic)
        for value, message in [
            (7, "expected Report, found int"),
            (Report(None), "city: expected str, found None"),
            (Report("x", count=True), "count: expected int, found bool"),
            (Report("x", count=1 << 63), "count: expected an int of 64 bits"),
            (Report("x", degrees="1"), "degrees: expected float, found str"),
            (Report("x", raw="text"), "raw: expected bytes, found str"),
            (Report("x", mood="h"), "mood: expected Mood, found str"),
            (Report("x", tags="abc"), "tags: expected list, found str"),
            (Report("x", inner=inner), r"inner\.tags\[1\]: expected str, found int"),
            (Report("x", by_name={1: 1.0}), "by_name, a key: expected str, found int"),
            (Report("x", by_name={"k": "v"}), r"by_name\['k'\]: expected float, found str"),
            (Report("\ud800"), "city: .*surrogate"),
            (cyclic, "nested more than 100"),
        ]:
            with self.subTest(message):
                with self.assertRaisesRegex(paranet.InvalidArgumentError, message):
                    codec.encode(number, value)
        codec, number = self.codec(Options)
        for value, message in [({}, "loud: it is missing"), ({"loud": True, "quiet": 1}, "has no key 'quiet'"),
                               ([], "expected dict")]:
            with self.subTest(message):
                with self.assertRaisesRegex(paranet.InvalidArgumentError, message):
                    codec.encode(number, value)

    def test_bytes_that_are_no_such_message(self):
        codec, number = self.codec(Report)
        for data, message in [
            (b"\x0a", "not such a message"),
            (b"\x0a\x05ab", "city: these bytes are not such a message"),
            (b"\x0a\x01\xff", "city: is not UTF-8"),
            (b"\x30\x63", "mood: 99 is none of the enum's numbers"),
            (b"\x6a\x03\x0a\x01\xff", r"inner\.city: is not UTF-8"),
            (b"\x00", "not such a message"),
        ]:
            with self.subTest(data):
                with self.assertRaisesRegex(paranet.InvalidArgumentError, message):
                    codec.decode(number, data)

    def test_truncated_at_every_byte(self):
        codec, number = self.codec(Report)
        data = codec.encode(number, Report("Oslo", 1.5, 300, inner=Report("x", tags=["a"]), by_name={"a": 1.0}))
        for end in range(len(data)):
            try:
                self.assertIsInstance(codec.decode(number, data[:end]), Report)
            except paranet.InvalidArgumentError:
                pass

    def test_as_protobuf_reads(self):
        codec, number = self.codec(Report)
        # The last of several counts; a message in parts is merged; unknown fields are passed over; packed or not.
        self.assertEqual(codec.decode(number, b"\x0a\x01a\x0a\x01b").city, "b")
        merged = codec.decode(number, b"\x0a\x01x\x6a\x03\x0a\x01a\x6a\x02\x18\x07")
        self.assertEqual((merged.inner.city, merged.inner.count), ("a", 7))
        self.assertEqual(codec.decode(number, b"\xf8\x07\x01\x0a\x01a").city, "a")
        self.assertEqual(codec.decode(number, b"\x48\x01\x48\x02").numbers, [1, 2])
        self.assertEqual(codec.decode(number, b"\x4a\x02\x01\x02").numbers, [1, 2])

    def test_a_required_message_that_is_not_there(self):
        @dataclass
        class Outer:
            report: Report
            mood: Mood

        Outer.__annotations__.update(report=Report, mood=Mood)
        codec, number = self.codec(Outer)
        with self.assertRaisesRegex(paranet.InvalidArgumentError, "report: it is missing"):
            codec.decode(number, b"")

    def test_an_exception_of_a_class_is_the_requests_fault(self):
        codec, number = self.codec(Picky)
        with self.assertRaisesRegex(paranet.InvalidArgumentError, "ValueError: too small"):
            codec.decode(number, b"")


@dataclass
class Picky:
    """Refuses."""

    size: int

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError("too small")


class ErrorTest(unittest.TestCase):

    def test_each_code_is_the_builtin_that_one_expects(self):
        for error, builtin, code in [(paranet.NotFoundError, KeyError, "NOT_FOUND"),
                                     (paranet.DeadlineExceededError, TimeoutError, "DEADLINE_EXCEEDED"),
                                     (paranet.UnavailableError, ConnectionError, "UNAVAILABLE")]:
            self.assertTrue(issubclass(error, builtin))
            self.assertEqual(error.code, code)
            self.assertEqual(str(error("no such city")), "no such city")


if __name__ == "__main__":
    unittest.main()
