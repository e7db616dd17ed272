// A Python actor in a process of its own, for tests: from the text of its module to its answers as JSON.
#ifndef PARANET_BINDINGS_PYTHON_RUNTIME_PYTHON_ACTOR_TESTUTIL_H_
#define PARANET_BINDINGS_PYTHON_RUNTIME_PYTHON_ACTOR_TESTUTIL_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bindings/python/runtime/python_runtime.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/payload.h"
#include "core/base/status_testutil.h"
#include "core/runtime/actor_executor.h"
#include "core/runtime/actor_process.h"
#include "core/runtime/native_provider_testutil.h"
#include "core/runtime/python_actor.h"
#include "core/runtime/python_schema.h"
#include "core/skill/json.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set.h"
#include "gtest/gtest.h"

namespace paranet {

class PythonActorProcessTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(TemporaryDirectory dir, TemporaryDirectory::Create());
    dir_.emplace(std::move(dir));
    ASSERT_OK_AND_ASSIGN(runtime_, InstallPythonRuntime(absl::StrCat(dir_->path(), "/runtime")));
    spec_.name = "hello@1.0.0";
    spec_.dir = absl::StrCat(dir_->path(), "/package");
    spec_.work_dir = absl::StrCat(dir_->path(), "/work");
    spec_.manifest.set_id("hello");
    spec_.manifest.set_version("1.0.0");
    spec_.manifest.set_python("hello.main");
    spec_.executor = std::make_shared<ActorExecutor>();
    spec_.log = std::make_shared<ActorLog>(spec_.name, MakeStderrLogger("test"));
    ASSERT_OK(MakeDirectories(spec_.work_dir));
  }

  void Write(absl::string_view source) {
    ASSERT_OK(MakeDirectories(absl::StrCat(spec_.dir, "/hello")));
    ASSERT_OK(WriteFileAtomically(absl::StrCat(spec_.dir, "/hello/main.py"), source));
  }

  // Asks the module for its schema and starts a process with it.
  void Start(absl::string_view source, const std::string& service = "hello.v1.Hello") {
    Write(source);
    ASSERT_OK_AND_ASSIGN(const std::string descriptors, DescribePythonModule(runtime_, spec_.dir, "hello.main"));
    ASSERT_OK_AND_ASSIGN(set_, SkillSet::Create(descriptors, service));
    spec_.skill_sets = {set_};
    ASSERT_OK_AND_ASSIGN(process_, StartProcess());
  }

  absl::StatusOr<std::unique_ptr<ActorProcess>> StartProcess() {
    absl::StatusOr<StartActorProcess> start = MakePythonActor(spec_, runtime_);
    if (!start.ok()) return start.status();
    return (*start)([this](absl::Status reason) {
      reason_ = std::move(reason);
      ended_.Notify();
    });
  }

  const Skill& SkillOf(absl::string_view action) const {
    for (const Skill& skill : set_->skills()) {
      if (skill.id.action == action) return skill;
    }
    ADD_FAILURE() << action;
    return set_->skills()[0];
  }

  CallContext Context(absl::string_view action, absl::Duration timeout = absl::InfiniteDuration()) const {
    CallContext context;
    context.skill_set = set_;
    context.skill = &SkillOf(action);
    context.caller = "paranet://acme/node/alpha";
    context.deadline = timeout == absl::InfiniteDuration() ? absl::InfiniteFuture() : absl::Now() + timeout;
    context.metadata = {{"trace", "a"}, {"trace", "b"}};
    return context;
  }

  std::string Request(absl::string_view action, absl::string_view json) const {
    const absl::StatusOr<Payload> request = RequestFromJson(SkillOf(action), json);
    EXPECT_OK(request.status());
    return request.ok() ? PayloadToString(*request) : "";
  }
  std::string Response(absl::string_view action, const Payload& payload) const {
    return ResponseToJson(SkillOf(action), payload).value();
  }

  // The answer, or the error.
  absl::StatusOr<std::string> Call(absl::string_view action, absl::string_view json,
                                   absl::Duration timeout = absl::InfiniteDuration()) {
    TestUnaryCaller caller;
    process_->CallUnary(Context(action, timeout), MakePayload(Request(action, json)), caller.Done());
    const UnaryResult& result = caller.Result();
    if (!result.status.ok()) return result.status;
    return Response(action, result.response);
  }

  // All answers, and how it ended.
  std::vector<std::string> Stream(absl::string_view action, const std::vector<std::string>& requests,
                                  absl::Status* status) {
    TestStreamCaller caller;
    process_->CallStream(Context(action), caller.TakeStream());
    for (const std::string& request : requests) caller.Send(Request(action, request));
    caller.HalfClose();
    std::vector<std::string> responses;
    while (const std::optional<std::string> response = caller.NextResponse()) {
      responses.push_back(Response(action, MakePayload(*response)));
    }
    *status = caller.WaitForStatus();
    return responses;
  }

  std::optional<TemporaryDirectory> dir_;
  std::string runtime_;
  ProcessActorSpec spec_;
  std::shared_ptr<const SkillSet> set_;
  absl::Notification ended_;
  absl::Status reason_;
  // Destroyed first: it tells how it ended.
  std::unique_ptr<ActorProcess> process_;
};

}  // namespace paranet

#endif  // PARANET_BINDINGS_PYTHON_RUNTIME_PYTHON_ACTOR_TESTUTIL_H_
