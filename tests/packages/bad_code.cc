#include "tests/packages/bad_code.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/package/package_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "gtest/gtest.h"

namespace paranet {

namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

using Files = std::map<std::string, std::string>;

std::string Library(const std::string& name) {
  const absl::StatusOr<std::string> library = ReadFile(absl::StrCat("tests/packages/lib", name, ".so"));
  EXPECT_TRUE(library.ok()) << library.status();
  return library.value_or("");
}

// The example's package in version 2.0.0, changed.
BadPackage Changed(const Files& weather, std::string name, absl::StatusCode code, std::string says,
                   const std::function<void(v1::Manifest&, Files&)>& change) {
  return {std::move(name),
          [weather, change] {
            v1::Manifest manifest = WeatherManifest();
            manifest.set_version("2.0.0");
            manifest.mutable_actors(0)->set_version("2.0.0");
            Files files = weather;
            change(manifest, files);
            return ArchiveOf(manifest, files);
          },
          code, std::move(says)};
}

// A library in the place of the example's, in a process of its own if it ends the one that it is in.
BadPackage Loaded(const Files& weather, std::string name, std::string says, const std::string& library, bool process) {
  return Changed(weather, std::move(name), kInvalid, std::move(says),
                 [library, process](v1::Manifest& manifest, Files& files) {
                   files["lib/weather.so"] = Library(library);
                   v1::ActorManifest& actor = *manifest.mutable_actors(0);
                   actor.set_isolation(process ? v1::ActorManifest::PROCESS : v1::ActorManifest::IN_PROCESS);
                   if (process) actor.mutable_limits()->set_start_timeout_ms(1'000);
                 });
}

// With these descriptors.
BadPackage Described(const Files& weather, std::string name, absl::StatusCode code, std::string says,
                     const std::string& descriptors) {
  return Changed(weather, std::move(name), code, std::move(says),
                 [descriptors](v1::Manifest& /*manifest*/, Files& files) { files["weather.binpb"] = descriptors; });
}

// What the example's descriptors say, but for `methods`.
std::string Descriptors(absl::string_view version, absl::string_view methods) {
  return CompileProto(absl::StrCat(
      "syntax = \"proto3\"; package weather.v1; import \"paranet/v1/options.proto\"; message M { string city = 1; } ",
      "service Weather { option (paranet.v1.skill_set) = {version: \"", version, "\"}; ", methods, " }"));
}

// A program that does `script` in the shell.
BadPackage Program(const Files& weather, std::string name, std::string says, const std::string& script) {
  return {std::move(name),
          [weather, script] {
            v1::Manifest manifest = WeatherManifest();
            manifest.set_version("2.0.0");
            v1::ActorManifest& actor = *manifest.mutable_actors(0);
            actor.set_version("2.0.0");
            actor.mutable_exec()->add_command("program");
            actor.mutable_limits()->set_start_timeout_ms(1'000);
            Files files = weather;
            files["program"] = script;
            return Forge::Of(MakePackage(manifest, files, {"program"})).Bytes();
          },
          kInvalid, std::move(says)};
}

}  // namespace

std::vector<BadPackage> BadCode(const Files& weather) {
  constexpr auto kPrecondition = absl::StatusCode::kFailedPrecondition;
  constexpr auto kExists = absl::StatusCode::kAlreadyExists;
  const std::string one = "rpc Current(M) returns (M);";
  return {
      Changed(weather, "a lower version", kPrecondition, "paranet package rollback",
              [](v1::Manifest& manifest, Files& /*files*/) { manifest.set_version("1.4.9"); }),
      Changed(weather, "the same version before its release", kPrecondition, "which is higher",
              [](v1::Manifest& manifest, Files& /*files*/) { manifest.set_version("1.5.0-rc.1"); }),
      Changed(weather, "an actor of another package", kExists, "runs already",
              [](v1::Manifest& manifest, Files& /*files*/) {
                manifest.set_id("climate");
                manifest.mutable_actors(0)->set_version("1.5.0");
              }),
      Described(weather, "descriptors that are none", kInvalid, "weather.binpb", "no descriptors"),
      Described(weather, "empty descriptors", kInvalid, "weather.binpb", ""),
      Described(weather, "descriptors without the service", kInvalid, "weather.v1.Weather",
                DescriptorsOf("weather.v1.Station")),
      Described(weather, "descriptors of another package", kInvalid, "weather.v1.Weather",
                DescriptorsOf("climate.v1.Weather")),
      Described(weather, "descriptors of more than the library serves", kInvalid, "does not serve",
                Descriptors("2.0.0", one + "rpc Watch(M) returns (stream M); rpc Forecast(M) returns (M);")),
      Described(weather, "descriptors of less than the library serves", kInvalid, "in no skill set",
                Descriptors("2.0.0", one)),
      Described(weather, "descriptors of other shapes", kInvalid, "same .proto",
                Descriptors("2.0.0", one + "rpc Watch(M) returns (M);")),
      Described(weather, "descriptors that break the skill set", kPrecondition, "was removed",
                Descriptors("1.1.0", one)),
      Described(weather, "a version of a skill set that is none", kInvalid, "version", Descriptors("new", one)),
      Changed(weather, "a library that is empty", kInvalid, "does not load",
              [](v1::Manifest& /*manifest*/, Files& files) { files["lib/weather.so"] = ""; }),
      Changed(weather, "a library that is a text", kInvalid, "does not load",
              [](v1::Manifest& /*manifest*/, Files& files) { files["lib/weather.so"] = "hello"; }),
      Changed(weather, "half a library", kInvalid, "truncated",
              [](v1::Manifest& /*manifest*/, Files& files) {
                std::string& library = files["lib/weather.so"];
                library.resize(library.size() / 2);
              }),
      Changed(weather, "half a library, in a process", kInvalid, "truncated",
              [](v1::Manifest& manifest, Files& files) {
                std::string& library = files["lib/weather.so"];
                library.resize(library.size() / 2);
                manifest.mutable_actors(0)->set_isolation(v1::ActorManifest::PROCESS);
              }),
      Loaded(weather, "a library without the symbol", "has no symbol paranet_actor_module", "no_symbol", false),
      Loaded(weather, "a library for another ABI version", "version", "wrong_version", false),
      Loaded(weather, "a library for no ABI version", "cannot work with", "no_module", false),
      Loaded(weather, "a library that does not start", "not today", "fails", false),
      Loaded(weather, "a library that throws where it starts", "threw an exception", "throws", false),
      Loaded(weather, "a library that throws, in a process", "actor weather", "throws", true),
      Loaded(weather, "a library that throws while it is loaded", "actor weather", "load_throws", true),
      Loaded(weather, "a library that aborts", "actor weather", "aborts", true),
      Loaded(weather, "a library that aborts while it is loaded", "actor weather", "load_aborts", true),
      Loaded(weather, "a library that exits", "actor weather", "exits", true),
      Loaded(weather, "a library that exits while it is loaded", "actor weather", "load_exits", true),
      Loaded(weather, "a library that never starts", "actor weather", "hangs", true),
      Loaded(weather, "a library that never ends its constructor", "actor weather", "load_sleeps", true),
      Loaded(weather, "a library without the symbol, in a process", "has no symbol", "no_symbol", true),
      Program(weather, "a program that ends at once", "actor weather", "#!/bin/sh\nexit 3\n"),
      Program(weather, "a program that never opens its socket", "actor weather", "#!/bin/sh\nexec sleep 1000\n"),
      Program(weather, "a program that is none", "actor weather", "no program"),
  };
}

}  // namespace paranet
