#include "pki/revocation_list.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/certificate_issuer.h"
#include "pki/testutil/forge.h"
#include "pki/testutil/forge_list.h"

namespace paranet::pki {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

class RevocationListTest : public testing::Test {
 protected:
  RevocationListTest()
      : now_(absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()))),
        key_(*PrivateKey::Generate()),
        root_(*IssueRoot("acme", key_, {now_ - absl::Hours(1), now_ + absl::Hours(24)})) {
    contents_.number = 300;
    contents_.this_update = now_;
    contents_.next_update = now_ + absl::Hours(1);
    contents_.entries = {{"80a1b2c3", now_ - absl::Hours(2), RevocationReason::kKeyCompromise},
                         {"01", now_ - absl::Hours(3), RevocationReason::kUnspecified}};
  }

  std::string Forged(const std::function<void(ListForgery&)>& change) {
    ListForgery forgery;
    change(forgery);
    return ForgeListDer(forgery, network_.root, network_.root_key.get());
  }

  const absl::Time now_;
  const PrivateKey key_;
  const Certificate root_;
  RevocationListContents contents_;
  ForgedNetwork network_;
};

TEST_F(RevocationListTest, SaysWhatWasIssued) {
  ASSERT_OK_AND_ASSIGN(const RevocationList list, IssueRevocationList(root_, key_, contents_));
  EXPECT_EQ(list.issuer(), "CN=acme Network Root,O=acme");
  EXPECT_EQ(list.issuer_der(), root_.subject_der());
  EXPECT_EQ(list.authority_key_id(), root_.subject_key_id());
  EXPECT_EQ(list.number(), "12c");
  EXPECT_EQ(list.this_update(), now_);
  EXPECT_EQ(list.next_update(), now_ + absl::Hours(1));
  ASSERT_EQ(list.entries().size(), 2u);
  EXPECT_EQ(list.entries()[0].serial, "80a1b2c3");
  EXPECT_EQ(list.entries()[0].revoked_at, now_ - absl::Hours(2));
  EXPECT_EQ(list.entries()[0].reason, RevocationReason::kKeyCompromise);
  EXPECT_EQ(list.entries()[1].reason, RevocationReason::kUnspecified);
  EXPECT_TRUE(list.IsSignedBy(root_));
  EXPECT_FALSE(list.IsSignedBy(network_.root));

  ASSERT_NE(list.Find("01"), nullptr);
  EXPECT_EQ(list.Find("01")->revoked_at, now_ - absl::Hours(3));
  EXPECT_EQ(list.Find("02"), nullptr);
  EXPECT_EQ(list.Find("0001"), nullptr);
  EXPECT_EQ(list.Find(""), nullptr);
}

TEST_F(RevocationListTest, DerAndPemRoundTrip) {
  ASSERT_OK_AND_ASSIGN(const RevocationList list, IssueRevocationList(root_, key_, contents_));
  ASSERT_OK_AND_ASSIGN(const RevocationList der, RevocationList::FromDer(list.ToDer()));
  EXPECT_EQ(der, list);
  ASSERT_OK_AND_ASSIGN(const RevocationList pem, RevocationList::FromPem(list.ToPem()));
  EXPECT_EQ(pem, list);
  EXPECT_EQ(pem.fingerprint(), list.fingerprint());
  EXPECT_EQ(list.fingerprint().size(), 64u);
  EXPECT_THAT(RevocationList::FromPem(list.ToPem() + list.ToPem()), StatusIs(kInvalid));
  EXPECT_THAT(RevocationList::FromPem(root_.ToPem()), StatusIs(kInvalid));
}

TEST_F(RevocationListTest, EmptyListAndFarTimes) {
  contents_.entries.clear();
  contents_.next_update = absl::FromCivil(absl::CivilSecond(2051, 1, 2, 3, 4, 5), absl::UTCTimeZone());
  ASSERT_OK_AND_ASSIGN(const RevocationList list, IssueRevocationList(root_, key_, contents_));
  EXPECT_TRUE(list.entries().empty());
  EXPECT_EQ(list.next_update(), contents_.next_update);
}

