"""package build, sign, deploy, ls; and packages that a node refuses."""

import os
import unittest

from cli_testutil import FAILED, NOT_FOUND, REFUSED, CliTest, read, write


def fields(archive):
    """The length-delimited fields of a PackageArchive (proto/paranet/v1/package.proto): [(number, bytes)]."""
    assert archive[:8] == b"PARANET\x01"
    at, out = 8, []
    while at < len(archive):
        number, at = archive[at] >> 3, at + 1
        size, shift = 0, 0
        while True:
            byte, at = archive[at], at + 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        out.append((number, archive[at : at + size]))
        at += size
    return out


def archive_of(parts):
    out = b"PARANET\x01"
    for number, content in parts:
        size, length = len(content), b""
        while True:
            length += bytes([size & 0x7F | (0x80 if size > 0x7F else 0)])
            size >>= 7
            if size == 0:
                break
        out += bytes([number << 3 | 2]) + length + content
    return out


class BuildTest(CliTest):
    def test_build(self):
        folder = self.package_folder("weather")
        built = self.ok_json("package", "build", folder, "--out", self.path("x.paranet"))
        self.assertEqual((built["id"], built["version"], built["publisher"]), ("weather", "1.0.0", ""))
        self.assertEqual(built["file"], self.path("x.paranet"))
        self.assertTrue(os.path.isfile(self.path("x.paranet")))

    def test_default_name(self):
        self.assertIn("weather-1.0.0.paranet", self.ok("package", "build", self.package_folder("weather")).out)
        self.assertTrue(os.path.isfile(self.path("weather-1.0.0.paranet")))

    def test_into_a_directory(self):
        os.mkdir(self.path("out"))
        self.ok("package", "build", self.package_folder("weather"), "--out", self.path("out"))
        self.assertEqual(os.listdir(self.path("out")), ["weather-1.0.0.paranet"])

    def test_same_folder_makes_the_same_bytes(self):
        first = read(self.build("weather"))
        second = read(self.build("weather", self.package_folder("weather", "copy")))
        self.assertEqual(first, second)

    def test_folder_without_a_manifest(self):
        os.mkdir(self.path("empty"))
        self.fails(NOT_FOUND, "package", "build", self.path("empty"), says=["paranet.yaml"])

    def test_manifest_with_a_wrong_field(self):
        folder = self.package_folder("weather")
        with open(folder + "/paranet.yaml", "a", encoding="utf-8") as file:
            file.write("colour: blue\n")
        self.fails(FAILED, "package", "build", folder, says=["colour", "paranet.yaml"])

    def test_nothing_is_written_where_it_fails(self):
        folder = self.package_folder("weather")
        os.unlink(folder + "/libweather.so")
        self.fails(FAILED, "package", "build", folder, "--out", self.path("x.paranet"), says=["libweather.so"])
        self.assertFalse(os.path.exists(self.path("x.paranet")))


class SignTest(CliTest):
    def test_sign(self):
        file = self.build("weather")
        self.identity("publisher", "tools")
        signed = self.ok_json("package", "sign", file, "--identity", self.path("tools"))
        self.assertEqual(signed["publisher"], "paranet://acme/publisher/tools")
        self.assertEqual(sum(number == 2 for number, _ in fields(read(file))), 1)

    def test_into_another_file(self):
        file = self.build("weather")
        before = read(file)
        self.identity("publisher", "tools")
        self.ok("package", "sign", file, "--identity", self.path("tools"), "--out", self.path("signed"))
        self.assertEqual(read(file), before)
        self.assertNotEqual(read(self.path("signed")), before)

    def test_only_publishers_sign(self):
        file = self.build("weather")
        before = read(file)
        self.identity("node", "alpha")
        self.fails(REFUSED, "package", "sign", file, "--identity", self.path("alpha"), says=["role"])
        self.assertEqual(read(file), before)

    def test_certificate_that_has_expired(self):
        file = self.build("weather")
        self.identity(
            "publisher", "late", "--not-before", "2020-01-01T00:00:00Z", "--not-after", "2020-01-02T00:00:00Z"
        )
        self.fails(REFUSED, "package", "sign", file, "--identity", self.path("late"), says=["EXPIRED"])

    def test_what_is_no_package(self):
        self.identity("publisher", "tools")
        write(self.path("x"), b"hello")
        self.fails(FAILED, "package", "sign", self.path("x"), "--identity", self.path("tools"), says=[self.path("x")])
        self.assertEqual(read(self.path("x")), b"hello")


