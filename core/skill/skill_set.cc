#include "core/skill/skill_set.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status.h"
#include "core/skill/file_set.h"
#include "openssl/sha.h"
#include "paranet/v1/options.pb.h"

namespace paranet {
namespace {

namespace pb = google::protobuf;

constexpr absl::string_view kDefaultVersion = "1.0.0";
// What a description may have, so that listings stay readable and small.
constexpr size_t kMaxDescription = 4'096;

class ErrorCollector final : public pb::DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& file, const std::string& element, const pb::Message*, ErrorLocation,
                const std::string& message) override {
    constexpr size_t kMost = 5;
    if (errors_.size() > kMost) return;
    errors_.push_back(errors_.size() == kMost ? "and more"
                                              : absl::StrCat(Shown(file), ": ", Shown(element), ": ", Shown(message)));
  }

  std::string Text() const { return absl::StrJoin(errors_, "; "); }

 private:
  static std::string Shown(absl::string_view text) { return absl::Utf8SafeCHexEscape(text.substr(0, 300)); }

  std::vector<std::string> errors_;
};

// `LedgerSum` -> `ledger-sum`, `HTTPGet` -> `http-get`, `watch_all` -> `watch-all`.
std::string KebabCase(absl::string_view name) {
  const auto upper = [&](size_t i) {
    return i < name.size() && absl::ascii_isupper(static_cast<unsigned char>(name[i]));
  };
  std::string kebab;
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '_') {
      if (!kebab.empty() && kebab.back() != '-') kebab += '-';
      continue;
    }
    // A capital begins a word unless it stands within a run of them; the run's last begins the next word.
    const bool ends_run = upper(i) && i + 1 < name.size() && name[i + 1] != '_' && !upper(i + 1) &&
                          !absl::ascii_isdigit(static_cast<unsigned char>(name[i + 1]));
    if (upper(i) && i > 0 && (!upper(i - 1) || ends_run) && !kebab.empty() && kebab.back() != '-') kebab += '-';
    kebab += absl::ascii_tolower(static_cast<unsigned char>(name[i]));
  }
  return kebab;
}

SkillShape ShapeOf(const pb::MethodDescriptor& method) {
  if (method.client_streaming()) return method.server_streaming() ? SkillShape::kBidiStream : SkillShape::kClientStream;
  return method.server_streaming() ? SkillShape::kServerStream : SkillShape::kUnary;
}

v1::SkillShape ToProto(SkillShape shape) {
  switch (shape) {
    case SkillShape::kUnary:
      return v1::SKILL_SHAPE_UNARY;
    case SkillShape::kClientStream:
      return v1::SKILL_SHAPE_CLIENT_STREAM;
    case SkillShape::kServerStream:
      return v1::SKILL_SHAPE_SERVER_STREAM;
    case SkillShape::kBidiStream:
      return v1::SKILL_SHAPE_BIDI_STREAM;
  }
  return v1::SKILL_SHAPE_UNSPECIFIED;
}

v1::Skill ToProto(const Skill& skill) {
  v1::Skill proto;
  proto.set_name(skill.id.ToString());
  proto.set_path(skill.path);
  proto.set_shape(ToProto(skill.shape));
  proto.set_description(skill.description);
  proto.set_idempotent(skill.idempotent);
  proto.set_private_(skill.is_private);
  proto.set_request_type(skill.method->input_type()->full_name());
  proto.set_response_type(skill.method->output_type()->full_name());
  return proto;
}

std::string Sha256(absl::string_view bytes) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), reinterpret_cast<uint8_t*>(digest.data()));
  return digest;
}

absl::Status CheckDescription(absl::string_view description) {
  if (description.size() <= kMaxDescription) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the description has more than ", kMaxDescription, " bytes"));
}

absl::StatusOr<Skill> MakeSkill(const SkillSet& set, const pb::MethodDescriptor& method) {
  const v1::SkillOptions& options = method.options().GetExtension(v1::skill);
  Skill skill;
  skill.set = &set;
  skill.index = method.index();
  skill.id.subject = set.subject();
  skill.id.action = options.action().empty() ? KebabCase(method.name()) : options.action();
  PARANET_RETURN_IF_ERROR(CheckName(skill.id.action, "action"));
  PARANET_RETURN_IF_ERROR(CheckDescription(options.description()));
  for (const pb::Descriptor* type : {method.input_type(), method.output_type()}) {
    if (type->options().map_entry()) {
      return absl::InvalidArgumentError(absl::StrCat("its type ", type->full_name(), " is the entry of a map"));
    }
  }
  skill.path = absl::StrCat("/", set.name(), "/", method.name());
  skill.shape = ShapeOf(method);
  skill.description = options.description();
  skill.idempotent = options.idempotent();
  skill.is_private = options.private_();
  skill.method = &method;
  return skill;
}

