"""`import paranet`: a Test Node in this process, and its skills."""

import doctest
import gc
import os
import sys
import tempfile
import threading
import unittest

import paranet


class NodeTest(unittest.TestCase):

    def setUp(self):
        self.node = paranet.Node("snake")
        self.addCleanup(self.node.stop)
        self.node.deploy(paranet.example_package())

    def test_lists_skills(self):
        self.assertEqual(self.node.skills(), ["weather/current", "weather/watch"])

    def test_calls_a_unary_skill(self):
        self.assertEqual(self.node.call("weather/current", city="Oslo")["city"], "Oslo")

    def test_calls_a_streaming_skill(self):
        answers = self.node.stream("weather/watch", [{"city": "Oslo", "count": 3}])
        self.assertEqual(len(answers), 3)

    def test_a_stream_is_no_single_answer(self):
        with self.assertRaisesRegex(paranet.InvalidArgumentError, "stream()"):
            self.node.call("weather/watch", city="Oslo", count=2)

    def test_describes_a_skill(self):
        skill = self.node.skill("weather/current")
        self.assertEqual(skill["skill"]["path"], "/weather.v1.Weather/Current")
        self.assertIn("city", skill["request_schema"])

    def test_status_and_repr(self):
        status = self.node.status()
        self.assertEqual((status["name"], status["kind"]), ("snake", "TEST"))
        self.assertRegex(status["address"], r"^127\.0\.0\.1:\d+$")
        self.assertIn(status["address"], repr(self.node))

    def test_packages(self):
        self.assertEqual([(p["id"], p["state"]) for p in self.node.packages()], [("weather", "RUNNING")])

    def test_an_unknown_skill_is_a_key_error_with_the_nearest_names(self):
        with self.assertRaisesRegex(KeyError, "weather/current") as raised:
            self.node.call("weather/curent", city="Oslo")
        self.assertIsInstance(raised.exception, paranet.NotFoundError)
        self.assertEqual(raised.exception.code, "NOT_FOUND")

    def test_an_unknown_field_is_a_value_error_that_names_it(self):
        with self.assertRaisesRegex(ValueError, "cty"):
            self.node.call("weather/current", cty="Oslo")

    def test_an_error_of_the_actor_arrives(self):
        with self.assertRaises(paranet.NotFoundError):
            self.node.call("weather/current", city="Atlantis")

    def test_a_damaged_package_is_refused_and_changes_nothing(self):
        with self.assertRaises(paranet.Error):
            self.node.deploy(paranet.example_package()[:-1])
        self.assertEqual(len(self.node.packages()), 1)

    def test_calls_from_many_threads(self):
        answers = []
        threads = [
            threading.Thread(target=lambda: answers.append(self.node.call("weather/current", city="Oslo")["city"]))
            for _ in range(16)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(answers, ["Oslo"] * 16)


class ActorTest(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(dir="/tmp")
        self.addCleanup(self.folder.cleanup)
        self.write("paranet.yaml", "id: hello\nname: Hello\nversion: 1.0.0\n"
                   "actors:\n  - id: hello\n    version: 1.0.0\n    python: hello\n")

    def write(self, name, text):
        with open(os.path.join(self.folder.name, name), "w", encoding="utf-8") as file:
            file.write(text)

    def test_a_python_actor_in_a_process_of_its_own(self):
        self.write("hello.py", "import os\nfrom typing import Iterator\nfrom paranet import skill\n"
                   "@skill('hello/pid')\ndef pid() -> int: return os.getpid()\n"
                   "@skill('hello/count')\ndef count(n: int) -> Iterator[int]: yield from range(n)\n")
        with paranet.Node() as node:
            node.deploy(paranet.build_package(self.folder.name))
            self.assertNotEqual(int(node.call("hello/pid")["value"]), os.getpid())
            self.assertEqual([int(answer["value"]) for answer in node.stream("hello/count", [{"n": 3}])], [0, 1, 2])

    def test_a_module_that_cannot_be_imported(self):
        self.write("hello.py", "def f(:\n")
        with self.assertRaisesRegex(paranet.InvalidArgumentError, "SyntaxError"):
            paranet.build_package(self.folder.name)


class LifeTest(unittest.TestCase):

    def test_bad_name(self):
        with self.assertRaisesRegex(ValueError, "Bad Name"):
            paranet.Node("Bad Name")

    def test_state_stays_in_a_data_dir(self):
        with tempfile.TemporaryDirectory(dir="/tmp") as top:
            data_dir = os.path.join(top, "n")
            with paranet.Node("n", data_dir) as node:
                node.deploy(paranet.example_package())
            with paranet.Node("n", data_dir) as node:
                self.assertIn("weather/current", node.skills())

    def test_a_data_dir_in_use_is_refused(self):
        with tempfile.TemporaryDirectory(dir="/tmp") as top:
            with paranet.Node("n", os.path.join(top, "n")):
                with self.assertRaisesRegex(paranet.FailedPreconditionError, str(os.getpid())):
                    paranet.Node("n", os.path.join(top, "n"))

    def test_stop_twice_and_use_after_stop(self):
        node = paranet.Node()
        node.stop()
        node.stop()
        with self.assertRaises(paranet.Error):
            node.call("weather/current", city="Oslo")

    def test_nodes_come_and_go(self):
        for _ in range(3):
            node = paranet.Node()
            del node
            gc.collect()

    def test_the_modules_example_works(self):
        failures, tests = doctest.testmod(paranet)
        self.assertEqual(failures, 0)
        self.assertGreater(tests, 0)

    def test_only_the_init_function_is_exported(self):
        # Symbols of our BoringSSL must not meet those of the interpreter's OpenSSL.
        import ssl
        self.assertIn("OpenSSL", ssl.OPENSSL_VERSION)
        self.assertIn("paranet._native", sys.modules)


if __name__ == "__main__":
    unittest.main()