TEST_F(RevocationListTest, TenThousandEntriesFitInAPemFile) {
  contents_.entries.clear();
  for (int i = 0; i < 10000; ++i) {
    contents_.entries.push_back({absl::StrFormat("%032x", 0x10000000 + i).replace(0, 1, "7"), now_, {}});
  }
  ASSERT_OK_AND_ASSIGN(const RevocationList list, IssueRevocationList(root_, key_, contents_));
  ASSERT_OK_AND_ASSIGN(const RevocationList read, RevocationList::FromPem(list.ToPem()));
  EXPECT_EQ(read.entries().size(), 10000u);
  EXPECT_TRUE(read.IsSignedBy(root_));
  for (const RevokedSerial& revoked : contents_.entries) ASSERT_NE(read.Find(revoked.serial), nullptr);
}

TEST_F(RevocationListTest, NumbersAreComparedAsNumbers) {
  const auto numbered = [&](uint64_t number) {
    contents_.number = number;
    return *IssueRevocationList(root_, key_, contents_);
  };
  EXPECT_TRUE(numbered(16).IsNewerThan(numbered(15)));
  EXPECT_TRUE(numbered(255).IsNewerThan(numbered(16)));
  EXPECT_TRUE(numbered(0xffffffffffffffff).IsNewerThan(numbered(0x8000000000000000)));
  EXPECT_FALSE(numbered(16).IsNewerThan(numbered(16)));
  EXPECT_FALSE(numbered(9).IsNewerThan(numbered(16)));
}

TEST_F(RevocationListTest, RefusesToIssueWhatIsNone) {
  const PrivateKey other = *PrivateKey::Generate();
  EXPECT_THAT(IssueRevocationList(root_, other, contents_), StatusIs(kInvalid, HasSubstr("key is not that of")));
  const auto refused = [&](const std::function<void(RevocationListContents&)>& change, const char* why) {
    RevocationListContents contents = contents_;
    change(contents);
    EXPECT_THAT(IssueRevocationList(root_, key_, contents), StatusIs(kInvalid, HasSubstr(why)));
  };
  refused([](auto& c) { c.number = 0; }, "from 1 on");
  refused([](auto& c) { c.next_update = c.this_update; }, "give an end after the beginning");
  refused([](auto& c) { c.next_update = absl::InfiniteFuture(); }, "give an end after the beginning");
  refused([](auto& c) { c.entries.push_back(c.entries[0]); }, "comes twice");
  for (const char* serial : {"", "1", "0X", "AB", "-01", "0001", "zz"}) {
    refused([&](auto& c) { c.entries[0].serial = serial; }, "cannot be on a revocation list");
  }
  refused([](auto& c) { c.entries[0].serial = std::string(42, 'a'); }, "cannot be on a revocation list");
  refused([](auto& c) { c.entries[0].reason = RevocationReason::kRemoveFromCrl; }, "cannot be on a revocation list");
  refused([](auto& c) { c.entries[0].revoked_at = absl::InfinitePast(); }, "cannot be on a revocation list");
}

TEST_F(RevocationListTest, OnlyAuthoritiesSign) {
  const PrivateKey key = *PrivateKey::Generate();
  const Certificate authority =
      *IssueAuthority(key.public_key(), root_, key_, {now_ - absl::Hours(1), now_ + absl::Hours(24)});
  EXPECT_OK(IssueRevocationList(authority, key, contents_));
  const PrivateKey leaf_key = *PrivateKey::Generate();
  const Certificate leaf = *IssueLeaf({.identity = {"acme", Role::kNode, "alpha"}}, leaf_key.public_key(), authority,
                                      key, {now_ - absl::Hours(1), now_ + absl::Hours(2)});
  EXPECT_THAT(IssueRevocationList(leaf, leaf_key, contents_), StatusIs(kInvalid, HasSubstr("may not sign")));
}

