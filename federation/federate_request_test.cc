#include "federation/federate_request.h"

#include "core/base/status_testutil.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using testing::HasSubstr;

v1::FederateRequest Request(const std::string& peer, const std::string& address, int mode) {
  v1::FederateRequest request;
  request.set_peer(peer);
  request.set_address(address);
  request.set_mode(static_cast<v1::LinkMode>(mode));
  return request;
}

TEST(FederateRequest, BecomesARecord) {
  const absl::Time now = absl::FromUnixMillis(42);
  ASSERT_OK_AND_ASSIGN(const LinkRecord record,
                       CheckFederateRequest("alpha", Request("beta", "host:65535", v1::BIDIRECTIONAL), now));
  EXPECT_EQ(record.peer, "beta");
  EXPECT_EQ(record.address, "host:65535");
  EXPECT_EQ(record.mode, v1::BIDIRECTIONAL);
  EXPECT_TRUE(record.dialler);
  EXPECT_EQ(record.created_unix_ms, 42);
  EXPECT_EQ(CheckFederateRequest("alpha", Request("beta", "[::1]:1", 0), now)->mode, v1::ONE_WAY);
}

TEST(FederateRequest, WhatMakesNoSenseIsRefused) {
  const auto check = [](const std::string& peer, const std::string& address, int mode) {
    return CheckFederateRequest("alpha", Request(peer, address, mode), absl::UnixEpoch()).status();
  };
  EXPECT_THAT(check("alpha", "host:1", 1), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("itself")));
  EXPECT_THAT(check("Be ta", "host:1", 1), StatusIs(absl::StatusCode::kInvalidArgument));
  for (const std::string address : {"", "host", ":1", "host:", "host:0", "host:65536", "host:x"}) {
    EXPECT_THAT(check("beta", address, 1), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("HOST:PORT")));
  }
  EXPECT_THAT(check("beta", "host:1", 7), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("mode 7")));
}

}  // namespace
}  // namespace paranet
