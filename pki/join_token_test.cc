#include "pki/join_token.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "openssl/sha.h"

namespace paranet::pki {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

v1::JoinToken Fields() {
  v1::JoinToken fields;
  fields.set_network("acme");
  fields.set_node("beta");
  fields.set_endpoint("root.example:8443");
  fields.set_root_fingerprint(std::string(64, 'a'));
  fields.set_secret(std::string(32, '\x07'));
  fields.set_expires_unix(1'800'000'000);
  return fields;
}

std::string Text() { return JoinToken::Create(Fields())->ToText(); }

// A token of these bytes with a right checksum.
std::string TextOf(const std::string& message) {
  uint8_t digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const uint8_t*>(message.data()), message.size(), digest);
  return absl::StrCat("paranet-join-1.",
                      absl::WebSafeBase64Escape(message + std::string(reinterpret_cast<const char*>(digest), 8)));
}

TEST(JoinTokenTest, RoundTrip) {
  ASSERT_OK_AND_ASSIGN(const JoinToken token, JoinToken::Parse(Text()));
  EXPECT_EQ(token.fields().network(), "acme");
  EXPECT_EQ(token.fields().node(), "beta");
  EXPECT_EQ(token.fields().endpoint(), "root.example:8443");
  EXPECT_EQ(token.fields().root_fingerprint(), std::string(64, 'a'));
  EXPECT_EQ(token.fields().secret(), std::string(32, '\x07'));
  EXPECT_EQ(token.fields().expires_unix(), 1'800'000'000);
  EXPECT_EQ(token.ToText(), Text());
}

TEST(JoinTokenTest, IsOneWordForTheShell) {
  EXPECT_THAT(Text(), testing::MatchesRegex("paranet-join-1\\.[A-Za-z0-9_-]+"));
}

TEST(JoinTokenTest, SpaceAroundItDoesNotMatter) { EXPECT_OK(JoinToken::Parse(absl::StrCat(" \n", Text(), "\r\n"))); }

TEST(JoinTokenTest, SecretHashIsOfTheSecretAlone) {
  ASSERT_OK_AND_ASSIGN(const JoinToken token, JoinToken::Create(Fields()));
  v1::JoinToken other = Fields();
  other.set_node("gamma");
  ASSERT_OK_AND_ASSIGN(const JoinToken same_secret, JoinToken::Create(other));
  other.set_secret(std::string(32, '\x08'));
  ASSERT_OK_AND_ASSIGN(const JoinToken other_secret, JoinToken::Create(other));
  // sha256sum of 32 bytes 0x07.
  EXPECT_EQ(token.SecretHash(), "4bb06f8e4e3a7715d201d573d0aa423762e55dabd61a2c02278fa56cc6d294e0");
  EXPECT_EQ(same_secret.SecretHash(), token.SecretHash());
  EXPECT_NE(other_secret.SecretHash(), token.SecretHash());
}

TEST(JoinTokenTest, NoCharacterCanBeAltered) {
  const std::string text = Text();
  for (size_t i = 0; i < text.size(); ++i) {
    std::string altered = text;
    altered[i] = altered[i] == 'A' ? 'B' : 'A';
    EXPECT_THAT(JoinToken::Parse(altered),
                StatusIs(absl::StatusCode::kInvalidArgument, Not(HasSubstr(text.substr(20, 12)))))
        << i;
  }
}

TEST(JoinTokenTest, NothingCanBeCutOffOrAdded) {
  const std::string text = Text();
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_THAT(JoinToken::Parse(text.substr(0, size)), StatusIs(absl::StatusCode::kInvalidArgument)) << size;
    EXPECT_THAT(JoinToken::Parse(text.substr(text.size() - size)), StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_THAT(JoinToken::Parse(text + "A"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(JoinToken::Parse(text + "="), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(JoinToken::Parse(text.substr(0, 30) + " " + text.substr(30)),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(JoinToken::Parse(text + std::string(10'000, 'A')),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("too long")));
}

TEST(JoinTokenTest, SaysWhatElseItIs) {
  EXPECT_THAT(JoinToken::Parse("hello"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("paranet-join-1.")));
  EXPECT_THAT(JoinToken::Parse("paranet-join-2.AAAA"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("another version")));
  EXPECT_THAT(JoinToken::Parse(Text().substr(0, 60)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("cut off")));
}

TEST(JoinTokenTest, RefusesWhatIsNoMessageOfOurs) {
  EXPECT_THAT(JoinToken::Parse(TextOf("\xff\xff")), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("read")));
  // A field that nobody knows, and the same field twice: the bytes are not those of a token.
  std::string message = Fields().SerializeAsString();
  EXPECT_OK(JoinToken::Parse(TextOf(message)));
  EXPECT_THAT(JoinToken::Parse(TextOf(message + "\x78\x01")), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(JoinToken::Parse(TextOf(message + message)), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(JoinTokenTest, EachFieldIsChecked) {
  struct Case {
    const char* says;
    void (*spoil)(v1::JoinToken&);
  };
  const Case cases[] = {
      {"network", [](v1::JoinToken& f) { f.set_network("Acme"); }},
      {"network", [](v1::JoinToken& f) { f.clear_network(); }},
      {"node", [](v1::JoinToken& f) { f.set_node("../x"); }},
      {"fingerprint", [](v1::JoinToken& f) { f.set_root_fingerprint(std::string(63, 'a')); }},
      {"fingerprint", [](v1::JoinToken& f) { f.set_root_fingerprint(std::string(64, 'A')); }},
      {"secret", [](v1::JoinToken& f) { f.set_secret("short"); }},
      {"expires", [](v1::JoinToken& f) { f.set_expires_unix(0); }},
      {"expires", [](v1::JoinToken& f) { f.set_expires_unix(-1); }},
  };
  for (const Case& wrong : cases) {
    v1::JoinToken fields = Fields();
    wrong.spoil(fields);
    EXPECT_THAT(JoinToken::Create(fields), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(wrong.says)));
    EXPECT_THAT(JoinToken::Parse(TextOf(fields.SerializeAsString())),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(wrong.says)));
  }
}

TEST(JoinTokenTest, Endpoints) {
  const auto with = [](const std::string& endpoint) {
    v1::JoinToken fields = Fields();
    fields.set_endpoint(endpoint);
    return JoinToken::Create(std::move(fields)).status();
  };
  for (const char* good : {"localhost:1", "10.0.0.1:65535", "[::1]:8443", "a-b_c.example:80"}) {
    EXPECT_OK(with(good)) << good;
  }
  for (const char* bad : {"", "localhost", "localhost:", ":80", "localhost:0", "localhost:65536", "localhost:-1",
                          "localhost:+1", "::1:80", "[::1:80", "[]:80", "a b:80", "a/b:80", "a\n:80", "host: 80"}) {
    EXPECT_THAT(with(bad), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("HOST:PORT"))) << bad;
  }
  EXPECT_THAT(with(std::string(256, 'a') + ":80"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(JoinTokenTest, ErrorsNeverQuoteTheSecret) {
  v1::JoinToken fields = Fields();
  fields.set_secret("topsecret");
  EXPECT_THAT(JoinToken::Create(fields),
              StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("secret"), Not(HasSubstr("topsecret")))));
}

}  // namespace
}  // namespace paranet::pki
