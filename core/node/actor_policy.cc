#include "core/node/actor_policy.h"

#include <sys/stat.h>

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/file.h"
#include "core/base/nearest.h"
#include "core/base/status.h"
#include "core/package/manifest_check.h"
#include "core/package/utf8.h"
#include "core/package/yaml_tree.h"
#include "core/skill/skill_id.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "pki/identity.h"

namespace paranet {

using Kind = YamlNode::Kind;

namespace {

constexpr size_t kMaxPolicyBytes = size_t{256} << 10;
constexpr size_t kMaxSecretBytes = size_t{64} << 10;

std::string Quoted(absl::string_view text) { return absl::StrCat("\"", absl::Utf8SafeCEscape(text), "\""); }

}  // namespace

// From the tree of YAML to a policy.
class ActorPolicyReader {
 public:
  explicit ActorPolicyReader(const std::string& file) : file_(file) {}

  absl::StatusOr<ActorPolicy> Read(const YamlNode& root) {
    ActorPolicy policy;
    policy.file_ = file_;
    // An empty file says nothing, as no file does.
    if (root.kind == Kind::kNull) return policy;
    PARANET_RETURN_IF_ERROR(
        ReadMap(root, "the actors' settings",
                {{"defaults", [&](const YamlNode& node) { return ReadSection(node, policy.defaults_, nullptr); }},
                 {"packages", [&](const YamlNode& node) {
                    return ReadNamed(node, "package", [&](const std::string& id, const YamlNode& value) {
                      ActorPolicy::Package& package = policy.packages_[id];
                      return ReadSection(value, package.all, &package.actors);
                    });
                  }}}));
    return policy;
  }

 private:
  using Value = ActorPolicy::Value;
  using Section = ActorPolicy::Section;
  struct Field {
    absl::string_view key;
    std::function<absl::Status(const YamlNode&)> read;
  };

  absl::Status Error(const YamlNode& node, absl::string_view message) const { return YamlError(file_, node, message); }

  absl::Status ReadMap(const YamlNode& node, absl::string_view what, const std::vector<Field>& fields) const {
    if (node.kind != Kind::kMap) return Error(node, absl::StrCat(what, " must be a map of keys to values"));
    std::vector<std::string> keys;
    keys.reserve(fields.size());
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
    return absl::OkStatus();
  }

  // A map whose keys are ids of packages or actors.
  absl::Status ReadNamed(const YamlNode& node, absl::string_view what,
                         const std::function<absl::Status(const std::string&, const YamlNode&)>& read) const {
    if (node.kind != Kind::kMap) return Error(node, absl::StrCat(what, "s must be a map of ids to settings"));
    for (const auto& [key, value] : node.entries) {
      if (const absl::Status status = CheckName(key.text, absl::StrCat(what, " id")); !status.ok()) {
        return Error(key, status.message());
      }
      PARANET_RETURN_IF_ERROR(read(key.text, value));
    }
    return absl::OkStatus();
  }

  // `actors`: null where there are none below.
  absl::Status ReadSection(const YamlNode& node, Section& section, std::map<std::string, Section>* actors) const {
    std::vector<Field> fields = {
        {"network", [&](const YamlNode& value) { return ReadNetwork(value, section); }},
        {"isolation", [&](const YamlNode& value) { return ReadIsolation(value, section); }},
        {"env", [&](const YamlNode& value) { return ReadValues(value, "env", Value::Kind::kText, section); }},
        {"from_env",
         [&](const YamlNode& value) { return ReadValues(value, "from_env", Value::Kind::kVariable, section); }},
        {"files", [&](const YamlNode& value) { return ReadValues(value, "files", Value::Kind::kFile, section); }},
        {"limits", [&](const YamlNode& value) { return ReadLimits(value, section.limits); }},
    };
    if (actors != nullptr) {
      fields.push_back({"actors", [this, actors](const YamlNode& value) {
                          return ReadNamed(value, "actor", [&](const std::string& id, const YamlNode& actor) {
                            return ReadSection(actor, (*actors)[id], nullptr);
                          });
                        }});
    }
    return ReadMap(node, actors != nullptr ? "the settings of a package" : "the settings of an actor", fields);
  }