TEST_F(RevocationListTest, RefusesTruncationAndAddition) {
  ASSERT_OK_AND_ASSIGN(const RevocationList list, IssueRevocationList(root_, key_, contents_));
  const std::string& der = list.ToDer();
  for (size_t size = 0; size < der.size(); ++size) {
    EXPECT_THAT(RevocationList::FromDer(der.substr(0, size)), StatusIs(kInvalid)) << size;
  }
  EXPECT_THAT(RevocationList::FromDer(der + "\0"s), StatusIs(kInvalid));
  EXPECT_THAT(RevocationList::FromDer(root_.ToDer()), StatusIs(kInvalid));
}

TEST_F(RevocationListTest, EveryByteCounts) {
  ASSERT_OK_AND_ASSIGN(const RevocationList list, IssueRevocationList(root_, key_, contents_));
  for (size_t i = 0; i < list.ToDer().size(); ++i) {
    for (char bit : {'\x01', '\x80'}) {
      std::string altered = list.ToDer();
      altered[i] ^= bit;
      const absl::StatusOr<RevocationList> read = RevocationList::FromDer(altered);
      if (read.ok()) {
        EXPECT_FALSE(read->IsSignedBy(root_)) << i;
      }
    }
  }
}

TEST_F(RevocationListTest, ReadsListsOfOthers) {
  const auto entry = [&](std::vector<Forgery::Extension> extensions) {
    return [=, this](ListForgery& f) { f.entries = {{"\x0b", now_, extensions}}; };
  };
  ASSERT_OK_AND_ASSIGN(
      const RevocationList hold,
      RevocationList::FromDer(Forged(entry(
          {{"2.5.29.21", true, "\x0a\x01\x06"s}, {"2.5.29.24", true, "anything"}, {"1.2.3.4", false, "anything"}}))));
  EXPECT_EQ(hold.Find("0b")->reason, RevocationReason::kCertificateHold);
  EXPECT_TRUE(hold.IsSignedBy(network_.root));
  ASSERT_OK_AND_ASSIGN(const RevocationList open,
                       RevocationList::FromDer(Forged([](ListForgery& f) { f.next_update.reset(); })));
  EXPECT_EQ(open.next_update(), absl::InfiniteFuture());
  EXPECT_OK(RevocationList::FromDer(Forged([](ListForgery& f) { f.extensions = {{"1.2.3.4", false, "x"}}; })));
}

