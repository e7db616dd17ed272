#include "tests/packages/bad_manifests.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/package/manifest_check.h"
#include "core/package/package_testutil.h"

namespace paranet {

namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

using Files = std::map<std::string, std::string>;

BadPackage Head(std::string name, std::string says, const std::function<void(v1::Manifest&)>& change) {
  return {std::move(name),
          [change] { return WeatherArchive([&](v1::Manifest& manifest, Files& /*files*/) { change(manifest); }); },
          kInvalid, std::move(says)};
}

BadPackage Actor(std::string name, std::string says, const std::function<void(v1::ActorManifest&)>& change) {
  return Head(std::move(name), std::move(says),
              [change](v1::Manifest& manifest) { change(*manifest.mutable_actors(0)); });
}

BadPackage Limit(std::string name, std::string says, const std::function<void(v1::ActorLimits&)>& change) {
  return Actor(std::move(name), std::move(says),
               [change](v1::ActorManifest& actor) { change(*actor.mutable_limits()); });
}

// A package with one more file.
BadPackage File(std::string name, std::string says, const std::string& path) {
  return {std::move(name),
          [path] { return WeatherArchive([&](v1::Manifest& /*manifest*/, Files& files) { files[path] = "x"; }); },
          kInvalid, std::move(says)};
}

// A package whose manifest has these files, in this order.
BadPackage Paths(std::string name, std::string says, const std::vector<std::string>& paths) {
  return {std::move(name),
          [paths] {
            Package package = WeatherPackage();
            for (const std::string& path : paths) {
              v1::PackageFile file = package.manifest.files(0);
              file.set_path(path);
              *package.manifest.add_files() = file;
            }
            package.manifest_bytes = SerializeManifest(package.manifest);
            return Forge::Of(package).Bytes();
          },
          kInvalid, std::move(says)};
}

}  // namespace