// `files` without the private skills of `service`.
std::string WithoutPrivateSkills(pb::FileDescriptorSet files, const pb::ServiceDescriptor& service,
                                 const std::vector<Skill>& skills) {
  for (pb::FileDescriptorProto& file : *files.mutable_file()) {
    if (file.name() != service.file()->name()) continue;
    auto* methods = file.mutable_service(service.index())->mutable_method();
    for (int i = methods->size() - 1; i >= 0; --i) {
      if (skills[static_cast<size_t>(i)].is_private) methods->DeleteSubrange(i, 1);
    }
  }
  return files.SerializeAsString();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const SkillSet>> SkillSet::Create(absl::string_view descriptors,
                                                                 absl::string_view service) {
  PARANET_ASSIGN_OR_RETURN(const pb::FileDescriptorSet files, FilesOfService(descriptors, service));
  std::shared_ptr<SkillSet> set(new SkillSet());
  set->name_ = std::string(service);
  set->pool_ = std::make_unique<pb::DescriptorPool>();
  ErrorCollector errors;
  for (const pb::FileDescriptorProto& file : files.file()) {
    if (set->pool_->BuildFileCollectingErrors(file, &errors) == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("the descriptors do not link: ", errors.Text()));
    }
  }
  set->messages_ = std::make_unique<pb::DynamicMessageFactory>(set->pool_.get());
  set->service_ = set->pool_->FindServiceByName(set->name_);
  if (set->service_ == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("the descriptor set has no service ", set->name_));
  }
  PARANET_RETURN_IF_ERROR(Annotate(set->ReadOptions(), absl::StrCat("service ", set->name_)));
  bool has_private = false;
  for (const Skill& skill : set->skills_) has_private |= skill.is_private;
  set->descriptors_ = files.SerializeAsString();
  set->digest_ = Sha256(set->descriptors_);
  if (has_private) {
    set->peer_descriptors_ = WithoutPrivateSkills(files, *set->service_, set->skills_);
    set->peer_digest_ = Sha256(set->peer_descriptors_);
  }
  return set;
}

absl::Status SkillSet::ReadOptions() {
  const v1::SkillSetOptions& options = service_->options().GetExtension(v1::skill_set);
  subject_ = options.subject().empty() ? KebabCase(service_->name()) : options.subject();
  PARANET_RETURN_IF_ERROR(CheckName(subject_, "subject"));
  PARANET_ASSIGN_OR_RETURN(version_, Version::Parse(options.version().empty() ? kDefaultVersion : options.version()));
  PARANET_RETURN_IF_ERROR(CheckDescription(options.description()));
  description_ = options.description();
  is_private_ = options.private_();
  if (service_->method_count() == 0) return absl::InvalidArgumentError("it has no methods, so there is no skill");
  for (int i = 0; i < service_->method_count(); ++i) {
    const pb::MethodDescriptor& method = *service_->method(i);
    absl::StatusOr<Skill> skill = MakeSkill(*this, method);
    if (!skill.ok()) return Annotate(skill.status(), absl::StrCat("method ", method.name()));
    for (const Skill& other : skills_) {
      if (other.id.action != skill->id.action) continue;
      return absl::InvalidArgumentError(absl::StrCat("methods ", other.method->name(), " and ", method.name(),
                                                     " are both skill ", other.id.ToString(),
                                                     ": give one another action in its options"));
    }
    skills_.push_back(*std::move(skill));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const SkillSet>> SkillSet::FromProto(const v1::SkillSet& proto) {
  const std::string context = absl::StrCat("skill set ", absl::Utf8SafeCHexEscape(proto.name().substr(0, 200)));
  if (proto.descriptors_digest() != Sha256(proto.descriptors())) {
    return absl::InvalidArgumentError(absl::StrCat(context, ": the digest is not that of the descriptors"));
  }
  absl::StatusOr<std::shared_ptr<const SkillSet>> set = Create(proto.descriptors(), proto.name());
  if (!set.ok()) return Annotate(set.status(), context);
  const v1::SkillSet expected = (*set)->ToProto(/*with_descriptors=*/false, /*for_peer=*/false);
  const auto differs = [&](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat(context, ": its ", what, " is not what its descriptors say"));
  };
  if (proto.version() != expected.version()) return differs("version");
  if (proto.subject() != expected.subject()) return differs("subject");
  if (proto.description() != expected.description()) return differs("description");
  if (proto.private_() != expected.private_()) return differs("privacy");
  if (proto.skills_size() != expected.skills_size()) return differs("number of skills");
  for (int i = 0; i < proto.skills_size(); ++i) {
    v1::Skill said = proto.skills(i);
    // Fields of a newer version.
    said.DiscardUnknownFields();
    if (said.SerializeAsString() != expected.skills(i).SerializeAsString()) {
      return differs(absl::StrCat("skill ", expected.skills(i).name()));
    }
  }
  return set;
}

v1::SkillSet SkillSet::ToProto(bool with_descriptors, bool for_peer) const {
  const bool strip = for_peer && !peer_digest_.empty();
  v1::SkillSet proto;
  proto.set_name(name_);
  proto.set_version(version_.ToString());
  proto.set_subject(subject_);
  proto.set_description(description_);
  proto.set_private_(is_private_);
  for (const Skill& skill : skills_) {
    if (!for_peer || !skill.is_private) *proto.add_skills() = paranet::ToProto(skill);
  }
  if (with_descriptors) proto.set_descriptors(strip ? peer_descriptors_ : descriptors_);
  proto.set_descriptors_digest(strip ? peer_digest_ : digest_);
  return proto;
}

}  // namespace paranet
