// An owner of calls that remembers what happened, for tests of calls without a provider.
#ifndef PARANET_CORE_RUNTIME_CALL_TESTUTIL_H_
#define PARANET_CORE_RUNTIME_CALL_TESTUTIL_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/runtime/native_call.h"
#include "core/skill/provider.h"
#include "core/skill/skill_set_testutil.h"

namespace paranet {

// Thread-safe.
class FakeOwner final : public CallOwner {
 public:
  void OnEnded(NativeCall&) override { Add("ended"); }
  void OnReleased(NativeCall&) override { Add("released"); }
  void OnRunHere(UnaryCall&) override { Add("run here"); }
  void OnRunElsewhere(UnaryCall&) override { Add("run elsewhere"); }
  void OnMisuse(const NativeCall&, absl::string_view what) override { Add(std::string(what)); }

  std::vector<std::string> events() const {
    absl::MutexLock lock(&mu_);
    return events_;
  }
  void Add(std::string event) {
    absl::MutexLock lock(&mu_);
    events_.push_back(std::move(event));
  }

 private:
  mutable absl::Mutex mu_;
  std::vector<std::string> events_ ABSL_GUARDED_BY(mu_);
};

// A context for the skill of this action (`current`, `report`, `watch`, `chat`) of the test's weather skill set.
inline CallContext MakeTestContext(absl::string_view action) {
  CallContext context;
  context.skill_set = WeatherSkillSet();
  context.caller = "local";
  for (const Skill& skill : context.skill_set->skills()) {
    if (skill.id.action == action) context.skill = &skill;
  }
  return context;
}

}  // namespace paranet

#endif  // PARANET_CORE_RUNTIME_CALL_TESTUTIL_H_