TEST_F(RevocationListTest, RefusesWhatItCannotGoBy) {
  const std::pair<std::function<void(ListForgery&)>, const char*> cases[] = {
      {[](ListForgery& f) { f.number.reset(); }, "no cRLNumber"},
      {[](ListForgery& f) { f.critical_number = true; }, "cRLNumber is critical"},
      {[](ListForgery& f) {
         f.extensions = {{"1.2.3.4", true, "x"}};
       },
       "1.2.3.4 is critical and unknown"},
      {[](ListForgery& f) {
         f.extensions = {{"1.2.3.4", false, "x"}, {"1.2.3.4", false, "x"}};
       },
       "comes twice"},
      {[](ListForgery& f) {
         f.extensions = {{"2.5.29.27", true, "\x02\x01\x01"s}};
       },
       "delta list"},
      {[](ListForgery& f) {
         f.extensions = {{"2.5.29.28", true, "\x30\x03\x81\x01\xff"s}};
       },
       "only some"},
      {[](ListForgery& f) { f.next_update = f.this_update - absl::Seconds(1); }, "nextUpdate is before"},
      {[](ListForgery& f) {
         f.entries = {{"\x0b", f.this_update, {}}, {"\x0b", f.this_update, {}}};
       },
       "0b comes twice"},
      {[](ListForgery& f) {
         f.entries = {{"\x0b", f.this_update, {{"2.5.29.29", true, "\x30\x00"s}}}};
       },
       "indirect"},
      {[](ListForgery& f) {
         f.entries = {{"\x0b", f.this_update, {{"1.2.3.4", true, "x"}}}};
       },
       "critical and unknown"},
      {[](ListForgery& f) {
         f.entries = {{"\x0b", f.this_update, {{"2.5.29.21", false, "\x0a\x01\x07"s}}}};
       },
       "reason 7"},
      {[](ListForgery& f) {
         f.entries = {{"\x0b", f.this_update, {{"2.5.29.21", false, "\x0a\x01\x08"s}}}};
       },
       "reason 8"},
      {[](ListForgery& f) {
         f.entries = {{"\x0b", f.this_update, {{"2.5.29.21", false, "\x02\x01\x01"s}}}};
       },
       "cannot be decoded"},
      {[](ListForgery& f) {
         f.number.reset();
         f.extensions = {{"2.5.29.20", false, "\x02\x01\xff"s}};
       },
       "2.5.29.20 cannot be decoded"},
      {[](ListForgery& f) {
         f.number.reset();
         f.extensions = {{"2.5.29.20", false, "\x02\x15\x01"s + std::string(20, '\0')}};
       },
       "more than 20 octets"},
      {[](ListForgery& f) {
         f.authority_key_id = "";
         f.extensions = {{"2.5.29.35", false, "\x04\x00"s}};
       },
       "2.5.29.35 cannot be decoded"},
  };
  for (const auto& [change, why] : cases) {
    EXPECT_THAT(RevocationList::FromDer(Forged(change)), StatusIs(kInvalid, HasSubstr(why)));
  }
}

TEST_F(RevocationListTest, VersionOneIsRefused) {
  EXPECT_THAT(RevocationList::FromDer(Forged([](ListForgery& f) {
                f.version = 0;
                f.number.reset();
                f.authority_key_id = "";
              })),
              StatusIs(kInvalid, HasSubstr("version 2")));
}

TEST_F(RevocationListTest, SignedOnlyByItsAuthority) {
  const auto forged = [&](const std::function<void(ListForgery&)>& change) {
    return *RevocationList::FromDer(Forged(change));
  };
  EXPECT_TRUE(forged([](ListForgery&) {}).IsSignedBy(network_.root));
  EXPECT_FALSE(forged([](ListForgery&) {}).IsSignedBy(network_.authority));
  EXPECT_FALSE(forged([](ListForgery& f) { f.break_signature = true; }).IsSignedBy(network_.root));
  EXPECT_FALSE(forged([](ListForgery& f) { f.authority_key_id = ""; }).IsSignedBy(network_.root));
  EXPECT_FALSE(forged([](ListForgery& f) { f.authority_key_id = "another"; }).IsSignedBy(network_.root));
  EXPECT_FALSE(forged([](ListForgery& f) { f.digest = EVP_sha384(); }).IsSignedBy(network_.root));
  // The same name and key identifier, another key.
  const ForgedKey key = ForgeP256Key();
  EXPECT_FALSE(ForgeList(ListForgery(), network_.root, key.get()).IsSignedBy(network_.root));
  // An authority that may not sign lists.
  Forgery root = Forgery::Root("acme");
  root.key_usage = {5};
  const Certificate mute = Forge(root, network_.root_key.get(), nullptr, network_.root_key.get());
  EXPECT_FALSE(ForgeList(ListForgery(), mute, network_.root_key.get()).IsSignedBy(mute));
}

TEST_F(RevocationListTest, Reasons) {
  EXPECT_EQ(RevocationReasonName(RevocationReason::kCaCompromise), "cACompromise");
  EXPECT_THAT(ParseRevocationReason("keyCompromise"), IsOkAndHolds(RevocationReason::kKeyCompromise));
  EXPECT_THAT(ParseRevocationReason("bored"), StatusIs(kInvalid, HasSubstr("superseded")));
}

}  // namespace
}  // namespace paranet::pki
