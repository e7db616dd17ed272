#include "core/package/manifest_yaml.h"

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/nearest.h"
#include "core/base/status.h"
#include "core/package/manifest_check.h"
#include "core/package/yaml_tree.h"
#include "core/skill/skill_id.h"

namespace paranet {

namespace {

using Kind = YamlNode::Kind;

// A key of a map and what takes its value.
struct Field {
  absl::string_view key;
  bool required = false;
  std::function<absl::Status(const YamlNode&)> read;
};

std::string Quoted(absl::string_view text) { return absl::StrCat("\"", absl::Utf8SafeCEscape(text), "\""); }

class Reader {
 public:
  explicit Reader(absl::string_view file) : file_(file) {}

  absl::StatusOr<v1::Manifest> ReadManifest(const YamlNode& root) {
    v1::Manifest manifest;
    PARANET_RETURN_IF_ERROR(
        ReadMap(root, "the package",
                {
                    {"id", true, Text(manifest.mutable_id(), [](auto id) { return CheckName(id, "package id"); })},
                    {"version", true, Text(manifest.mutable_version(), CheckVersion)},
                    {"name", false, Text(manifest.mutable_name(), [](auto text) { return CheckText(text, "name"); })},
                    {"description", false,
                     Text(manifest.mutable_description(), [](auto text) { return CheckText(text, "description"); })},
                    // For who builds; what is built does not have it.
                    {"build", false,
                     [&](const YamlNode& node) {
                       return ReadList(node, "build", [&](const YamlNode& item) {
                         std::string command;
                         return ReadText(item, "a command", &command);
                       });
                     }},
                    {"actors", true,
                     [&](const YamlNode& node) {
                       return ReadList(node, "actors",
                                       [&](const YamlNode& item) { return ReadActor(item, *manifest.add_actors()); });
                     }},
                }));
    PARANET_RETURN_IF_ERROR(At(root, CheckManifestHead(manifest)));
    return manifest;
  }

 private:
  using Check = std::function<absl::Status(absl::string_view)>;

  static absl::Status CheckVersion(absl::string_view text) { return Version::Parse(text).status(); }

  absl::Status Error(const YamlNode& node, absl::string_view message) const { return YamlError(file_, node, message); }

  // `status` with the position of what it is about.
  absl::Status At(const YamlNode& node, const absl::Status& status) const {
    return status.ok() ? status : Error(node, status.message());
  }

  absl::Status ReadMap(const YamlNode& node, absl::string_view what, const std::vector<Field>& fields) const {
    if (node.kind != Kind::kMap) return Error(node, absl::StrCat(what, " must be a map of keys to values"));
    std::vector<std::string> keys;
    for (const Field& field : fields) keys.emplace_back(field.key);
    for (const auto& [key, value] : node.entries) {
      const Field* known = nullptr;
      for (const Field& field : fields) {
        if (field.key == key.text) known = &field;
      }
      if (known == nullptr) {
        const std::string hint = DidYouMean(key.text, keys);
        return Error(key,
                     absl::StrCat("key ", Quoted(key.text), " is unknown in ", what, ".",
                                  hint.empty() ? absl::StrCat(" Known are ", absl::StrJoin(keys, ", "), ".") : hint));
      }
      PARANET_RETURN_IF_ERROR(known->read(value));
    }
    for (const Field& field : fields) {
      if (field.required && !HasKey(node, field.key)) return Missing(node, field.key, what);
    }
    return absl::OkStatus();
  }

  absl::Status Missing(const YamlNode& node, absl::string_view key, absl::string_view what) const {
    return Error(node, absl::StrCat("key ", Quoted(key), " is missing in ", what));
  }

  static bool HasKey(const YamlNode& map, absl::string_view key) {
    for (const auto& [known, unused] : map.entries) {
      if (known.text == key) return true;
    }
    return false;
  }

  absl::Status ReadText(const YamlNode& node, absl::string_view what, std::string* to) const {
    if (node.kind == Kind::kNull) return Error(node, absl::StrCat(what, " has no value; give it one or leave it out"));
    if (node.kind != Kind::kText) return Error(node, absl::StrCat(what, " must be text"));
    *to = node.text;
    return absl::OkStatus();
  }

