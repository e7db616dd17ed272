// Skill sets: typed skills, made from protobuf descriptors.
#ifndef PARANET_CORE_SKILL_SKILL_SET_H_
#define PARANET_CORE_SKILL_SKILL_SET_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/skill/skill_id.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "paranet/v1/skill.pb.h"

namespace paranet {

enum class SkillShape { kUnary, kClientStream, kServerStream, kBidiStream };

class SkillSet;

// One operation. Immutable; lives as long as its SkillSet.
struct Skill {
  const SkillSet* set = nullptr;
  // Index of the method in its service.
  int index = 0;
  SkillId id;
  // `/weather.v1.Weather/Current`.
  std::string path;
  SkillShape shape = SkillShape::kUnary;
  std::string description;
  bool idempotent = false;
  bool is_private = false;
  const google::protobuf::MethodDescriptor* method = nullptr;

  bool client_streams() const { return shape == SkillShape::kClientStream || shape == SkillShape::kBidiStream; }
  bool server_streams() const { return shape == SkillShape::kServerStream || shape == SkillShape::kBidiStream; }
};

// One protobuf service with its descriptors in a pool of its own, so that skill sets of different origin never meet in
// one pool. Immutable and thread-safe.
class SkillSet {
 public:
  // `descriptors`: a serialized google.protobuf.FileDescriptorSet with `service` and all that it imports, in any order
  // (the well-known types and paranet/v1/options.proto may be left out). At most 4 MiB. INVALID_ARGUMENT, naming file,
  // service or method, if the set does not parse or link, has no such service, the service has no methods, a name or
  // version in its options is invalid, or two methods have the same action.
  static absl::StatusOr<std::shared_ptr<const SkillSet>> Create(absl::string_view descriptors,
                                                                absl::string_view service);
  // Of a peer: checks that the message says what its descriptors say.
  static absl::StatusOr<std::shared_ptr<const SkillSet>> FromProto(const v1::SkillSet& proto);

  // Full name of the service: `weather.v1.Weather`.
  const std::string& name() const { return name_; }
  const Version& version() const { return version_; }
  const std::string& subject() const { return subject_; }
  const std::string& description() const { return description_; }
  bool is_private() const { return is_private_; }
  const std::vector<Skill>& skills() const { return skills_; }
  const google::protobuf::DescriptorPool& pool() const { return *pool_; }
  const google::protobuf::ServiceDescriptor& service() const { return *service_; }
  // Makes messages of the pool's types. Thread-safe.
  google::protobuf::DynamicMessageFactory& messages() const { return *messages_; }
  // Serialized FileDescriptorSet: exactly the files that the service needs, each after those it imports.
  const std::string& descriptors() const { return descriptors_; }
  // SHA-256 of `descriptors`, 32 bytes.
  const std::string& digest() const { return digest_; }

  // Where `for_peer` without private skills, neither in the list nor in the descriptors, whose digest then differs from
  // digest(); without descriptors where not `with_descriptors`. Whether to show a private set, or one that is left
  // without skills, is the caller's decision.
  v1::SkillSet ToProto(bool with_descriptors, bool for_peer) const;

 private:
  SkillSet() = default;
  // Fills in what the service's options and names say.
  absl::Status ReadOptions();

  std::string name_;
  Version version_;
  std::string subject_;
  std::string description_;
  bool is_private_ = false;
  std::vector<Skill> skills_;
  std::unique_ptr<google::protobuf::DescriptorPool> pool_;
  std::unique_ptr<google::protobuf::DynamicMessageFactory> messages_;
  const google::protobuf::ServiceDescriptor* service_ = nullptr;
  std::string descriptors_;
  std::string digest_;
  // Without private skills; empty if there are none.
  std::string peer_descriptors_;
  std::string peer_digest_;
};

}  // namespace paranet

#endif  // PARANET_CORE_SKILL_SKILL_SET_H_
