"""`paranet package init`, `build`, `deploy` and `call` in a clean directory, in each language."""

import json
import os
import shutil
import subprocess
import unittest

from tools.cli_testutil import FAILED, LIMIT, USAGE, CliTest, read


class InitTest(CliTest):
    def works(self, language, name="hello"):
        """The show of a new package, by one shell as a person would type it."""
        self.start_test("t1")
        shell = (
            f"paranet package init --lang {language} {name} && paranet package build {name} && "
            f"paranet package deploy {name}-*.paranet --node t1 && "
            f"paranet call {name}/greet '{{\"name\":\"Ada\"}}' --node t1 --output json"
        )
        done = subprocess.run(
            ["sh", "-c", shell],
            cwd=self.dir,
            env=self.env(PATH=os.path.dirname(self.binary) + ":" + os.environ["PATH"]),
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(json.loads(done.stdout.splitlines()[-1])["greeting"], "Hello, Ada!")
        stream = self.ok("call", f"{name}/repeat", '{"name":"Ada","count":3}', "--node", "t1", "--output", "json")
        self.assertEqual([line["greeting"] for line in stream.lines()], ["Hello, Ada!"] * 3)
        error = self.fails(FAILED, "call", f"{name}/greet", "{}", "--node", "t1", says=["name"])
        self.assertEqual(error["code"], "INVALID_ARGUMENT")

    def test_cpp(self):
        self.works("cpp")

    def test_python(self):
        self.works("python")

    def test_exec(self):
        self.works("exec")

    def test_a_name_with_a_hyphen(self):
        self.works("cpp", "hello-world2")

    def test_two_folders_make_the_same_bytes(self):
        for language in ("cpp", "exec", "python"):
            archives = []
            for folder in ("one", "another/two"):
                self.ok("package", "init", "--lang", language, "hello")
                os.makedirs(self.path(folder))
                shutil.move(self.path("hello"), self.path(folder))
                self.ok("package", "build", folder + "/hello")
                archives.append(read(self.path("hello-1.0.0.paranet")))
                shutil.rmtree(self.path(folder))
            self.assertEqual(archives[0], archives[1], language)

    def test_it_says_what_it_made(self):
        made = self.ok_json("package", "init", "hello")
        self.assertEqual(made["language"], "cpp")
        self.assertIn("hello_actor.cc", made["files"])
        for file in made["files"]:
            text = read(self.path(os.path.join(made["folder"], file))).decode()
            for placeholder in ("@name@", "@Name@", "@proto@"):
                self.assertNotIn(placeholder, text, file)

    def test_what_is_there_stays(self):
        os.mkdir(self.path("hello"))
        self.fails(FAILED, "package", "init", "hello", says=["hello"])
        self.assertEqual(os.listdir(self.path("hello")), [])

    def test_names_and_languages_that_are_none(self):
        self.fails(USAGE, "package", "init", "Hello", says=["Hello"])
        self.fails(USAGE, "package", "init", "../x", says=["package id"])
        self.fails(USAGE, "package", "init", "2x", says=["letter"])
        self.fails(USAGE, "package", "init", "hello", "--lang", "pyton", says=['Did you mean "python"'])
        self.assertFalse(os.path.exists(self.path("hello")))

    def test_without_a_compiler_it_says_so(self):
        self.ok("package", "init", "hello")
        result = self.run_cli("package", "build", "hello", CXX="no-such-compiler")
        self.assertEqual(result.code, FAILED, result)
        self.assertIn("not installed", result.err)
        self.assertIn("README.md", result.err)
        self.assertFalse(os.path.exists(self.path("hello-1.0.0.paranet")))

    def test_an_error_of_the_compiler_is_shown(self):
        self.ok("package", "init", "hello")
        with open(self.path("hello/hello_actor.cc"), "a", encoding="utf-8") as file:
            file.write("no code at all;\n")
        result = self.run_cli("package", "build", "hello", "--output", "json")
        self.assertEqual(result.code, FAILED, result)
        self.assertIn("hello_actor.cc:", result.err)
        self.assertIn("exit code 1", result.json()["error"]["message"])

    def test_an_error_in_the_proto_has_its_place(self):
        self.ok("package", "init", "hello")
        with open(self.path("hello/hello.proto"), "a", encoding="utf-8") as file:
            file.write("message Broken { strin name = 1; }\n")
        result = self.run_cli("package", "build", "hello")
        self.assertEqual(result.code, FAILED, result)
        self.assertRegex(result.err, r"hello\.proto:\d+:\d+: ")

    def test_without_its_commands_it_is_what_is_there(self):
        self.ok("package", "init", "hello")
        self.fails(FAILED, "package", "build", "--no-build", "hello", says=["hello.binpb"])


if __name__ == "__main__":
    unittest.main()
