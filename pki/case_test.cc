// Each folder of testdata/cases is a test: what is in it, and what has to become of it (testutil/case_maker.h).
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "gtest/gtest.h"
#include "pki/certificate.h"
#include "pki/certificate_request.h"
#include "pki/identity.h"
#include "pki/revocation_list.h"
#include "pki/revocation_lists.h"
#include "pki/trust_store.h"
#include "pki/verify.h"

namespace paranet::pki {
namespace {

using ::testing::HasSubstr;

std::string CasesDir() {
  return absl::StrCat(getenv("TEST_SRCDIR"), "/", getenv("TEST_WORKSPACE"), "/pki/testdata/cases");
}

class CaseTest : public testing::Test {
 public:
  explicit CaseTest(std::string name) : dir_(absl::StrCat(CasesDir(), "/", name)) {}

  void TestBody() override {
    ASSERT_OK_AND_ASSIGN(const std::string text, ReadFile(absl::StrCat(dir_, "/expectation")));
    for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(": ", 1));
      ASSERT_EQ(parts.size(), 2u) << line;
      expectation_[parts[0]] = parts[1];
    }
    const std::string about = expectation_["about"];
    if (about == "chain") {
      TestChain();
    } else if (about == "list") {
      TestList();
    } else if (about == "request") {
      Expect(CertificateRequest::FromPem(Read("request.pem")).status());
    } else {
      FAIL() << "about \"" << about << "\"";
    }
  }

 private:
  std::string Read(const std::string& file) const {
    absl::StatusOr<std::string> content = ReadFile(absl::StrCat(dir_, "/", file));
    return content.ok() ? *std::move(content) : "";
  }
  std::vector<std::string> Words(const std::string& key) {
    return absl::StrSplit(expectation_[key], ' ', absl::SkipEmpty());
  }
  absl::Time Time() {
    absl::Time time;
    std::string error;
    EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, expectation_["time"], &time, &error)) << error;
    return time;
  }

  void Expect(const absl::Status& status) {
    EXPECT_EQ(absl::StatusCodeToString(status.code()), expectation_["outcome"]) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(expectation_["says"]));
    EXPECT_EQ(status.message().empty(), status.ok());
  }

  std::shared_ptr<const TrustStore> Trust() {
    const CertificateChain roots = *CertificateChain::FromPem(Read("roots.pem"));
    std::vector<TrustStore::Root> trusted;
    for (const Certificate& root : roots.certificates()) trusted.push_back({root, "", {}});
    for (const std::string& role : Words("trust_roles")) trusted[0].constraints.roles.push_back(*ParseRole(role));
    trusted[0].constraints.names = Words("trust_names");
    return *TrustStore::Create(std::move(trusted));
  }

  std::vector<Certificate> Authorities() const {
    const absl::StatusOr<CertificateChain> read = CertificateChain::FromPem(Read("authorities.pem"));
    return read.ok() ? read->certificates() : std::vector<Certificate>();
  }

  // The lists that were there before. They came when they were new.
  std::shared_ptr<const RevocationLists> Have(const TrustStore& trust) {
    std::shared_ptr<const RevocationLists> lists = RevocationLists::Empty();
    for (const char* file : {"have_1.pem", "have_2.pem"}) {
      const std::string pem = Read(file);
      if (pem.empty()) continue;
      const RevocationList list = *RevocationList::FromPem(pem);
      lists = *lists->With(list, trust, Authorities(), list.this_update());
    }
    return lists;
  }

  void TestList() {
    const std::shared_ptr<const TrustStore> trust = Trust();
    const std::shared_ptr<const RevocationLists> have = Have(*trust);
    const absl::StatusOr<RevocationList> list = RevocationList::FromPem(Read("list.pem"));
    if (!list.ok()) return Expect(list.status());
    Expect(have->With(*list, *trust, Authorities(), Time()).status());
  }

  void TestChain() {
    const absl::StatusOr<CertificateChain> chain = CertificateChain::FromPem(Read("chain.pem"));
    if (!chain.ok()) {
      EXPECT_EQ(expectation_["outcome"], "UNREADABLE") << chain.status();
      EXPECT_THAT(std::string(chain.status().message()), HasSubstr(expectation_["says"]));
      return;
    }
    const std::shared_ptr<const TrustStore> trust = Trust();
    const std::shared_ptr<const RevocationLists> lists = Have(*trust);
    VerifyOptions options;
    options.time = Time();
    for (const std::string& role : Words("roles")) options.roles.push_back(*ParseRole(role));
    if (options.roles.empty()) options.roles = {Role::kNode};
    if (!expectation_["expected"].empty()) options.expected = *Identity::Parse(expectation_["expected"]);
    options.revocations = lists.get();
    options.require_revocation_list = expectation_["require_list"] == "yes";
    const VerifyResult result = VerifyChain(*chain, *trust, options);
    EXPECT_EQ(OutcomeName(result.outcome), expectation_["outcome"]) << result.diagnostic;
    EXPECT_EQ(absl::StrCat(result.index), expectation_["index"]) << result.diagnostic;
    EXPECT_THAT(result.diagnostic, HasSubstr(expectation_["says"]));
    EXPECT_EQ(result.diagnostic.empty(), result.ok());
    EXPECT_EQ(result.ToStatus().ok(), result.ok());
  }

  const std::string dir_;
  std::map<std::string, std::string> expectation_;
};

int RegisterCases() {
  int cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(CasesDir())) {
    const std::string name = entry.path().filename().string();
    testing::RegisterTest("Case", name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [name]() -> testing::Test* { return new CaseTest(name); });
    ++cases;
  }
  return cases;
}

const int kCases = RegisterCases();

TEST(CasesTest, ThereAreMany) { EXPECT_GE(kCases, 80); }

}  // namespace
}  // namespace paranet::pki
