// Revocation lists: what RevocationLists::With takes and what it does not.
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_replace.h"
#include "pki/testutil/case_maker.h"

namespace paranet::pki {
namespace {

using namespace std::string_literals;

class ListCases {
 public:
  explicit ListCases(CaseMaker& maker) : maker_(maker) {}

  void Make() {
    const auto as_is = [](ListForgery&) {};
    Change("good", as_is, "OK", "");
    Add("list_of_the_root", acme_.List(true, as_is), "OK", "");
    Form();
    Contents();
    Signers();
    Numbers();
    Times();
  }

 private:
  using ListChange = std::function<void(ListForgery&)>;

  void AddPem(const std::string& name, const std::string& pem, const std::string& outcome, const std::string& says,
              std::map<std::string, std::string> files = {}, absl::Duration at = absl::ZeroDuration()) {
    files.emplace("list.pem", pem);
    files.emplace("roots.pem", acme_.root.ToPem());
    files.emplace("authorities.pem", acme_.authority.ToPem());
    maker_.Add(name,
               {{"about", "list"}, {"time", FormatCaseTime(acme_.now + at)}, {"outcome", outcome}, {"says", says}},
               files);
  }
  void Add(const std::string& name, const std::string& der, const std::string& outcome, const std::string& says,
           std::map<std::string, std::string> files = {}, absl::Duration at = absl::ZeroDuration()) {
    AddPem(name, ToPemBlock("X509 CRL", der), outcome, says, std::move(files), at);
  }
  void Change(const std::string& name, const ListChange& change, const std::string& outcome, const std::string& says) {
    Add("list_" + name, acme_.List(false, change), outcome, says);
  }

  void Form() {
    const std::string der = acme_.List(false, [](ListForgery&) {});
    Add("list_truncated", der.substr(0, der.size() - 1), "INVALID_ARGUMENT", "not in DER");
    Add("list_with_more_behind", der + "\0"s, "INVALID_ARGUMENT", "not in DER");
    Add("list_that_is_a_certificate", acme_.authority.ToDer(), "INVALID_ARGUMENT", "no revocation list");
    AddPem("list_pem_of_a_certificate", acme_.authority.ToPem(), "INVALID_ARGUMENT", "is not a \"X509 CRL\"");
    const std::string pem = ToPemBlock("X509 CRL", der);
    AddPem("list_pem_truncated", pem.substr(0, pem.size() / 2), "INVALID_ARGUMENT", "damaged");
    AddPem("list_pem_twice", pem + pem, "INVALID_ARGUMENT", "more than 1");
  }

  void Contents() {
    const auto raw = [](const std::string& numbers, bool critical, const std::string& der) {
      return [=](ListForgery& f) { f.extensions = {{numbers, critical, der}}; };
    };
    const std::string invalid = "INVALID_ARGUMENT";
    Change(
        "without_number", [](ListForgery& f) { f.number.reset(); }, invalid, "no cRLNumber");
    Change(
        "number_critical", [](ListForgery& f) { f.critical_number = true; }, invalid, "cRLNumber is critical");
    Change("delta", raw("2.5.29.27", true, "\x02\x01\x01"s), invalid, "delta");
    Change("of_some_only", raw("2.5.29.28", true, "\x30\x03\x81\x01\xff"s), invalid, "only some");
    Change("unknown_critical", raw("1.2.3.4", true, "x"), invalid, "1.2.3.4 is critical");
    Change("unknown_not_critical", raw("1.2.3.4", false, "x"), "OK", "");
    Change("duplicate_extension", raw("2.5.29.20", false, "\x02\x01\x09"s), invalid, "comes twice");
    Change(
        "duplicate_serial",
        [](ListForgery& f) {
          f.entries = {{"\x01", f.this_update, {}}, {"\x01", f.this_update, {}}};
        },
        invalid, "01 comes twice");
    Change(
        "indirect",
        [](ListForgery& f) {
          f.entries = {{"\x01", f.this_update, {{"2.5.29.29", true, "\x30\x00"s}}}};
        },
        invalid, "indirect");
    Change(
        "entry_unknown_critical",
        [](ListForgery& f) {
          f.entries = {{"\x01", f.this_update, {{"1.2.3.4", true, "x"}}}};
        },
        invalid, "1.2.3.4 is critical");
    Change(
        "entry_unknown_reason",
        [](ListForgery& f) {
          f.entries = {{"\x01", f.this_update, {{"2.5.29.21", false, "\x0a\x01\x07"s}}}};
        },
        invalid, "reason 7");
  }

