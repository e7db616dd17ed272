// The public cases of x509-limbo against our path validation (pki/path/path_validation.h), which VerifyChain is built
// on.
//
// The suite is data beside the repository, not part of it: ../shared/suites/x509-limbo/limbo.json relative to the root
// of the source tree, or $PARANET_LIMBO. Without it the test says so and counts as not run.
//
// Whether a certificate is for the host or address that somebody wants to talk to is not path validation (RFC 6125) and
// not a question that a node ever asks: the suite does, so the answer is here. Names of mailboxes are not compared.
#include <arpa/inet.h>
#include <stdlib.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/file.h"
#include "core/base/status_testutil.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "pki/certificate.h"
#include "pki/path/host_name.h"
#include "pki/path/path_building.h"
#include "pki/path/path_validation.h"
#include "pki/revocation_list.h"
#include "pki/revocation_lists.h"
#include "pki/verify_outcome.h"

namespace paranet::pki {
namespace {

using Value = google::protobuf::Value;
using Case = google::protobuf::Struct;

// No false accept may ever occur in these, listed or not.
constexpr absl::string_view kStrictGroups[] = {"pathlen", "rfc5280", "cve", "crl", "pathological"};

// The root of the source tree: where a file that Bazel has put among the runfiles really is.
std::string Root() {
  const std::string declared = absl::StrCat(getenv("TEST_SRCDIR"), "/", getenv("TEST_WORKSPACE"), "/WORKSPACE");
  const std::unique_ptr<char, decltype(&free)> real(realpath(declared.c_str(), nullptr), &free);
  if (real == nullptr) return ".";
  return std::string(absl::StripSuffix(real.get(), "/WORKSPACE"));
}

std::string Text(const Case& test, const std::string& field) {
  const auto found = test.fields().find(field);
  return found == test.fields().end() ? "" : found->second.string_value();
}

std::vector<std::string> Texts(const Case& test, const std::string& field) {
  std::vector<std::string> texts;
  for (const Value& value : test.fields().at(field).list_value().values()) texts.push_back(value.string_value());
  return texts;
}

std::vector<Certificate> Certificates(const Case& test, const std::string& field) {
  std::vector<Certificate> certificates;
  for (const std::string& pem : Texts(test, field)) {
    absl::StatusOr<Certificate> certificate = Certificate::FromPem(pem);
    if (certificate.ok()) certificates.push_back(*std::move(certificate));
  }
  return certificates;
}

bool IsForHost(const Certificate& leaf, absl::string_view host) {
  return absl::c_any_of(leaf.dns_names(), [&](absl::string_view name) {
    if (absl::EqualsIgnoreCase(name, host)) return true;
    const size_t dot = host.find('.');
    return absl::ConsumePrefix(&name, "*.") && dot != absl::string_view::npos && absl::StrContains(name, '.') &&
           absl::EqualsIgnoreCase(name, host.substr(dot + 1));
  });
}

bool IsForAddress(const Certificate& leaf, const std::string& address) {
  unsigned char octets[sizeof(in6_addr)];
  char text[INET6_ADDRSTRLEN];
  const int family = absl::StrContains(address, ':') ? AF_INET6 : AF_INET;
  return inet_pton(family, address.c_str(), octets) == 1 && inet_ntop(family, octets, text, sizeof(text)) != nullptr &&
         absl::c_linear_search(leaf.ip_addresses(), std::string(text));
}

bool IsForPeer(const Certificate& leaf, const Value& peer) {
  if (!peer.has_struct_value()) return true;
  const std::string kind = Text(peer.struct_value(), "kind");
  const std::string value = Text(peer.struct_value(), "value");
  if (kind == "DNS") return IsForHost(leaf, value);
  if (kind == "IP") return IsForAddress(leaf, value);
  return true;
}

// Lists that none of the certificates has signed, or that are no lists, are not there.
std::shared_ptr<const RevocationLists> Lists(const Case& test, const std::vector<Certificate>& authorities,
                                             absl::Time now) {
  std::shared_ptr<const RevocationLists> lists = RevocationLists::Empty();
  for (const std::string& pem : Texts(test, "crls")) {
    const absl::StatusOr<RevocationList> list = RevocationList::FromPem(pem);
    for (const Certificate& authority : authorities) {
      if (!list.ok()) break;
      if (auto more = lists->WithListOf(authority, *list, now); more.ok()) lists = *more;
    }
  }
  return lists;
}

// What became of a case: empty if it was accepted, else why not.
std::string Refusal(const Case& test) {
  const absl::StatusOr<Certificate> leaf = Certificate::FromPem(Text(test, "peer_certificate"));
  if (!leaf.ok()) return std::string(leaf.status().message());
  const std::vector<Certificate> anchors = Certificates(test, "trusted_certs");
  const std::vector<Certificate> pool = Certificates(test, "untrusted_intermediates");

  PathOptions options;
  options.time = absl::Now();
  if (const std::string time = Text(test, "validation_time"); !time.empty()) {
    std::string error;
    if (!absl::ParseTime(absl::RFC3339_full, time, &options.time, &error)) return error;
  }
  options.key_usages = Texts(test, "key_usage");
  options.extended_key_usages = Texts(test, "extended_key_usage");
  options.extended_key_usages.emplace_back(Text(test, "validation_kind") == "CLIENT" ? "clientAuth" : "serverAuth");
  if (const Value& depth = test.fields().at("max_chain_depth"); depth.has_number_value()) {
    options.max_authorities = static_cast<size_t>(depth.number_value());
  }
  std::vector<Certificate> authorities = anchors;
  authorities.insert(authorities.end(), pool.begin(), pool.end());
  const std::shared_ptr<const RevocationLists> lists = Lists(test, authorities, options.time);
  options.revocations = lists.get();
  // Who hands over lists wants them to be asked.
  options.require_revocation_list = !Texts(test, "crls").empty();

  const BuiltPath built = BuildPath(*leaf, pool, anchors, options, PathLimits());
  if (!built.result.ok()) {
    return absl::StrCat(OutcomeName(built.result.outcome), " at ", built.result.index, ": ", built.result.diagnostic);
  }
  if (!IsForPeer(*leaf, test.fields().at("expected_peer_name"))) return "it is for other hosts";
  for (const Value& peer : test.fields().at("expected_peer_names").list_value().values()) {
    if (!IsForPeer(*leaf, peer)) return "it is for other peers";
  }
  return "";
}

// Lines `false-reject ID: reason` and `false-accept ID: reason` of limbo_exclusions.txt.
std::map<std::string, std::string> Exclusions() {
  const absl::StatusOr<std::string> text = ReadFile(
      absl::StrCat(getenv("TEST_SRCDIR"), "/", getenv("TEST_WORKSPACE"), "/tests/interop/limbo_exclusions.txt"));
  EXPECT_OK(text);
  std::map<std::string, std::string> exclusions;
  if (!text.ok()) return exclusions;
  for (absl::string_view line : absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
    if (line[0] == '#') continue;
    const std::pair<std::string, std::string> parts = absl::StrSplit(line, absl::MaxSplits(": ", 1));
    EXPECT_FALSE(parts.second.empty()) << "an exclusion without a reason: " << line;
    EXPECT_TRUE(exclusions.insert(parts).second) << "twice: " << line;
  }
  return exclusions;
}

struct Tally {
  int expected = 0;
  int false_accept = 0;
  int false_reject = 0;
  int skipped = 0;
};

void Print(const std::string& name, const Tally& tally) {
  std::printf("%-14s %8d %13d %13d %8d\n", name.c_str(), tally.expected, tally.false_accept, tally.false_reject,
              tally.skipped);
}

TEST(LimboTest, DecidesAsTheSuiteDoesOrSaysWhyNot) {
  const char* given = getenv("PARANET_LIMBO");
  const std::string path = given != nullptr ? given : absl::StrCat(Root(), "/../shared/suites/x509-limbo/limbo.json");
  const absl::StatusOr<std::string> json = ReadFile(path);
  if (!json.ok() && given == nullptr) GTEST_SKIP() << "not run: the suite x509-limbo is not at " << path;
  ASSERT_OK(json);
  Case suite;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(*json, &suite).ok()) << path << " is no JSON";

