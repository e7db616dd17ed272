// What the operator of a node says about its actors: configuration and secrets, the network, isolation, limits.
//
// One file, DATA_DIR/actors.yaml. Each part of it is optional, and so is the file:
//
//   defaults:                        # of all actors
//     isolation: process
//   packages:
//     weather:                       # the id of a package; of all its actors
//       network: true                # grants the network that the manifest asks for
//       env: {CITY: Oslo}            # configuration
//       from_env: {API_KEY: WEATHER_API_KEY}      # configuration from the node's own environment
//       files: {TOKEN: /etc/weather/token}        # configuration from files that only the node's user can read
//       limits: {memory_bytes: 268435456}
//       actors:
//         weather:                   # the id of an actor
//           isolation: in_process
//
// What is said of an actor goes before what is said of its package, and that before the defaults: key by key, and in
// the three maps of configuration and in `limits` name by name.
#ifndef PARANET_CORE_NODE_ACTOR_POLICY_H_
#define PARANET_CORE_NODE_ACTOR_POLICY_H_

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/runtime/actor_settings.h"
#include "paranet/v1/package.pb.h"

namespace paranet {

// Immutable.
class ActorPolicy {
 public:
  // The value of a variable of the node's environment; nullopt if there is none of that name.
  using Environment = std::function<std::optional<std::string>(const std::string& name)>;

  // INVALID_ARGUMENT `FILE:LINE:COLUMN: ...` at the first thing that is wrong: no YAML (yaml_tree.h), an unknown key
  // (with the nearest valid one), a value of the wrong form, a name of configuration twice. `file` is for messages.
  static absl::StatusOr<ActorPolicy> Parse(absl::string_view text, const std::string& file);

  // What holds for one actor. FAILED_PRECONDITION `FILE:LINE:COLUMN: ...` if a variable is not in the environment, a
  // file cannot be read, is no text of at most 64 KiB or is open to other users. One line feed at the end of a file is
  // not part of the value.
  absl::StatusOr<ActorSettings> Resolve(const std::string& package, const std::string& actor,
                                        const Environment& environment) const;

 private:
  friend class ActorPolicyReader;

  // One name of configuration, and where the file says it.
  struct Value {
    enum class Kind { kText, kVariable, kFile };
    Kind kind = Kind::kText;
    // The value, or the name of the variable or file.
    std::string text;
    int line = 0;
    int column = 0;
  };
  struct Section {
    std::optional<bool> network;
    std::optional<v1::ActorManifest::Isolation> isolation;
    std::map<std::string, Value> env;
    v1::ActorLimits limits;
  };
  struct Package {
    Section all;
    std::map<std::string, Section> actors;
  };

  absl::StatusOr<std::string> ValueOf(const Value& value, const Environment& environment) const;

  std::string file_;
  Section defaults_;
  std::map<std::string, Package> packages_;
};

// DATA_DIR/actors.yaml.
std::string ActorPolicyFile(const std::string& data_dir);

// Reads `file` anew and resolves it for one actor, with this process's environment. Without a file: nothing is said.
// The errors of Parse and Resolve; FAILED_PRECONDITION if other users may write the file.
absl::StatusOr<ActorSettings> ReadActorSettings(const std::string& file, const std::string& package,
                                                const std::string& actor);

// Whether `file` is there and valid: the errors of Parse; NOT_FOUND.
absl::Status CheckActorPolicy(const std::string& file);

// Puts a copy of `from`, which must be valid, into the data directory (0600). It holds for actors started from then on.
absl::Status InstallActorPolicy(const std::string& from, const std::string& data_dir);

// The isolation of native actors of which neither manifest nor operator say anything: a package that a publisher of
// another network signed runs in processes of its own, all others run in the node's. `publisher`: identity URI, or
// empty for an unsigned package, which only a Test Node takes. `network`: the node's own, empty on a Test Node.
v1::ActorManifest::Isolation DefaultIsolation(absl::string_view publisher, absl::string_view network);

}  // namespace paranet

#endif  // PARANET_CORE_NODE_ACTOR_POLICY_H_
