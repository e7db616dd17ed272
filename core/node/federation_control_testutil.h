// A federation that does what a test tells it.
#ifndef PARANET_CORE_NODE_FEDERATION_CONTROL_TESTUTIL_H_
#define PARANET_CORE_NODE_FEDERATION_CONTROL_TESTUTIL_H_

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/node/federation_control.h"

namespace paranet {

// Thread-safe. Has the links that it is given, and authorises whoever has one.
class FakeFederation final : public FederationControl {
 public:
  // NOT_FOUND for a peer called `ghost`; remembers the deadline.
  absl::StatusOr<v1::LinkInfo> Federate(const v1::FederateRequest& request, absl::Time deadline) override {
    if (request.peer() == "ghost") return absl::NotFoundError("there is no node \"ghost\"");
    AddLink(request.peer(), /*dialler=*/true, request.mode());
    absl::MutexLock lock(&mu_);
    deadline_ = deadline;
    return links_.back();
  }
  absl::Status Defederate(const std::string& peer) override {
    absl::MutexLock lock(&mu_);
    for (auto link = links_.begin(); link != links_.end(); ++link) {
      if (link->peer() != peer) continue;
      links_.erase(link);
      return absl::OkStatus();
    }
    return absl::NotFoundError(absl::StrCat("no link with \"", peer, "\""));
  }
  std::vector<v1::LinkInfo> ListLinks() override {
    absl::MutexLock lock(&mu_);
    return links_;
  }
  // Takes what is below /paranet.v1.Federation/ and ends it with ABORTED.
  bool HandleCall(const std::shared_ptr<IncomingCall>& call) override {
    if (absl::string_view(call->path()).substr(0, 23) != "/paranet.v1.Federation/") return false;
    call->Finish(absl::AbortedError("taken by the federation"), {});
    return true;
  }
  absl::Status Authorize(const IncomingCall& /*call*/, const Skill& /*skill*/) override {
    absl::MutexLock lock(&mu_);
    return authorization_;
  }
  bool MayBringSkills() override { return may_bring_skills_; }
  void Start(absl::Time /*deadline*/) override { started_ = true; }
  void Stop() override { stopped_ = true; }

  void AddLink(const std::string& peer, bool dialler, v1::LinkMode mode) {
    v1::LinkInfo link;
    link.set_peer(peer);
    link.set_dialler(dialler);
    link.set_mode(mode);
    link.set_state(v1::LinkInfo::UP);
    absl::MutexLock lock(&mu_);
    links_.push_back(std::move(link));
  }
  void set_authorization(absl::Status authorization) {
    absl::MutexLock lock(&mu_);
    authorization_ = std::move(authorization);
  }
  void set_may_bring_skills(bool may) { may_bring_skills_ = may; }
  absl::Time deadline() const {
    absl::MutexLock lock(&mu_);
    return deadline_;
  }
  bool started() const { return started_; }
  bool stopped() const { return stopped_; }

 private:
  mutable absl::Mutex mu_;
  std::vector<v1::LinkInfo> links_ ABSL_GUARDED_BY(mu_);
  absl::Status authorization_ ABSL_GUARDED_BY(mu_);
  absl::Time deadline_ ABSL_GUARDED_BY(mu_);
  std::atomic<bool> may_bring_skills_ = false;
  std::atomic<bool> started_ = false;
  std::atomic<bool> stopped_ = false;
};

}  // namespace paranet

#endif  // PARANET_CORE_NODE_FEDERATION_CONTROL_TESTUTIL_H_
