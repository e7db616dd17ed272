#include "pki/enrolment/peer_address.h"

#include "gtest/gtest.h"

namespace paranet::pki {
namespace {

TEST(PeerAddressTest, PortsDoNotTellPartiesApart) {
  EXPECT_EQ(PartyOfPeer("ipv4:10.0.0.1:4711"), "10.0.0.1");
  EXPECT_EQ(PartyOfPeer("ipv4:10.0.0.1:1"), PartyOfPeer("ipv4:10.0.0.1:65535"));
  EXPECT_NE(PartyOfPeer("ipv4:10.0.0.1:1"), PartyOfPeer("ipv4:10.0.0.2:1"));
}

TEST(PeerAddressTest, OneNetworkOfIpv6IsOneParty) {
  EXPECT_EQ(PartyOfPeer("ipv6:%5B2001:db8:1:2:3:4:5:6%5D:4711"), "2001:db8:1:2::/64");
  EXPECT_EQ(PartyOfPeer("ipv6:[2001:db8:1:2::9]:1"), "2001:db8:1:2::/64");
  EXPECT_NE(PartyOfPeer("ipv6:[2001:db8:1:3::9]:1"), "2001:db8:1:2::/64");
  EXPECT_EQ(PartyOfPeer("ipv6:%5Bfe80::1%25eth0%5D:1"), "fe80::/64");
  EXPECT_EQ(PartyOfPeer("ipv6:%5B::1%5D:1"), "::/64");
}

TEST(PeerAddressTest, MappedIpv4IsIpv4) { EXPECT_EQ(PartyOfPeer("ipv6:%5B::ffff:10.0.0.1%5D:7"), "10.0.0.1"); }

TEST(PeerAddressTest, AnythingElseIsItself) {
  for (const char* peer : {"unix:/tmp/x", "", "ipv6:", "ipv6:nonsense", "ipv6:[zz]:1", "?"}) {
    EXPECT_EQ(PartyOfPeer(peer), peer);
  }
}

}  // namespace
}  // namespace paranet::pki