  std::function<absl::Status(const YamlNode&)> Text(std::string* to, Check check) const {
    return [this, to, check = std::move(check)](const YamlNode& node) {
      PARANET_RETURN_IF_ERROR(ReadText(node, "this key", to));
      return At(node, check(*to));
    };
  }

  // One item at least.
  absl::Status ReadList(const YamlNode& node, absl::string_view what,
                        const std::function<absl::Status(const YamlNode&)>& read) const {
    if (node.kind != Kind::kList) return Error(node, absl::StrCat(what, " must be a list"));
    if (node.items.empty()) return Error(node, absl::StrCat(what, " must not be empty"));
    for (const YamlNode& item : node.items) PARANET_RETURN_IF_ERROR(read(item));
    return absl::OkStatus();
  }

  template <typename Number>
  std::function<absl::Status(const YamlNode&)> Limit(void (v1::ActorLimits::*set)(Number),
                                                     v1::ActorLimits* limits) const {
    return [this, set, limits](const YamlNode& node) {
      Number value = 0;
      // SimpleAtoi alone would take signs and spaces.
      bool digits = node.kind == Kind::kText && !node.text.empty();
      for (const char c : node.text) digits = digits && absl::ascii_isdigit(static_cast<unsigned char>(c));
      if (!digits || !absl::SimpleAtoi(node.text, &value)) {
        return Error(node, absl::StrCat("a limit must be a whole number from 0 (the node's default) to ",
                                        std::numeric_limits<Number>::max()));
      }
      (limits->*set)(value);
      return absl::OkStatus();
    };
  }

  // One of the words.
  template <typename Enum>
  std::function<absl::Status(const YamlNode&)> Word(std::vector<std::pair<std::string, Enum>> words,
                                                    std::function<void(Enum)> set) const {
    return [this, words = std::move(words), set = std::move(set)](const YamlNode& node) {
      std::string text;
      PARANET_RETURN_IF_ERROR(ReadText(node, "this key", &text));
      std::vector<std::string> names;
      for (const auto& [name, value] : words) {
        names.push_back(name);
        if (name != text) continue;
        set(value);
        return absl::OkStatus();
      }
      return Error(node, absl::StrCat(Quoted(text), " is not one of ", absl::StrJoin(names, ", "), ".",
                                      DidYouMean(text, names)));
    };
  }

  // `read`, unless the actor has code already.
  std::function<absl::Status(const YamlNode&)> Code(const v1::ActorManifest& actor,
                                                    std::function<absl::Status(const YamlNode&)> read) const {
    return [this, &actor, read = std::move(read)](const YamlNode& node) {
      if (actor.code_case() != v1::ActorManifest::CODE_NOT_SET) {
        return Error(node, "an actor has one of library, exec and python, not several");
      }
      return read(node);
    };
  }

  absl::Status ReadActor(const YamlNode& node, v1::ActorManifest& actor) {
    PARANET_RETURN_IF_ERROR(ReadMap(
        node, "an actor",
        {
            {"id", true, [&](const YamlNode& value) { return ReadActorId(value, actor); }},
            {"version", true, Text(actor.mutable_version(), CheckVersion)},
            {"library", false,
             Code(actor,
                  [&](const YamlNode& value) { return Text(actor.mutable_library(), CheckPackagePath)(value); })},
            {"exec", false, Code(actor, [&](const YamlNode& value) { return ReadExec(value, actor); })},
            {"python", false,
             Code(actor,
                  [&](const YamlNode& value) { return Text(actor.mutable_python(), CheckPythonModule)(value); })},
            {"skillsets", false,
             [&](const YamlNode& value) {
               return ReadList(value, "skillsets", [&](const YamlNode& item) {
                 return Text(actor.add_skill_sets(), CheckServiceName)(item);
               });
             }},
            {"descriptors", false, Text(actor.mutable_descriptors(), CheckPackagePath)},
            {"isolation", false,
             Word<v1::ActorManifest::Isolation>(
                 {{"in_process", v1::ActorManifest::IN_PROCESS}, {"process", v1::ActorManifest::PROCESS}},
                 [&](v1::ActorManifest::Isolation isolation) { actor.set_isolation(isolation); })},
            {"concurrency", false,
             Word<v1::ActorManifest::Concurrency>(
                 {{"one_at_a_time", v1::ActorManifest::ONE_AT_A_TIME}, {"concurrent", v1::ActorManifest::CONCURRENT}},
                 [&](v1::ActorManifest::Concurrency concurrency) { actor.set_concurrency(concurrency); })},
            {"env", false, [&](const YamlNode& value) { return ReadEnvironment(value, actor); }},
            {"network", false,
             Word<bool>({{"true", true}, {"false", false}}, [&](bool network) { actor.set_network(network); })},
            {"limits", false, [&](const YamlNode& value) { return ReadLimits(value, *actor.mutable_limits()); }},
        }));
    // A Python actor's code says them, and `package build` asks it.
    for (const absl::string_view key : {"skillsets", "descriptors"}) {
      if (!actor.has_python() && !HasKey(node, key)) return Missing(node, key, "an actor");
    }
    return At(node, CheckActor(actor));
  }

