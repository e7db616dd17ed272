#include "pki/subject_alt_names.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "openssl/asn1.h"
#include "openssl/nid.h"
#include "openssl/x509.h"

namespace paranet::pki {
namespace {

using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

absl::StatusOr<SubjectAltNames> Decode(const std::string& der, int nid = NID_subject_alt_name) {
  const bssl::UniquePtr<ASN1_OCTET_STRING> value(ASN1_OCTET_STRING_new());
  EXPECT_EQ(ASN1_STRING_set(value.get(), der.data(), static_cast<int>(der.size())), 1);
  const bssl::UniquePtr<X509_EXTENSION> extension(X509_EXTENSION_create_by_NID(nullptr, nid, 0, value.get()));
  return DecodeSubjectAltNames(extension.get());
}

TEST(SubjectAltNamesTest, DecodesWhatItEncodes) {
  ASSERT_OK_AND_ASSIGN(const auto extension, EncodeSubjectAltNames({.dns_names = {"alpha.example", "localhost"},
                                                                    .ip_addresses = {"10.0.0.1", "2001:db8::1"},
                                                                    .uris = {"paranet://acme/node/alpha"}}));
  EXPECT_EQ(X509_EXTENSION_get_critical(extension.get()), 0);
  ASSERT_OK_AND_ASSIGN(const SubjectAltNames names, DecodeSubjectAltNames(extension.get()));
  EXPECT_THAT(names.dns_names, ElementsAre("alpha.example", "localhost"));
  EXPECT_THAT(names.ip_addresses, ElementsAre("10.0.0.1", "2001:db8::1"));
  EXPECT_THAT(names.uris, ElementsAre("paranet://acme/node/alpha"));
  EXPECT_EQ(names.other_names, 0u);
}

TEST(SubjectAltNamesTest, RefusesToEncodeNothingAndNoAddress) {
  EXPECT_THAT(EncodeSubjectAltNames({}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(EncodeSubjectAltNames({.ip_addresses = {"10.0.0"}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"10.0.0\" is no IP address")));
}

TEST(SubjectAltNamesTest, CountsNamesOfOtherKinds) {
  ASSERT_OK_AND_ASSIGN(const SubjectAltNames names, Decode("\x30\x08\x81\x03"
                                                           "a@b"
                                                           "\x82\x01"
                                                           "c"));
  EXPECT_EQ(names.other_names, 1u);
  EXPECT_THAT(names.dns_names, ElementsAre("c"));
}

TEST(SubjectAltNamesTest, RefusesWhatWouldMislead) {
  // A NUL, where a C string would end.
  EXPECT_THAT(Decode("\x30\x05\x82\x03"
                     "a\0b"s),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("printable ASCII")));
  EXPECT_THAT(Decode("\x30\x05\x86\x03"
                     "a b"s),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Decode("\x30\x05\x82\x03"
                     "a\xff"
                     "b"s),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Decode("\x30\x02\x82\x00"s), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("empty name")));
}

TEST(SubjectAltNamesTest, RefusesMalformedExtensions) {
  EXPECT_THAT(Decode(""), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Decode("\x30\x00"s), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no name")));
  EXPECT_THAT(Decode("\x30\x03\x82\x01"
                     "a"
                     "x"),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Decode("\x30\x04\x82\x81\x01"
                     "a"),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Decode("\x02\x01\x05"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Decode("\x30\x05\x87\x03\x01\x02\x03"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("3 octets")));
  EXPECT_THAT(Decode("\x30\x03\x82\x01"
                     "a",
                     NID_basic_constraints),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace paranet::pki
