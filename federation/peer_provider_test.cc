#include "federation/peer_provider.h"

#include <memory>

#include "core/base/status_testutil.h"
#include "core/skill/provider_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::HasSubstr;

// A link that hands calls to a FakeProvider.
class FakeLink final : public PeerCalls {
 public:
  explicit FakeLink(std::shared_ptr<FakeProvider> provider) : provider_(std::move(provider)) {}
  std::shared_ptr<CallHandle> CallUnary(CallContext context, Payload request, UnaryDone done) override {
    return provider_->CallUnary(std::move(context), std::move(request), std::move(done));
  }
  void CallStream(CallContext context, std::shared_ptr<ServerStream> stream) override {
    provider_->CallStream(std::move(context), std::move(stream));
  }
  const std::shared_ptr<CallTally>& tally() const override { return tally_; }

 private:
  const std::shared_ptr<FakeProvider> provider_;
  const std::shared_ptr<CallTally> tally_ = std::make_shared<CallTally>();
};

TEST(PeerProvider, WithoutALinkIsUnavailable) {
  PeerProvider provider("beta");
  EXPECT_FALSE(provider.available());
  UnaryResult result;
  provider.CallUnary({}, MakePayload(""), [&](UnaryResult r) { result = std::move(r); })->Cancel();
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("beta")));
  EXPECT_TRUE(result.unprocessed);
  TestStreamCaller caller;
  provider.CallStream({}, caller.TakeStream());
  EXPECT_THAT(caller.WaitForStatus(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(provider.outstanding(), 0);
}

TEST(PeerProvider, CountsCallsThatAreOpen) {
  auto far = std::make_shared<FakeProvider>("far");
  PeerProvider provider("beta");
  provider.SetLink(std::make_shared<FakeLink>(far));
  EXPECT_TRUE(provider.available());
  UnaryResult result;
  provider.CallUnary({}, MakePayload("q"), [&](UnaryResult r) { result = std::move(r); });
  TestStreamCaller caller;
  provider.CallStream({}, caller.TakeStream());
  EXPECT_EQ(provider.outstanding(), 2);
  ASSERT_TRUE(far->WaitForCall()->Answer("a"));
  EXPECT_OK(result.status);
  EXPECT_EQ(provider.outstanding(), 1);
  far->WaitForStream()->stream->Finish(absl::OkStatus(), {});
  EXPECT_EQ(provider.outstanding(), 0);
  EXPECT_OK(caller.WaitForStatus());
}

TEST(PeerProvider, CallsMayOutliveTheirLinkAndTheProvider) {
  auto far = std::make_shared<FakeProvider>("far");
  auto provider = std::make_unique<PeerProvider>("beta");
  provider->SetLink(std::make_shared<FakeLink>(far));
  UnaryResult result{.status = absl::UnknownError("pending")};
  provider->CallUnary({}, MakePayload("q"), [&](UnaryResult r) { result = std::move(r); });
  provider->SetLink(nullptr);
  EXPECT_FALSE(provider->available());
  provider = nullptr;
  far->WaitForCall()->Answer("a");
  EXPECT_OK(result.status);
}

TEST(PeerProvider, ALinkThatWasReplacedIsIdleWhenItsCallsHaveEnded) {
  auto far = std::make_shared<FakeProvider>("far");
  PeerProvider provider("beta");
  auto older = std::make_shared<FakeLink>(far);
  provider.SetLink(older);
  UnaryResult result{.status = absl::UnknownError("pending")};
  provider.CallUnary({}, MakePayload("q"), [&](UnaryResult r) { result = std::move(r); });
  TestStreamCaller caller;
  provider.CallStream({}, caller.TakeStream());
  provider.SetLink(std::make_shared<FakeLink>(far));
  bool idle = false;
  older->tally()->OnIdle([&] { idle = true; });
  ASSERT_TRUE(far->WaitForCall()->Answer("a"));
  EXPECT_OK(result.status);
  EXPECT_FALSE(idle);
  far->WaitForStream()->stream->Finish(absl::OkStatus(), {});
  EXPECT_TRUE(idle);
}

}  // namespace
}  // namespace paranet