  std::map<std::string, std::string> exclusions = Exclusions();
  std::map<std::string, Tally> tallies;
  for (const Value& value : suite.fields().at("testcases").list_value().values()) {
    const Case& test = value.struct_value();
    const std::string id = Text(test, "id");
    const std::string group = id.substr(0, id.find("::"));
    const std::string refusal = Refusal(test);
    const bool accepted = refusal.empty();
    if (accepted == (Text(test, "expected_result") == "SUCCESS")) {
      ++tallies[group].expected;
      continue;
    }
    ++(accepted ? tallies[group].false_accept : tallies[group].false_reject);
    const std::string what = absl::StrCat(accepted ? "false-accept " : "false-reject ", id);
    EXPECT_TRUE(!accepted || !absl::c_linear_search(kStrictGroups, group)) << what;
    EXPECT_EQ(exclusions.erase(what), 1u) << what << ": " << refusal << " is not in limbo_exclusions.txt";
  }
  for (const auto& [what, reason] : exclusions) {
    ADD_FAILURE() << what << " is in limbo_exclusions.txt and does not occur any more: take it out";
  }

  std::printf("%-14s %8s %13s %13s %8s\n", "x509-limbo", "expected", "false accept", "false reject", "skipped");
  Tally all;
  for (const auto& [group, tally] : tallies) {
    Print(group, tally);
    all.expected += tally.expected;
    all.false_accept += tally.false_accept;
    all.false_reject += tally.false_reject;
    all.skipped += tally.skipped;
  }
  Print("all", all);
  EXPECT_GT(all.expected, 0);
}

}  // namespace
}  // namespace paranet::pki
