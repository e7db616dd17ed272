// Leaves: who they say they are.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pki/testutil/case_maker.h"

namespace paranet::pki {
namespace {

using namespace std::string_literals;

class IdentityCases {
 public:
  explicit IdentityCases(CaseMaker& maker) : maker_(maker) {}

  void Make() {
    Uris();
    Roles();
    Names();
  }

 private:
  void Add(const std::string& name, const CaseNetwork::Change& change, const std::string& outcome,
           const std::string& says, const CaseMaker::Lines& further = {}) {
    CaseMaker::Lines lines = {
        {"about", "chain"}, {"time", FormatCaseTime(acme_.now)}, {"outcome", outcome}, {"index", "0"}, {"says", says}};
    lines.insert(lines.end(), further.begin(), further.end());
    maker_.Add(
        name, lines,
        {{"chain.pem", ToPemBlocks({acme_.Leaf(change), acme_.authority.ToDer()})}, {"roots.pem", acme_.root.ToPem()}});
  }
  void Uri(const std::string& name, const std::vector<std::string>& uris, const std::string& says,
           const std::string& outcome = "MISSING_IDENTITY") {
    Add(
        "uri_" + name, [&](Forgery& f) { f.uris = uris; }, outcome, says);
  }

  void Uris() {
    const std::string alpha = "paranet://acme/node/alpha";
    Uri("missing", {}, "0 URIs");
    Uri("twice", {alpha, "paranet://acme/node/beta"}, "2 URIs");
    Uri("the_same_twice", {alpha, alpha}, "2 URIs");
    Uri("of_another_scheme", {"spiffe://acme/node/alpha"}, "paranet://");
    Uri("upper_case_scheme", {"Paranet://acme/node/alpha"}, "paranet://");
    Uri("upper_case_name", {"paranet://acme/node/Alpha"}, "Alpha");
    Uri("with_port", {"paranet://acme:443/node/alpha"}, "is no identity");
    Uri("with_user", {"paranet://me@acme/node/alpha"}, "is no identity");
    Uri("with_query", {"paranet://acme/node/alpha?x"}, "is no identity");
    Uri("with_fragment", {"paranet://acme/node/alpha#x"}, "is no identity");
    Uri("with_escape", {"paranet://acme/node/%61lpha"}, "is no identity");
    Uri("with_slash_behind", {"paranet://acme/node/alpha/"}, "is no identity");
    Uri("with_another_segment", {"paranet://acme/node/alpha/x"}, "is no identity");
    Uri("with_dots", {"paranet://acme/node/../node/alpha"}, "is no identity");
    Uri("without_name", {"paranet://acme/node/"}, "is empty");
    Uri("without_role", {"paranet://acme"}, "no role");
    Uri("of_unknown_role", {"paranet://acme/admin/alpha"}, "no role");
    Uri("beginning_with_a_digit", {"paranet://acme/node/1alpha"}, "lower-case letter");
    Uri("of_64_characters", {"paranet://acme/node/" + std::string(64, 'a')}, "too long");
    Uri("with_space", {"paranet://acme/node/al pha"}, "printable ASCII", "UNREADABLE");
    Uri("with_nul", {"paranet://acme/node/alpha\0x"s}, "", "UNREADABLE");
    Uri("with_utf8", {"paranet://acme/node/\xc3\xa4lpha"}, "", "UNREADABLE");
    Uri("with_line_break", {"paranet://acme/node/alpha\n"}, "printable ASCII", "UNREADABLE");
    Uri("empty", {""}, "", "UNREADABLE");
    Add(
        "uri_of_another_network",
        [](Forgery& f) {
          f.uris = {"paranet://other/node/alpha"};
          f.organization = "other";
        },
        "WRONG_NETWORK", "its root speaks for acme");
    Uri("of_another_name_than_the_subject", {"paranet://acme/node/beta"}, "subject", "BAD_PROFILE");
    Add(
        "mailbox_beside_the_uri", [](Forgery& f) { f.emails = {"alpha@example.com"}; }, "BAD_PROFILE",
        "no URI, DNS name or address");
  }

  void Roles() {
    const auto usages = [](std::vector<std::string> names) {
      return [=](Forgery& f) { f.extended_key_usage = names; };
    };
    Add("extended_key_usage_missing", usages({}), "WRONG_ROLE", "as the role node has");
    Add("extended_key_usage_of_a_publisher", usages({"codeSigning"}), "WRONG_ROLE", "codeSigning");
    Add("extended_key_usage_of_an_operator", usages({"clientAuth"}), "WRONG_ROLE", "as the role node has");
    Add("extended_key_usage_and_more", usages({"serverAuth", "clientAuth", "codeSigning"}), "WRONG_ROLE",
        "codeSigning");
    Add("extended_key_usage_any", usages({"2.5.29.37.0"}), "WRONG_ROLE", "2.5.29.37.0");
    Add(
        "operator_where_a_node_is_accepted",
        [](Forgery& f) {
          f.uris = {"paranet://acme/operator/alpha"};
          f.extended_key_usage = {"clientAuth"};
        },
        "WRONG_ROLE", "is accepted");
    Add("operator_with_the_usages_of_a_node", [](Forgery& f) { f.uris = {"paranet://acme/operator/alpha"}; },
        "WRONG_ROLE", "as the role operator has", {{"roles", "operator"}});
  }

  void Names() {
    const auto as_is = [](Forgery&) {};
    Add("expected_name", as_is, "OK", "", {{"expected", "paranet://acme/node/alpha"}});
    Add("another_name_expected", as_is, "WRONG_NAME", "where paranet://acme/node/beta is expected",
        {{"expected", "paranet://acme/node/beta"}});
    Add("another_network_expected", as_is, "WRONG_NETWORK", "is expected",
        {{"expected", "paranet://other/node/alpha"}});
    Add("another_role_expected", as_is, "WRONG_ROLE", "is expected", {{"expected", "paranet://acme/operator/alpha"}});
  }

  CaseMaker& maker_;
  const CaseNetwork acme_;
};

}  // namespace

void MakeIdentityCases(CaseMaker& maker) { IdentityCases(maker).Make(); }

}  // namespace paranet::pki