  absl::Status ReadNetwork(const YamlNode& node, Section& section) const {
    if (node.kind != Kind::kText || (node.text != "true" && node.text != "false")) {
      return Error(node, "network must be true or false");
    }
    section.network = node.text == "true";
    return absl::OkStatus();
  }

  absl::Status ReadIsolation(const YamlNode& node, Section& section) const {
    if (node.kind == Kind::kText && node.text == "in_process") {
      section.isolation = v1::ActorManifest::IN_PROCESS;
    } else if (node.kind == Kind::kText && node.text == "process") {
      section.isolation = v1::ActorManifest::PROCESS;
    } else {
      return Error(node, absl::StrCat("isolation must be in_process or process.",
                                      DidYouMean(node.text, {"in_process", "process"})));
    }
    return absl::OkStatus();
  }

  absl::Status ReadValues(const YamlNode& node, absl::string_view what, Value::Kind kind, Section& section) const {
    if (node.kind != Kind::kMap) return Error(node, absl::StrCat(what, " must be a map of names to values"));
    for (const auto& [name, value] : node.entries) {
      if (const absl::Status status = CheckEnvironmentName(name.text); !status.ok()) {
        return Error(name, status.message());
      }
      if (value.kind != Kind::kText) return Error(value, absl::StrCat("the value of ", name.text, " must be text"));
      if (kind == Value::Kind::kVariable) {
        if (const absl::Status status = CheckEnvironmentName(value.text); !status.ok()) {
          return Error(value, status.message());
        }
      }
      if (kind == Value::Kind::kFile && (value.text.empty() || value.text[0] != '/')) {
        return Error(value, absl::StrCat("the file of ", name.text, " must be an absolute path: /etc/weather/token"));
      }
      const auto [there, is_new] = section.env.try_emplace(
          name.text, Value{.kind = kind, .text = value.text, .line = value.line, .column = value.column});
      if (!is_new) {
        return Error(name, absl::StrCat(name.text, " has a value in line ", there->second.line,
                                        " already; env, from_env and files share their names"));
      }
    }
    return absl::OkStatus();
  }

  // The keys are the fields of the message, so that a limit that is new there is known here.
  absl::Status ReadLimits(const YamlNode& node, v1::ActorLimits& limits) const {
    const google::protobuf::Descriptor& type = *v1::ActorLimits::descriptor();
    std::vector<Field> fields;
    for (int i = 0; i < type.field_count(); ++i) {
      const google::protobuf::FieldDescriptor* const field = type.field(i);
      fields.push_back(
          {field->name(), [this, field, &limits](const YamlNode& value) { return ReadLimit(value, *field, limits); }});
    }
    return ReadMap(node, "limits", fields);
  }

  absl::Status ReadLimit(const YamlNode& node, const google::protobuf::FieldDescriptor& field,
                         v1::ActorLimits& limits) const {
    const bool wide = field.cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_UINT64;
    const uint64_t most = wide ? std::numeric_limits<uint64_t>::max() : std::numeric_limits<uint32_t>::max();
    uint64_t value = 0;
    // SimpleAtoi alone would take signs and spaces.
    bool digits = node.kind == Kind::kText && !node.text.empty();
    for (const char c : node.text) digits = digits && absl::ascii_isdigit(static_cast<unsigned char>(c));
    if (!digits || !absl::SimpleAtoi(node.text, &value) || value > most) {
      return Error(node, absl::StrCat("a limit must be a whole number from 0 (nothing is said) to ", most));
    }
    if (wide) {
      limits.GetReflection()->SetUInt64(&limits, &field, value);
    } else {
      limits.GetReflection()->SetUInt32(&limits, &field, static_cast<uint32_t>(value));
    }
    return absl::OkStatus();
  }

