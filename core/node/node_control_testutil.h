// A node for those who only ask one: it does nothing but remember what it was asked.
#ifndef PARANET_CORE_NODE_NODE_CONTROL_TESTUTIL_H_
#define PARANET_CORE_NODE_NODE_CONTROL_TESTUTIL_H_

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/sqlite.h"
#include "core/node/audit_log.h"
#include "core/node/federation_control.h"
#include "core/node/json_call.h"
#include "core/node/node_control.h"
#include "core/node/node_state.h"
#include "core/node/policy.h"
#include "paranet/v1/node.pb.h"
#include "paranet/v1/package.pb.h"
#include "pki/node_trust.h"

namespace paranet {

// Node `t1` of network acme, with a real policy and audit log. Not thread-safe but for those two and for what it
// answers.
class FakeNode final : public NodeControl {
 public:
  const std::string& name() const override { return name_; }
  v1::GetStatusResponse Status() override {
    v1::GetStatusResponse status;
    status.set_name(name_);
    status.set_kind(kind_);
    status.set_data_dir(dir_.path());
    return status;
  }
  void RequestStop() override { stop_requested_ = true; }
  // DATA_LOSS for `bad`.
  absl::StatusOr<v1::DeployResponse> Deploy(std::string archive) override {
    archive_ = std::move(archive);
    if (archive_ == "bad") return absl::DataLossError("truncated");
    v1::DeployResponse response;
    response.mutable_package()->set_id("weather");
    return response;
  }
  // Knows the package weather, whose archive is `archive_`, and its actor.
  absl::StatusOr<v1::DeployResponse> RollBackPackage(const std::string& id, const std::string& version) override {
    if (id != "weather") return absl::NotFoundError("no such package");
    v1::DeployResponse response;
    response.mutable_package()->set_id(id);
    response.mutable_package()->set_version(version);
    return response;
  }
  absl::StatusOr<v1::PackageInfo> Undeploy(const std::string& id) override {
    if (id != "weather") return absl::NotFoundError("no such package");
    v1::PackageInfo package;
    package.set_id(id);
    return package;
  }
  absl::StatusOr<std::string> PullPackage(const std::string& id, const std::string& /*version*/) override {
    if (id != "weather") return absl::NotFoundError("no such package");
    return archive_;
  }
  absl::StatusOr<v1::GetActorLogResponse> GetActorLog(const std::string& actor, uint32_t lines) override {
    if (actor != "weather") return absl::NotFoundError("no such actor");
    v1::GetActorLogResponse response;
    response.set_actor("weather@1.0.0");
    for (uint32_t i = 0; i < lines; ++i) response.add_lines()->set_text("line");
    return response;
  }
  std::vector<v1::PackageInfo> ListPackages() override { return std::vector<v1::PackageInfo>(3); }
  std::vector<v1::SkillSetEntry> ListSkills() override { return std::vector<v1::SkillSetEntry>(4); }
  // Knows weather/current of weather.v1.Weather.
  absl::StatusOr<v1::GetSkillResponse> GetSkill(const std::string& skill) override {
    if (skill != "weather/current") return absl::NotFoundError("Did you mean");
    v1::GetSkillResponse response;
    response.mutable_skill()->set_name(skill);
    response.mutable_skill_set()->mutable_skill_set()->set_name("weather.v1.Weather");
    return response;
  }
  // Asks about `skill_`, if there is one, and answers with the caller.
  absl::Status Call(const JsonCall& call) override {
    if (skill_ != nullptr && call.authorize) {
      if (absl::Status status = call.authorize(*skill_); !status.ok()) return status;
    }
    call.on_response(call.caller);
    return absl::OkStatus();
  }
  absl::Status Promote(const pki::NodeIdentity& /*identity*/, const std::optional<std::string>& /*endpoint*/,
                       const v1::TrustBundle& /*bundle*/) override {
    return absl::UnavailableError("a fake");
  }
  absl::Status Renew(absl::Time /*deadline*/) override { return absl::UnavailableError("a fake"); }
  FederationControl* federation() override { return federation_; }
  Policy* policy() override { return policy_.get(); }
  AuditLog* audit() override { return &audit_; }
  pki::NodeTrust* trust() override { return trust_; }

  // `ACTOR EVENT SUBJECT`, newest first.
  std::vector<std::string> Events() {
    std::vector<std::string> events;
    for (const v1::AuditEvent& event : Must(audit_.List(0, 0))) {
      events.push_back(absl::StrCat(event.actor(), " ", event.event(), " ", event.subject()));
    }
    return events;
  }

  v1::NodeKind kind_ = v1::TEST;
  bool stop_requested_ = false;
  std::string archive_;
  const Skill* skill_ = nullptr;
  FederationControl* federation_ = nullptr;
  pki::NodeTrust* trust_ = nullptr;

 private:
  template <typename T>
  static T Must(absl::StatusOr<T> value) {
    if (value.ok()) return *std::move(value);
    std::cerr << value.status() << '\n';
    std::abort();
  }

  const std::string name_ = "t1";
  const SystemClock clock_;
  const TemporaryDirectory dir_ = Must(TemporaryDirectory::Create("fake"));
  const std::unique_ptr<Database> database_ = Must(Database::Open(dir_.path() + "/node.db", NodeMigrations()));
  AuditLog audit_{{.database = database_.get(), .clock = &clock_, .logger = MakeNullLogger()}};
  const std::unique_ptr<Policy> policy_ =
      Must(Policy::Open({.database = database_.get(), .audit = &audit_, .clock = &clock_, .network = [] {
                           return std::string("acme");
                         }}));
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_NODE_CONTROL_TESTUTIL_H_