std::vector<BadPackage> BadManifests() {
  return {
      File("a path upwards", "\"..\"", "../outside"),
      File("a path to another user's file", "\"..\"", "lib/../../../../etc/cron.d/job"),
      File("an absolute path", "absolute", "/etc/passwd"),
      File("a path with a dot", "\".\"", "./file"),
      File("a path with two slashes", "empty part", "lib//file"),
      File("a path that ends with a slash", "empty part", "lib/sub/"),
      File("an empty path", "is empty", ""),
      File("a path with a null character", "control characters", std::string("a\0b", 3)),
      File("a path with an escape", "control characters", "\x1B[2J"),
      File("a path that is not UTF-8", "not a serialized", "\xFF\xFE"),
      File("a path that is too long", "longer than",
           absl::StrCat(std::string(250, 'a'), "/", std::string(250, 'b'), "/", std::string(250, 'c'))),
      File("a name that is too long", "longer than 255", std::string(256, 'a')),
      File("names that differ in case", "differ in case only", "Lib/Weather.so"),
      File("a file that is also a folder", "also a folder", "lib"),
      File("a file that is a folder in other letters", "also a folder", "LIB"),
      Paths("a file twice", "twice", {"z", "z"}),
      Paths("files out of order", "not in order", {"z", "y"}),
      {"a thousand and one files",
       [] {
         return WeatherArchive([](v1::Manifest& /*manifest*/, Files& files) {
           for (int i = 0; i < kMaxPackageFiles; ++i) files[absl::StrCat("file", i)] = "";
         });
       },
       kInvalid, "1000"},
      {"a manifest that is none",
       [] {
         Package package = WeatherPackage();
         package.manifest_bytes = "\xFF\xFF\xFF";
         return Forge::Of(package).Bytes();
       },
       kInvalid, "not a serialized"},
      {"a manifest of a later release",
       [] {
         Package package = WeatherPackage();
         package.manifest_bytes += "\xFA\x07\x01x";
         return Forge::Of(package).Bytes();
       },
       kInvalid, "does not know"},
      {"a manifest of three megabytes",
       [] {
         Package package = WeatherPackage();
         package.manifest.set_description(std::string(3 << 20, 'd'));
         package.manifest_bytes = SerializeManifest(package.manifest);
         return Forge::Of(package).Bytes();
       },
       kInvalid, "the most is"},
      Head("no id", "package id", [](v1::Manifest& manifest) { manifest.clear_id(); }),
      Head("an id with a slash", "package id", [](v1::Manifest& manifest) { manifest.set_id("a/b"); }),
      Head("an id in capitals", "package id", [](v1::Manifest& manifest) { manifest.set_id("Weather"); }),
      Head("half a version", "1.0", [](v1::Manifest& manifest) { manifest.set_version("1.0"); }),
      Head("a name with a control character", "control", [](v1::Manifest& manifest) { manifest.set_name("a\x07"); }),
      Head("a description without end", "4096",
           [](v1::Manifest& manifest) { manifest.set_description(std::string(5000, 'd')); }),
      Head("no actors", "no actors", [](v1::Manifest& manifest) { manifest.clear_actors(); }),
      Head("65 actors", "the most is 64",
           [](v1::Manifest& manifest) {
             for (int i = 0; i < 64; ++i) {
               *manifest.add_actors() = manifest.actors(0);
               manifest.mutable_actors(i + 1)->set_id(absl::StrCat("a", i));
             }
           }),
      Head("two actors of one name", "two actors have the id",
           [](v1::Manifest& manifest) { *manifest.add_actors() = manifest.actors(0); }),
      Actor("an actor without an id", "actor id", [](v1::ActorManifest& actor) { actor.clear_id(); }),
      Actor("an actor without a version", "version", [](v1::ActorManifest& actor) { actor.clear_version(); }),
      Actor("an actor without code", "one of library, exec and python",
            [](v1::ActorManifest& actor) { actor.clear_code(); }),
      Actor("a library outside of the package", "\"..\"",
            [](v1::ActorManifest& actor) { actor.set_library("../../lib/evil.so"); }),
      Actor("a library that is not there", "not among the package's files",
            [](v1::ActorManifest& actor) { actor.set_library("lib/other.so"); }),
      Actor("a program without arguments or name", "exec is empty",
            [](v1::ActorManifest& actor) { actor.mutable_exec(); }),
      Actor("a program of the machine", "absolute",
            [](v1::ActorManifest& actor) { actor.mutable_exec()->add_command("/bin/sh"); }),
      Actor("a program that is not executable", "not executable",
            [](v1::ActorManifest& actor) { actor.mutable_exec()->add_command("lib/weather.so"); }),
      Actor("a Python module with a path", "not the name of a module",
            [](v1::ActorManifest& actor) { actor.set_python("../main"); }),
      Actor("a Python module that is not there", "main.py", [](v1::ActorManifest& actor) { actor.set_python("main"); }),
      Actor("a Python module that was not built", "no skill sets",
            [](v1::ActorManifest& actor) {
              actor.set_python("main");
              actor.clear_skill_sets();
            }),
      Actor("no skill sets", "no skill sets", [](v1::ActorManifest& actor) { actor.clear_skill_sets(); }),
      Actor("a skill set twice", "named twice",
            [](v1::ActorManifest& actor) { actor.add_skill_sets(actor.skill_sets(0)); }),
      Actor("a skill set that is none", "full name", [](v1::ActorManifest& actor) { actor.set_skill_sets(0, "a/b"); }),
      Actor("descriptors that are not there", "not among the package's files",
            [](v1::ActorManifest& actor) { actor.set_descriptors("other.binpb"); }),
      Actor("no descriptors", "descriptors", [](v1::ActorManifest& actor) { actor.clear_descriptors(); }),
      Actor("an isolation that nobody knows", "does not know",
            [](v1::ActorManifest& actor) { actor.set_isolation(static_cast<v1::ActorManifest::Isolation>(9)); }),
      Actor("a program in the node's process", "for libraries only",
            [](v1::ActorManifest& actor) {
              actor.mutable_exec()->add_command("lib/weather.so");
              actor.set_isolation(v1::ActorManifest::IN_PROCESS);
            }),
      Actor("the network in the node's process", "network is granted to a process",
            [](v1::ActorManifest& actor) {
              actor.set_isolation(v1::ActorManifest::IN_PROCESS);
              actor.set_network(true);
            }),
      Actor("a limit on memory in the node's process", "limit memory_bytes is one of a process",
            [](v1::ActorManifest& actor) {
              actor.set_isolation(v1::ActorManifest::IN_PROCESS);
              actor.mutable_limits()->set_memory_bytes(1 << 30);
            }),
      Actor("a variable with an equals sign", "env name",
            [](v1::ActorManifest& actor) { (*actor.mutable_env())["LD_PRELOAD=x"] = "y"; }),
      Actor("a variable with a null character", "env A",
            [](v1::ActorManifest& actor) { (*actor.mutable_env())["A"] = std::string(1, '\0'); }),
      Actor("a variable of 33 kilobytes", "the most is 32768",
            [](v1::ActorManifest& actor) { (*actor.mutable_env())["A"] = std::string(33 << 10, 'a'); }),
      Limit("a million processes", "limit processes", [](v1::ActorLimits& limits) { limits.set_processes(1'000'000); }),
      Limit("too few files", "limit open_files", [](v1::ActorLimits& limits) { limits.set_open_files(3); }),
      Limit("a start that may take a day", "limit start_timeout_ms",
            [](v1::ActorLimits& limits) { limits.set_start_timeout_ms(86'400'000); }),
      Limit("a share larger than the whole", "limit per_caller",
            [](v1::ActorLimits& limits) {
              limits.set_mailbox(10);
              limits.set_per_caller(11);
            }),
  };
}

}  // namespace paranet
