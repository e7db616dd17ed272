"""package build, sign, verify, inspect, deploy, rollback, pull, undeploy, ls, log; and packages that a node refuses."""

import os
import unittest

from cli_testutil import FAILED, NOT_FOUND, REFUSED, USAGE, CliTest, read, runfile, write


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

    def test_the_rule_of_the_build_makes_the_same_bytes(self):
        self.assertEqual(read(runfile("examples/weather/weather.paranet")), read(self.build("weather")))

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


class VerifyTest(CliTest):
    def roots(self):
        return self.path("tools/roots.pem")

    def test_signed(self):
        file = self.signed("weather")
        verified = self.ok_json("package", "verify", file, "--roots", self.roots())
        self.assertEqual(verified["publisher"], "paranet://acme/publisher/tools")
        self.assertEqual(verified["version"], "1.0.0")

    def test_unsigned(self):
        self.identity("publisher", "tools")
        self.fails(REFUSED, "package", "verify", self.build("weather"), "--roots", self.roots(), says=["sign"])

    def test_of_another_network(self):
        file = self.signed("weather")
        self.identity("node", "stranger", network="other")
        roots = self.path("stranger/roots.pem")
        self.fails(REFUSED, "package", "verify", file, "--roots", roots, says=["tools", "other"])

    def test_altered(self):
        file = self.signed("weather")
        archive = bytearray(read(file))
        archive[len(archive) // 2] ^= 1
        write(file, archive)
        error = self.fails(FAILED, "package", "verify", file, "--roots", self.roots(), says=[file])
        self.assertEqual(error["code"], "DATA_LOSS")

    def test_at_another_time(self):
        file = self.signed("weather")
        at = ("--at", "2090-01-31T12:00:00Z")
        self.fails(REFUSED, "package", "verify", file, "--roots", self.roots(), *at, says=["expired"])
        self.fails(USAGE, "package", "verify", file, "--roots", self.roots(), "--at", "noon", says=["--at"])

    def test_revoked(self):
        file = self.signed("weather")
        self.ok("root", "revoke", "acme", "publisher/tools")
        self.ok("root", "crl", "acme", "--out", self.path("acme.crl"))
        self.ok("package", "verify", file, "--roots", self.roots())
        crl = ("--crl", self.path("acme.crl"))
        self.fails(REFUSED, "package", "verify", file, "--roots", self.roots(), *crl, says=["REVOKED"])


class InspectTest(CliTest):
    def test_inspect(self):
        file = self.build("weather")
        seen = self.ok_json("package", "inspect", file)
        self.assertEqual(seen["claimed_publisher"], "")
        self.assertEqual(seen["bytes"], os.path.getsize(file))
        self.assertEqual(seen["manifest"]["id"], "weather")
        self.assertEqual(seen["manifest"]["actors"][0]["skill_sets"], ["weather.v1.Weather"])
        self.assertEqual(
            [file["path"] for file in seen["manifest"]["files"]], ["libweather.so", "weather.binpb"]
        )
        text = self.ok("package", "inspect", file).out
        for word in ("weather 1.0.0", "(unsigned)", "weather@1.0.0", "library libweather.so", "weather.binpb"):
            self.assertIn(word, text)

    def test_who_signed_is_a_claim(self):
        text = self.ok("package", "inspect", self.signed("weather")).out
        self.assertIn("paranet://acme/publisher/tools (not verified)", text)

    def test_what_is_no_package(self):
        write(self.path("x"), b"hello")
        self.fails(FAILED, "package", "inspect", self.path("x"), says=[self.path("x"), "not a package"])
        self.fails(NOT_FOUND, "package", "inspect", self.path("nothing"), says=["nothing"])


class VersionsTest(CliTest):
    """A node t1 with weather 1.1.0, which had 1.0.0 before."""

    def setUp(self):
        super().setUp()
        self.start_test("t1")
        self.files = {version: self.version(version) for version in ("1.0.0", "1.1.0")}
        for file in self.files.values():
            self.ok("package", "deploy", file, "--node", "t1")

    def version(self, version):
        """An archive of weather in this version."""
        folder = self.package_folder("weather", "weather-" + version)
        manifest = os.path.join(folder, "paranet.yaml")
        write(manifest, read(manifest).replace(b"version: 1.0.0", b"version: " + version.encode()))
        return self.ok_json("package", "build", folder, "--out", self.path(version + ".paranet"))["file"]

    def deployed(self):
        [package] = self.ok_json("package", "ls", "--node", "t1")["packages"]
        return package

    def weather(self):
        self.ok("call", "weather/current", '{"city":"Oslo"}', "--node", "t1")

    def test_ls_shows_actors_and_versions(self):
        package = self.deployed()
        self.assertEqual((package["version"], package["previous"]), ("1.1.0", ["1.0.0"]))
        self.assertGreater(package["size"], 1000)
        [actor] = package["running"]
        self.assertEqual((actor["name"], actor["state"], actor["code"]), ("weather@1.1.0", "running", "library"))
        text = self.ok("package", "ls", "--node", "t1").out
        for word in ("KEPT", "1.0.0", "ACTOR", "weather@1.1.0", "in_process"):
            self.assertIn(word, text)

    def test_rollback_and_forward(self):
        rolled = self.ok("package", "rollback", "weather", "--node", "t1")
        self.assertIn("weather 1.0.0", rolled.out)
        self.assertIn("weather 1.1.0 was taken back", rolled.err)
        self.assertEqual((self.deployed()["version"], self.deployed()["previous"]), ("1.0.0", ["1.1.0"]))
        self.weather()
        self.fails(NOT_FOUND, "package", "rollback", "weather", "--node", "t1", says=["no lower version", "1.1.0"])
        self.ok_json("package", "rollback", "weather", "--version", "1.1.0", "--node", "t1")
        self.assertEqual(self.deployed()["version"], "1.1.0")
        self.weather()
        events = [event["event"] for event in self.ok_json("node", "audit", "t1")["events"]]
        self.assertEqual(events.count("rolled-back"), 2)

    def test_a_lower_version_is_refused_with_the_way_back(self):
        self.fails(FAILED, "package", "deploy", self.files["1.0.0"], "--node", "t1", says=["package rollback"])
        self.assertEqual(self.deployed()["version"], "1.1.0")

    def test_pull(self):
        pulled = self.ok_json("package", "pull", "weather", "--node", "t1", "--out", self.path("pulled"))
        self.assertEqual((pulled["version"], pulled["file"]), ("1.1.0", self.path("pulled")))
        self.assertEqual(read(self.path("pulled")), read(self.files["1.1.0"]))
        self.ok("package", "pull", "weather", "--version", "1.0.0", "--node", "t1")
        self.assertEqual(read(self.path("weather-1.0.0.paranet")), read(self.files["1.0.0"]))
        self.fails(NOT_FOUND, "package", "pull", "wether", "--node", "t1", says=["weather"])
        pull = ("package", "pull", "weather", "--version", "9.0.0", "--node", "t1")
        self.fails(NOT_FOUND, *pull, says=["9.0.0", "1.1.0, 1.0.0"])

    def test_undeploy(self):
        self.assertIn("weather 1.1.0", self.ok("package", "undeploy", "weather", "--node", "t1").out)
        self.assertEqual(self.ok_json("package", "ls", "--node", "t1"), {"packages": []})
        self.fails(NOT_FOUND, "call", "weather/current", '{"city":"Oslo"}', "--node", "t1")
        self.fails(NOT_FOUND, "package", "undeploy", "weather", "--node", "t1", says=["weather"])
        # All of it, also after a restart; and nothing is in the way of a new beginning.
        self.kill("t1")
        self.ok("node", "start", "t1")
        self.assertEqual(self.ok_json("package", "ls", "--node", "t1"), {"packages": []})
        self.ok("package", "deploy", self.files["1.0.0"], "--node", "t1")
        self.weather()

    def test_log(self):
        for actor in ("weather", "weather@1.1.0"):
            log = self.ok_json("package", "log", actor, "--node", "t1")
            self.assertEqual((log["actor"], log["dropped"]), ("weather@1.1.0", 0))
        self.ok("package", "log", "weather", "--lines", "5", "--node", "t1")
        self.fails(NOT_FOUND, "package", "log", "wether", "--node", "t1", says=['"weather"'])

    def test_what_breaks_callers_is_refused(self):
        folder = self.package_folder("weather", "broken")
        manifest = os.path.join(folder, "paranet.yaml")
        write(manifest, read(manifest).replace(b"version: 1.0.0", b"version: 1.2.0"))
        descriptors = os.path.join(folder, "weather.binpb")
        # The field `celsius` is called `degrees` from now on.
        write(descriptors, read(descriptors).replace(b"celsius", b"degrees"))
        file = self.ok_json("package", "build", folder, "--out", self.path("broken.paranet"))["file"]
        says = ["weather.v1.CurrentResponse.celsius", "degrees", "2.0.0"]
        self.fails(FAILED, "package", "deploy", file, "--node", "t1", says=says)
        self.assertEqual(self.deployed()["version"], "1.1.0")


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