  const std::string& file_;
};

absl::StatusOr<ActorPolicy> ActorPolicy::Parse(absl::string_view text, const std::string& file) {
  PARANET_ASSIGN_OR_RETURN(const YamlNode root, ParseYaml(text, file));
  return ActorPolicyReader(file).Read(root);
}

absl::StatusOr<ActorSettings> ActorPolicy::Resolve(const std::string& package, const std::string& actor,
                                                   const Environment& environment) const {
  std::vector<const Section*> sections = {&defaults_};
  if (const auto found = packages_.find(package); found != packages_.end()) {
    sections.push_back(&found->second.all);
    const auto own = found->second.actors.find(actor);
    if (own != found->second.actors.end()) sections.push_back(&own->second);
  }
  ActorSettings settings;
  std::map<std::string, const Value*> values;
  for (const Section* section : sections) {
    if (section->network.has_value()) settings.network = *section->network;
    if (section->isolation.has_value()) settings.isolation = section->isolation;
    // What is not 0 replaces what was there.
    settings.limits.MergeFrom(section->limits);
    for (const auto& [name, value] : section->env) values[name] = &value;
  }
  for (const auto& [name, value] : values) {
    PARANET_ASSIGN_OR_RETURN(settings.env[name], ValueOf(*value, environment));
  }
  return settings;
}

absl::StatusOr<std::string> ActorPolicy::ValueOf(const Value& value, const Environment& environment) const {
  const auto error = [&](absl::string_view message) {
    return absl::FailedPreconditionError(absl::StrCat(file_, ":", value.line, ":", value.column, ": ", message));
  };
  switch (value.kind) {
    case Value::Kind::kVariable: {
      std::optional<std::string> variable = environment(value.text);
      if (variable.has_value()) return *std::move(variable);
      return error(absl::StrCat("the node's environment has no variable ", value.text,
                                "; start the node with it, or take this out"));
    }
    case Value::Kind::kFile: {
      if (const absl::Status status = CheckPrivate(value.text); !status.ok()) return error(status.message());
      absl::StatusOr<std::string> content = ReadFile(value.text, kMaxSecretBytes);
      if (!content.ok()) return error(content.status().message());
      if (SoundUtf8Prefix(*content, "\t\n\r") != content->size()) {
        return error(absl::StrCat(value.text, " is no UTF-8 text, which configuration has to be"));
      }
      if (!content->empty() && content->back() == '\n') content->pop_back();
      return content;
    }
    case Value::Kind::kText:
      break;
  }
  return value.text;
}

std::string ActorPolicyFile(const std::string& data_dir) { return absl::StrCat(data_dir, "/actors.yaml"); }

absl::StatusOr<ActorSettings> ReadActorSettings(const std::string& file, const std::string& package,
                                                const std::string& actor) {
  absl::StatusOr<std::string> text = ReadFile(file, kMaxPolicyBytes);
  if (absl::IsNotFound(text.status())) return ActorSettings();
  PARANET_RETURN_IF_ERROR(text.status());
  struct stat info {};
  if (::stat(file.c_str(), &info) == 0 && (info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        file, " can be written by other users, who could so grant rights to actors: run chmod go-w ", file));
  }
  PARANET_ASSIGN_OR_RETURN(const ActorPolicy policy, ActorPolicy::Parse(*text, file));
  return policy.Resolve(package, actor, [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  });
}

absl::Status CheckActorPolicy(const std::string& file) {
  PARANET_ASSIGN_OR_RETURN(const std::string text, ReadFile(file, kMaxPolicyBytes));
  return ActorPolicy::Parse(text, file).status();
}

absl::Status InstallActorPolicy(const std::string& from, const std::string& data_dir) {
  PARANET_ASSIGN_OR_RETURN(const std::string text, ReadFile(from, kMaxPolicyBytes));
  PARANET_RETURN_IF_ERROR(ActorPolicy::Parse(text, from).status());
  return WriteFileAtomically(ActorPolicyFile(data_dir), text, 0600);
}

v1::ActorManifest::Isolation DefaultIsolation(absl::string_view publisher, absl::string_view network) {
  if (publisher.empty()) return v1::ActorManifest::IN_PROCESS;
  const absl::StatusOr<pki::Identity> identity = pki::Identity::Parse(publisher);
  return identity.ok() && identity->network == network ? v1::ActorManifest::IN_PROCESS : v1::ActorManifest::PROCESS;
}

}  // namespace paranet
