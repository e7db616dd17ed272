"""replay_main: what it runs, what it prints, and when it fails."""

import os
import pathlib
import subprocess
import tempfile
import unittest

PROBE = pathlib.Path("tests/fuzz/replay_probe").resolve()


class ReplayMainTest(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory(dir=os.environ["TEST_TMPDIR"])
        self.addCleanup(self._folder.cleanup)
        self.folder = pathlib.Path(self._folder.name)

    def write(self, name, contents):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents)
        return path

    def replay(self, *arguments):
        return subprocess.run([PROBE, *arguments], capture_output=True, text=True, check=False)

    def test_each_named_file_is_one_input(self):
        done = self.replay(self.write("a", b"\x01\x02"), self.write("b", b""))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(
            done.stdout.splitlines(),
            ["target got 2 bytes, sum 3", "target got 0 bytes, sum 0", "2 inputs replayed"],
        )

    def test_a_folder_stands_for_every_file_below_it_in_order(self):
        self.write("corpus/b", b"\x02")
        self.write("corpus/a/deep", b"\x01")
        done = self.replay(self.folder / "corpus")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(
            done.stdout.splitlines(),
            ["target got 1 bytes, sum 1", "target got 1 bytes, sum 2", "2 inputs replayed"],
        )

    def test_the_input_is_named_before_it_runs(self):
        path = self.write("culprit", b"x")
        self.assertIn(f"input {path}, 1 bytes", self.replay(path).stderr)

    def test_no_argument_fails(self):
        done = self.replay()
        self.assertEqual(done.returncode, 1)
        self.assertIn("no input", done.stderr)

    def test_an_empty_folder_fails(self):
        done = self.replay(self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("0 inputs replayed", done.stdout)

    def test_a_missing_file_fails_and_is_named(self):
        done = self.replay(self.folder / "nowhere")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"cannot read the input {self.folder / 'nowhere'}", done.stderr)


if __name__ == "__main__":
    unittest.main()