  void Signers() {
    const auto as_is = [](ListForgery&) {};
    const std::string denied = "PERMISSION_DENIED";
    Change(
        "unsigned", [](ListForgery& f) { f.break_signature = true; }, denied, "signed by none");
    Change(
        "sha384", [](ListForgery& f) { f.digest = EVP_sha384(); }, denied, "signed by none");
    Change(
        "sha1", [](ListForgery& f) { f.digest = EVP_sha1(); }, denied, "signed by none");
    Change(
        "without_key_identifier", [](ListForgery& f) { f.authority_key_id = ""; }, denied, "signed by none");
    const CaseNetwork other("other");
    Add("list_of_another_network", other.List(false, as_is), denied, "signed by none");
    const CaseNetwork impostor("acme");
    Add("list_of_an_authority_of_the_same_name", impostor.List(false, as_is), denied, "signed by none");
    Add("list_of_an_authority_of_another_root", impostor.List(false, as_is), denied, "no trusted root",
        {{"authorities.pem", impostor.authority.ToPem()}});
    ListForgery forgery;
    forgery.this_update = acme_.now;
    const Certificate leaf = *Certificate::FromDer(acme_.Leaf([](Forgery& f) { f.key_usage = {0, 6}; }));
    Add("list_of_a_leaf", ForgeListDer(forgery, leaf, acme_.leaf_key.get()), denied, "",
        {{"authorities.pem", leaf.ToPem()}});
    const Certificate mute = *Certificate::FromDer(acme_.Authority([](Forgery& f) { f.key_usage = {5}; }));
    Add("list_of_one_that_may_not_sign_lists", ForgeListDer(forgery, mute, acme_.authority_key.get()), denied, "",
        {{"authorities.pem", mute.ToPem()}});
    Add("list_of_an_expired_authority", acme_.List(false, as_is), denied, "check the clock",
        {{"authorities.pem", Certificate::FromDer(acme_.Authority([&](Forgery& f) {
                               f.not_after = acme_.now - absl::Minutes(1);
                             }))->ToPem()}});
    const std::string revoked = acme_.List(true, [](ListForgery& f) {
      f.entries = {{"\x11\x22\x33\x44", f.this_update, {}}};
    });
    Add("list_of_a_revoked_authority", acme_.List(false, as_is), denied, "has been revoked",
        {{"have_1.pem", ToPemBlock("X509 CRL", revoked)}});
  }

  void Numbers() {
    const std::map<std::string, std::string> have = {
        {"have_1.pem", ToPemBlock("X509 CRL", acme_.List(false, [](ListForgery& f) { f.number = 16; }))}};
    const auto numbered = [&](uint64_t number) {
      return acme_.List(false, [&](ListForgery& f) { f.number = number; });
    };
    Add("list_newer", numbered(17), "OK", "", have);
    Add("list_rolled_back", numbered(15), "FAILED_PRECONDITION", "is older than the one there", have);
    Add("list_of_the_same_number", numbered(16), "FAILED_PRECONDITION", "differs", have);
    AddPem("list_there_already", have.at("have_1.pem"), "ALREADY_EXISTS", "already", have);
  }

  void Times() {
    const std::string failed = "FAILED_PRECONDITION";
    const std::string from_now = acme_.List(false, [&](ListForgery& f) { f.this_update = acme_.now; });
    Add("list_with_a_clock_60_s_slow", from_now, "OK", "", {}, -absl::Seconds(60));
    Add("list_with_a_clock_61_s_slow", from_now, failed, "check the clocks", {}, -absl::Seconds(61));
    const auto tomorrow = [&](ListForgery& f) {
      f.this_update = acme_.now + absl::Hours(24);
      f.next_update = acme_.now + absl::Hours(48);
    };
    Change("of_tomorrow", tomorrow, failed, "check the clocks");
    Change(
        "expired", [&](ListForgery& f) { f.next_update = acme_.now - absl::Seconds(1); }, failed, "was good until");
    Change(
        "good_until_now", [&](ListForgery& f) { f.next_update = acme_.now; }, "OK", "");
    Change(
        "ending_before_it_begins", [](ListForgery& f) { f.next_update = f.this_update - absl::Seconds(1); },
        "INVALID_ARGUMENT", "nextUpdate");
  }

  CaseMaker& maker_;
  const CaseNetwork acme_;
};

}  // namespace

void MakeListCases(CaseMaker& maker) { ListCases(maker).Make(); }

}  // namespace paranet::pki
