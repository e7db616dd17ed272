#include "core/node/listen_address.h"

#include <string>

#include "core/base/status_testutil.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(ListenAddress, Ipv4) {
  ASSERT_OK_AND_ASSIGN(ListenAddress address, ListenAddress::Parse("10.1.2.3:7000"));
  EXPECT_EQ(address.host, "10.1.2.3");
  EXPECT_EQ(address.port, 7000);
  EXPECT_FALSE(address.loopback());
  EXPECT_EQ(address.ToString(), "10.1.2.3:7000");
}

TEST(ListenAddress, Ipv6IsWrittenCanonicallyInBrackets) {
  ASSERT_OK_AND_ASSIGN(ListenAddress address, ListenAddress::Parse("[FE80:0:0::1]:80"));
  EXPECT_EQ(address.ToString(), "[fe80::1]:80");
}

TEST(ListenAddress, LocalhostIsTheIpv4Loopback) {
  ASSERT_OK_AND_ASSIGN(ListenAddress address, ListenAddress::Parse("localhost:0"));
  EXPECT_EQ(address.ToString(), "127.0.0.1:0");
}

TEST(ListenAddress, Loopback) {
  for (const char* text : {"127.0.0.1:0", "127.255.0.9:1", "[::1]:1", "[0:0:0:0:0:0:0:1]:1", "localhost:1"}) {
    ASSERT_OK_AND_ASSIGN(ListenAddress address, ListenAddress::Parse(text));
    EXPECT_TRUE(address.loopback()) << text;
  }
  // IPv4-mapped loopback is no loopback to us: fewer ways to be wrong.
  for (const char* text : {"0.0.0.0:0", "[::]:0", "128.0.0.1:0", "12.7.0.1:0", "[::2]:1", "[::ffff:127.0.0.1]:1"}) {
    ASSERT_OK_AND_ASSIGN(ListenAddress address, ListenAddress::Parse(text));
    EXPECT_FALSE(address.loopback()) << text;
  }
}

TEST(ListenAddress, ANameIsRefusedWithWhatToWrite) {
  EXPECT_THAT(
      ListenAddress::Parse("example.com:7000"),
      StatusIs(absl::StatusCode::kInvalidArgument,
               AllOf(HasSubstr("\"example.com:7000\""), HasSubstr("no IP address"), HasSubstr("0.0.0.0:7000"))));
}

TEST(ListenAddress, BadInput) {
  for (const char* text : {"",
                           ":",
                           "127.0.0.1",
                           "127.0.0.1:",
                           ":7000",
                           "127.0.0.1:65536",
                           "127.0.0.1:-1",
                           "127.0.0.1:+1",
                           "127.0.0.1: 1",
                           "127.0.0.1:1x",
                           "127.0.0.1:000001",
                           "127.1:1",
                           "::1:7000",
                           "[::1:7000",
                           "[::1]7000",
                           "[127.0.0.1]:1",
                           "[]:1",
                           "[::1]]:1",
                           "unix:/tmp/a:1",
                           "127.0.0.1:1:2",
                           "[fe80::1%eth0]:1"}) {
    EXPECT_THAT(ListenAddress::Parse(text), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("127.0.0.1:7000")))
        << text;
  }
}

}  // namespace
}  // namespace paranet