class DeployTest(CliTest):
    def test_unsigned_on_a_test_node(self):
        self.start_test("t1")
        file = self.build("weather")
        deployed = self.ok("package", "deploy", file, "--node", "t1")
        self.assertIn("weather 1.0.0", deployed.out)
        self.assertIn("unsigned", deployed.err)
        [package] = self.ok_json("package", "ls", "--node", "t1")["packages"]
        self.assertEqual((package["id"], package["state"], package["publisher"]), ("weather", "running", ""))
        self.assertIn("weather", self.ok("package", "ls", "--node", "t1").out)

    def test_no_packages(self):
        self.start_test("t1")
        self.assertEqual(self.ok("package", "ls", "--node", "t1").out, "no packages on t1\n")

    def test_signed_on_a_standard_node(self):
        self.start_standard("alpha")
        deployed = self.deploy("weather", "alpha", signed=True)
        self.assertEqual(deployed["package"]["publisher"], "paranet://acme/publisher/tools")

    def test_packages_are_there_after_a_restart(self):
        self.start_test("t1")
        self.deploy("weather", "t1")
        self.kill("t1")
        self.ok("node", "start", "t1")
        self.assertIn("Oslo", self.ok("call", "weather/current", '{"city":"Oslo"}', "--node", "t1").out)


class RefusedPackageTest(CliTest):
    def setUp(self):
        super().setUp()
        self.start_standard("alpha")

    def refuses(self, code, file, says):
        error = self.fails(code, "package", "deploy", file, "--node", "alpha", says=says)
        self.assertEqual(self.ok_json("package", "ls", "--node", "alpha"), {"packages": []})
        return error

    def test_unsigned(self):
        self.refuses(REFUSED, self.build("weather"), ["sign"])

    def test_truncated(self):
        archive = read(self.signed("weather"))
        write(self.path("x"), archive[: len(archive) // 2])
        self.assertEqual(self.refuses(FAILED, self.path("x"), [])["code"], "DATA_LOSS")

    def test_altered_content(self):
        archive = bytearray(read(self.signed("weather")))
        archive[len(archive) // 2] ^= 1
        write(self.path("x"), archive)
        self.refuses(FAILED, self.path("x"), [])

    def test_altered_manifest(self):
        signature = [part for part in fields(read(self.signed("weather"))) if part[0] == 2]
        folder = self.package_folder("weather", "other")
        with open(folder + "/more.txt", "w", encoding="utf-8") as file:
            file.write("more")
        parts = [part for part in fields(read(self.build("weather", folder))) if part[0] != 2]
        write(self.path("x"), archive_of([parts[0], *signature, *parts[1:]]))
        self.refuses(REFUSED, self.path("x"), ["signed"])

    def test_signed_in_another_network(self):
        file = self.build("weather")
        self.identity("publisher", "stranger", network="other")
        self.ok("package", "sign", file, "--identity", self.path("stranger"))
        self.refuses(REFUSED, file, [])

    def test_no_package_at_all(self):
        write(self.path("x"), b"hello")
        self.refuses(FAILED, self.path("x"), [])

    def test_no_file(self):
        self.refuses(NOT_FOUND, self.path("nothing"), ["nothing"])


class SameVersionTest(CliTest):
    def other_content(self):
        folder = self.package_folder("weather", "other")
        with open(folder + "/more.txt", "w", encoding="utf-8") as file:
            file.write("more")
        return folder

    def test_other_content_needs_another_version(self):
        self.start_standard("alpha")
        self.deploy("weather", "alpha", signed=True)
        [before] = self.ok_json("package", "ls", "--node", "alpha")["packages"]
        file = self.build("weather", self.other_content())
        self.ok("package", "sign", file, "--identity", self.path("tools"))
        self.fails(FAILED, "package", "deploy", file, "--node", "alpha", says=["1.0.0", "version"])
        self.assertEqual(self.ok_json("package", "ls", "--node", "alpha")["packages"], [before])

    def test_the_same_again_changes_nothing(self):
        self.start_standard("alpha")
        file = self.signed("weather")
        first = self.ok_json("package", "deploy", file, "--node", "alpha")["package"]
        again = self.ok_json("package", "deploy", file, "--node", "alpha")["package"]
        self.assertEqual(first["digest"], again["digest"])
        self.assertEqual(len(self.ok_json("package", "ls", "--node", "alpha")["packages"]), 1)


if __name__ == "__main__":
    unittest.main()
