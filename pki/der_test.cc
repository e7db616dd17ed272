#include "pki/der.h"

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "openssl/nid.h"
#include "openssl/x509.h"

namespace paranet::pki {
namespace {

using namespace std::string_literals;

TEST(IsDerTest, AcceptsDer) {
  EXPECT_TRUE(IsDer("\x02\x01\x05"s));                          // INTEGER 5
  EXPECT_TRUE(IsDer("\x30\x00"s));                              // empty SEQUENCE
  EXPECT_TRUE(IsDer("\x30\x06\x02\x01\x05\x02\x01\x06"s));      // SEQUENCE of two INTEGERs
  EXPECT_TRUE(IsDer("\xa0\x03\x02\x01\x05"s));                  // [0] EXPLICIT INTEGER
  EXPECT_TRUE(IsDer("\x04\x81\x80"s + std::string(128, 'x')));  // OCTET STRING with a long length
}

TEST(IsDerTest, RefusesWhatIsBerOrNothing) {
  EXPECT_FALSE(IsDer(""));
  EXPECT_FALSE(IsDer("\x02"s));
  EXPECT_FALSE(IsDer("\x02\x02\x05"s));                  // cut off
  EXPECT_FALSE(IsDer("\x02\x01\x05\x00"s));              // bytes behind the end
  EXPECT_FALSE(IsDer("\x02\x81\x01\x05"s));              // length of more octets than needed
  EXPECT_FALSE(IsDer("\x30\x80\x02\x01\x05\x00\x00"s));  // indefinite length
  EXPECT_FALSE(IsDer("\x24\x03\x04\x01x"s));             // constructed OCTET STRING
  EXPECT_FALSE(IsDer("\x30\x04\x02\x81\x01\x05"s));      // the same, one level down
  EXPECT_FALSE(IsDer("\x30\x03\x02\x02\x05"s));
}

TEST(IsDerTest, RefusesEndlessNesting) {
  std::string nested;
  for (int i = 0; i < 60; ++i) nested = std::string("\x30") + static_cast<char>(nested.size()) + nested;
  EXPECT_FALSE(IsDer(nested));
}

TEST(TimeTest, RoundTrip) {
  for (int year : {1950, 1999, 2000, 2049, 2050, 9999}) {
    const absl::Time time = absl::FromCivil(absl::CivilSecond(year, 12, 31, 23, 59, 58), absl::UTCTimeZone());
    unsigned tag = 0;
    const std::string text = EncodeTime(time, tag);
    EXPECT_EQ(tag == CBS_ASN1_UTCTIME, year < 2050);
    const absl::StatusOr<absl::Time> read = DecodeTime(text, tag == CBS_ASN1_UTCTIME);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, time) << text;
  }
}

TEST(TimeTest, RefusesOtherForms) {
  for (const char* text : {"", "Z", "260101120000", "2601011200Z", "260101120000+0100", "260230120000Z",
                           "261301120000Z", "260101240000Z", "26010112000 Z", "20260101120000Z"}) {
    EXPECT_FALSE(DecodeTime(text, true).ok()) << text;
  }
  for (const char* text : {"260101120000Z", "20491231235959Z", "20510101120000.5Z", "205101011200Z"}) {
    EXPECT_FALSE(DecodeTime(text, false).ok()) << text;
  }
}

TEST(IntegerTest, Hex) {
  EXPECT_EQ(IntegerToHex(""s), "00");
  EXPECT_EQ(IntegerToHex("\x00"s), "00");
  EXPECT_EQ(IntegerToHex("\x7f"s), "7f");
  EXPECT_EQ(IntegerToHex("\x00\x80"s), "80");
  EXPECT_EQ(IntegerToHex("\x01\x00"s), "0100");
  EXPECT_EQ(IntegerToHex("\xff"s), "-01");
  EXPECT_EQ(IntegerToHex("\x80"s), "-80");
  EXPECT_EQ(IntegerToHex("\xff\x00"s), "-0100");
}

TEST(OidTest, Text) {
  EXPECT_EQ(OidToText(ToCbs("\x55\x1d\x0f")), "2.5.29.15");
  EXPECT_EQ(OidToText(ToCbs("\x80")), "?");
}

TEST(NameTest, PrintsForPeopleAndForComparison) {
  const bssl::UniquePtr<X509_NAME> name(X509_NAME_new());
  const auto add = [&](int nid, absl::string_view text) {
    return X509_NAME_add_entry_by_NID(name.get(), nid, V_ASN1_UTF8STRING, reinterpret_cast<const uint8_t*>(text.data()),
                                      static_cast<int>(text.size()), -1, 0) == 1;
  };
  ASSERT_TRUE(add(NID_organizationName, "acme"));
  ASSERT_TRUE(add(NID_commonName, "al,pha"));
  EXPECT_EQ(NameToText(name.get()), "CN=al\\,pha,O=acme");
  EXPECT_TRUE(IsDer(NameToDer(name.get())));
}

}  // namespace
}  // namespace paranet::pki
