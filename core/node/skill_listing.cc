#include "core/node/skill_listing.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/nearest.h"
#include "core/base/status.h"
#include "core/skill/json.h"
#include "core/skill/skill_id.h"

namespace paranet {
namespace {

v1::SkillSetEntry ToProto(const CatalogueEntry& entry) {
  v1::SkillSetEntry proto;
  *proto.mutable_skill_set() = entry.set->ToProto(/*with_descriptors=*/false, /*for_peer=*/false);
  for (const auto& provider : entry.providers) {
    v1::Provider* listed = proto.add_providers();
    listed->set_kind(provider->kind() == Provider::Kind::kActor ? v1::Provider::ACTOR : v1::Provider::PEER);
    listed->set_name(provider->name());
    listed->set_available(provider->available());
    listed->set_outstanding(provider->outstanding());
  }
  return proto;
}

}  // namespace

std::vector<v1::SkillSetEntry> ListSkillSets(const CatalogueSnapshot& snapshot) {
  std::vector<v1::SkillSetEntry> entries;
  for (const auto& entry : snapshot.entries()) entries.push_back(ToProto(*entry));
  return entries;
}

absl::StatusOr<v1::GetSkillResponse> DescribeSkill(const CatalogueSnapshot& snapshot, absl::string_view skill) {
  PARANET_ASSIGN_OR_RETURN(const SkillRef ref, SkillRef::Parse(skill));
  const std::string id = ref.id.ToString();
  std::vector<std::string> versions;
  for (const SkillEntry& found : snapshot.FindSkill(id)) {
    const SkillSet& set = *found.entry->set;
    versions.push_back(set.version().ToString());
    if (ref.pin.has_value() && !ref.pin->Matches(set.version())) continue;
    v1::GetSkillResponse response;
    *response.mutable_skill_set() = ToProto(*found.entry);
    for (const v1::Skill& listed : response.skill_set().skill_set().skills()) {
      if (listed.name() == id) *response.mutable_skill() = listed;
    }
    response.set_request_schema(SchemaText(*found.skill->method->input_type()));
    response.set_response_schema(SchemaText(*found.skill->method->output_type()));
    response.set_example_json(ExampleRequestJson(*found.skill));
    return response;
  }
  if (versions.empty()) {
    return absl::NotFoundError(absl::StrCat("this node knows no skill \"", id, "\".",
                                            DidYouMean(id, snapshot.SkillNames()), " See `paranet skill ls` for all."));
  }
  return absl::NotFoundError(absl::StrCat("skill \"", id, "\" has no version ", ref.pin->ToString(), " here; it has ",
                                          absl::StrJoin(versions, ", "), "."));
}

}  // namespace paranet