  absl::Status ReadActorId(const YamlNode& node, v1::ActorManifest& actor) {
    PARANET_RETURN_IF_ERROR(Text(actor.mutable_id(), [](auto id) { return CheckName(id, "actor id"); })(node));
    const auto [first, is_new] = actor_lines_.try_emplace(actor.id(), node.line);
    if (is_new) return absl::OkStatus();
    return Error(node, absl::StrCat("two actors have the id ", Quoted(actor.id()), ", this one and that in line ",
                                    first->second, "; rename one"));
  }

  absl::Status ReadExec(const YamlNode& node, v1::ActorManifest& actor) const {
    v1::ExecCode& exec = *actor.mutable_exec();
    return ReadList(node, "exec", [&](const YamlNode& item) {
      std::string argument;
      PARANET_RETURN_IF_ERROR(ReadText(item, "an argument", &argument));
      exec.add_command(std::move(argument));
      return exec.command_size() == 1 ? At(item, CheckPackagePath(exec.command(0))) : absl::OkStatus();
    });
  }

  absl::Status ReadEnvironment(const YamlNode& node, v1::ActorManifest& actor) const {
    if (node.kind != Kind::kMap) return Error(node, "env must be a map of names to values");
    for (const auto& [name, value] : node.entries) {
      PARANET_RETURN_IF_ERROR(At(name, CheckEnvironmentName(name.text)));
      PARANET_RETURN_IF_ERROR(ReadText(value, name.text, &(*actor.mutable_env())[name.text]));
    }
    return absl::OkStatus();
  }

  absl::Status ReadLimits(const YamlNode& node, v1::ActorLimits& limits) const {
    return ReadMap(node, "limits",
                   {
                       {"mailbox", false, Limit(&v1::ActorLimits::set_mailbox, &limits)},
                       {"streams", false, Limit(&v1::ActorLimits::set_streams, &limits)},
                       {"memory_bytes", false, Limit(&v1::ActorLimits::set_memory_bytes, &limits)},
                       {"processors_milli", false, Limit(&v1::ActorLimits::set_processors_milli, &limits)},
                       {"open_files", false, Limit(&v1::ActorLimits::set_open_files, &limits)},
                       {"processes", false, Limit(&v1::ActorLimits::set_processes, &limits)},
                       {"cpu_seconds", false, Limit(&v1::ActorLimits::set_cpu_seconds, &limits)},
                       {"start_timeout_ms", false, Limit(&v1::ActorLimits::set_start_timeout_ms, &limits)},
                       {"hang_timeout_ms", false, Limit(&v1::ActorLimits::set_hang_timeout_ms, &limits)},
                       {"per_caller", false, Limit(&v1::ActorLimits::set_per_caller, &limits)},
                   });
  }

  const std::string file_;
  absl::flat_hash_map<std::string, int> actor_lines_;
};

}  // namespace

absl::StatusOr<v1::Manifest> ParseManifestYaml(absl::string_view text, absl::string_view file) {
  PARANET_ASSIGN_OR_RETURN(const YamlNode root, ParseYaml(text, file));
  return Reader(file).ReadManifest(root);
}

}  // namespace paranet
