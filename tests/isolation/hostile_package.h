// A package of the hostile actor, twice, each in a process of its own: what the tests of isolation have in common.
#ifndef PARANET_TESTS_ISOLATION_HOSTILE_PACKAGE_H_
#define PARANET_TESTS_ISOLATION_HOSTILE_PACKAGE_H_

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/payload.h"
#include "core/base/status_testutil.h"
#include "core/runtime/actor_executor.h"
#include "core/runtime/package_runtime.h"
#include "core/skill/provider_testutil.h"
#include "core/skill/skill_set_testutil.h"
#include "gtest/gtest.h"

namespace paranet {

// One unary call. Kept by its callback.
class HostileCall {
 public:
  UnaryDone Done(std::shared_ptr<HostileCall> self) {
    return [self = std::move(self)](UnaryResult result) {
      absl::MutexLock lock(&self->mu_);
      self->result_ = std::move(result);
      self->done_ = true;
    };
  }
  UnaryResult Await() {
    absl::MutexLock lock(&mu_);
    if (!mu_.AwaitWithTimeout(absl::Condition(&done_), 2 * kTestPatience)) {
      return {.status = absl::InternalError("the call has not ended")};
    }
    return result_;
  }

 private:
  absl::Mutex mu_;
  bool done_ ABSL_GUARDED_BY(mu_) = false;
  UnaryResult result_ ABSL_GUARDED_BY(mu_);
};

class HostilePackageTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(auto dir, TemporaryDirectory::Create());
    dir_.emplace(std::move(dir));
    ASSERT_OK(MakeDirectories(Path("package")));
    ASSERT_OK_AND_ASSIGN(const std::string library, ReadFile("tests/isolation/libhostile.so"));
    ASSERT_OK(WriteFileAtomically(Path("package/lib.so"), library));
    ASSERT_OK(WriteFileAtomically(Path("package/plain.binpb"),
                                  CompileProto("syntax = 'proto3'; package plain.v1; message M {} service Plain {"
                                               "rpc Do(M) returns (M); rpc Stream(M) returns (stream M); }")));
    manifest_.set_id("test");
    manifest_.set_version("1.0.0");
    for (const char* id : {"bad", "good"}) {
      v1::ActorManifest* actor = manifest_.add_actors();
      actor->set_id(id);
      actor->set_version("1.0.0");
      actor->set_library("lib.so");
      actor->add_skill_sets("plain.v1.Plain");
      actor->set_descriptors("plain.binpb");
      actor->set_isolation(v1::ActorManifest::PROCESS);
      actor->mutable_limits()->set_memory_bytes(uint64_t{300} << 20);
      actor->mutable_limits()->set_hang_timeout_ms(1'000);
    }
  }
  void TearDown() override {
    if (package_ != nullptr) package_->Stop(absl::InfinitePast());
  }

  std::string Path(const std::string& name) const { return absl::StrCat(dir_->path(), "/", name); }
  v1::ActorManifest& bad() { return *manifest_.mutable_actors(0); }

  absl::Status Start() {
    auto package = StartPackage(manifest_, Path("package"),
                                {.executor = executor_, .work_dir = Path("work"), .logger = MakeNullLogger()});
    if (package.ok()) package_ = *std::move(package);
    return package.status();
  }

  CallContext Context(size_t actor, size_t skill, absl::Duration timeout) const {
    CallContext context;
    context.skill_set = package_->offers()[actor].skill_sets[0];
    context.skill = &context.skill_set->skills()[skill];
    context.deadline = timeout == absl::InfiniteDuration() ? absl::InfiniteFuture() : absl::Now() + timeout;
    context.caller = "uid:1000";
    return context;
  }
  std::shared_ptr<HostileCall> Begin(size_t actor, const std::string& words,
                                     absl::Duration timeout = absl::InfiniteDuration()) {
    auto call = std::make_shared<HostileCall>();
    package_->offers()[actor].provider->CallUnary(Context(actor, 0, timeout), MakePayload(words), call->Done(call));
    return call;
  }
  // What the bad actor answers, or the status.
  std::string Do(const std::string& words, absl::Duration timeout = absl::InfiniteDuration()) {
    const UnaryResult result = Begin(0, words, timeout)->Await();
    return result.status.ok() ? PayloadToString(result.response) : result.status.ToString();
  }
  // Calls the bad actor until it answers; false if it does not.
  bool AwaitRecovery() {
    for (const absl::Time end = absl::Now() + 2 * kTestPatience; absl::Now() < end; std::this_thread::yield()) {
      if (package_->offers()[0].provider->available() && Do("echo x") == "x") return true;
    }
    return false;
  }
  v1::ActorInfo Info(size_t actor = 0) const { return package_->actors()[actor]; }

  const std::shared_ptr<ActorExecutor> executor_ = std::make_shared<ActorExecutor>();
  std::optional<TemporaryDirectory> dir_;
  v1::Manifest manifest_;
  std::unique_ptr<RunningPackage> package_;
};

}  // namespace paranet

#endif  // PARANET_TESTS_ISOLATION_HOSTILE_PACKAGE_H_
