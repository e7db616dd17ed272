// Chains: their form, signatures, constraints and validity.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "pki/testutil/case_maker.h"

namespace paranet::pki {
namespace {

using namespace std::string_literals;

constexpr char kSha256Oid[] = "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
constexpr char kSha384Oid[] = "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03";

const CaseNetwork::Change kAsIs = [](Forgery&) {};

class ChainCases {
 public:
  explicit ChainCases(CaseMaker& maker) : maker_(maker) {}

  void Make() {
    Good();
    Form();
    Encoding();
    Signatures();
    Keys();
    Extensions();
    Authorities();
    Fields();
    NameConstraints();
    Validity();
    Revocation();
    Trust();
  }

 private:
  struct Case {
    std::string outcome;
    size_t index = 0;
    std::string says;
    absl::Duration at;
    CaseMaker::Lines further;
    std::map<std::string, std::string> files;
  };

  void AddPem(const std::string& name, const std::string& pem, Case expected) {
    CaseMaker::Lines lines = {{"about", "chain"},
                              {"time", FormatCaseTime(acme_.now + expected.at)},
                              {"outcome", expected.outcome},
                              {"index", absl::StrCat(expected.index)},
                              {"says", expected.says}};
    lines.insert(lines.end(), expected.further.begin(), expected.further.end());
    expected.files.emplace("chain.pem", pem);
    expected.files.emplace("roots.pem", acme_.root.ToPem());
    maker_.Add(name, lines, expected.files);
  }
  void Add(const std::string& name, const std::vector<std::string>& chain, Case expected) {
    AddPem(name, ToPemBlocks(chain), std::move(expected));
  }
  void Leaf(const std::string& name, const CaseNetwork::Change& change, Case expected) {
    Add(name, {acme_.Leaf(change), Authority()}, std::move(expected));
  }
  void Under(const std::string& name, const CaseNetwork::Change& change, Case expected) {
    Add(name, acme_.Below(change, kAsIs), std::move(expected));
  }
  std::string Authority() const { return acme_.authority.ToDer(); }

  void Good() {
    Leaf("good_node", kAsIs, {"OK"});
    Add("good_operator", {acme_.LeafOf(Role::kOperator), Authority()}, {"OK", 0, "", {}, {{"roles", "operator"}}});
    Add("good_publisher", {acme_.LeafOf(Role::kPublisher), Authority()}, {"OK", 0, "", {}, {{"roles", "publisher"}}});
    Add("good_enrolment_service", {acme_.LeafOf(Role::kRoot), Authority()}, {"OK", 0, "", {}, {{"roles", "root"}}});
    Leaf("good_with_host_names",
         [](Forgery& f) {
           f.dns_names = {"alpha.example.com", "xn--bcher-kva.example"};
           f.ip_addresses = {"\x0a\x00\x00\x01"s};
         },
         {"OK"});
    Leaf("good_unknown_extension", [](Forgery& f) { f.extensions = {{"1.3.6.1.4.1.99999.1", false, "x"}}; }, {"OK"});
    const CaseNetwork successor("acme");
    const std::string both = acme_.root.ToPem() + successor.root.ToPem();
    Add("good_while_the_root_changes", {successor.Leaf(), successor.authority.ToDer()},
        {"OK", 0, "", {}, {}, {{"roots.pem", both}}});
  }

  void Form() {
    AddPem("empty_file", "", {"UNREADABLE", 0, "no PEM block"});
    Add("leaf_alone", {acme_.Leaf()}, {"UNTRUSTED_ROOT", 0, "was not presented"});
    Add("wrong_order", {Authority(), acme_.Leaf()}, {"UNTRUSTED_ROOT", 1});
    Add("two_leaves", {acme_.Leaf(), acme_.Leaf(), Authority()}, {"NOT_AN_AUTHORITY", 1, "may not certify"});
    Add("authority_twice", {acme_.Leaf(), Authority(), Authority()}, {"MALFORMED", 2, "twice"});
    Add("root_in_the_chain", {acme_.Leaf(), Authority(), acme_.root.ToDer()}, {"MALFORMED", 2, "leave it out"});
    std::vector<std::string> many(5, acme_.Leaf());
    Add("five_certificates", many, {"PATH_TOO_LONG", 4, "more than 4"});
    Add("seventeen_certificates", std::vector<std::string>(17, acme_.Leaf()), {"UNREADABLE", 0, "more than 16"});
  }

  void Encoding() {
    const std::string leaf = acme_.Leaf();
    Add("der_truncated", {leaf.substr(0, leaf.size() - 1), Authority()}, {"UNREADABLE", 0, "not in DER"});
    Add("der_half", {leaf.substr(0, leaf.size() / 2), Authority()}, {"UNREADABLE", 0, "not in DER"});
    Add("der_with_more_behind", {leaf + "\0"s, Authority()}, {"UNREADABLE", 0, "not in DER"});
    Add("der_empty", {"", Authority()}, {"UNREADABLE", 0});
    Add("ber_indefinite_length", {"\x30\x80"s + leaf.substr(4) + "\0\0"s, Authority()},
        {"UNREADABLE", 0, "not in DER"});
    const std::string pem = ToPemBlock("CERTIFICATE", leaf);
    AddPem("pem_truncated", pem.substr(0, pem.size() / 2), {"UNREADABLE", 0, "damaged"});
    AddPem("pem_not_base64", absl::StrReplaceAll(pem, {{"M", "?"}}), {"UNREADABLE", 0, "damaged"});
    AddPem("pem_of_a_key", ToPemBlock("PRIVATE KEY", "secret"), {"UNREADABLE", 0, "is not a \"CERTIFICATE\""});
    AddPem("pem_with_headers", absl::StrReplaceAll(pem, {{"CATE-----\nM", "CATE-----\nProc-Type: 4,ENCRYPTED\n\nM"}}),
           {"UNREADABLE", 0, "has headers"});
    Leaf("duplicate_extension",
         [](Forgery& f) {
           f.extensions = {{"2.5.29.19", true, "\x30\x00"s}};
         },
         {"UNREADABLE", 0, "2.5.29.19 comes twice"});
    Leaf("duplicate_unknown_extension",
         [](Forgery& f) {
           f.extensions = {{"1.2.3.4", false, "x"}, {"1.2.3.4", false, "x"}};
         },
         {"UNREADABLE", 0, "1.2.3.4 comes twice"});
    Under("duplicate_extension_of_the_authority",
          [](Forgery& f) {
            f.extensions = {{"2.5.29.15", true, "\x03\x02\x01\x06"s}};
          },
          {"UNREADABLE", 0, "certificate 2: this is no certificate: extension 2.5.29.15 comes twice"});
    Leaf("key_usage_without_a_bit",
         [](Forgery& f) {
           f.key_usage.clear();
           f.extensions = {{"2.5.29.15", true, "\x03\x02\x07\x00"s}};
         },
         {"UNREADABLE", 0, "keyUsage"});
    Leaf("extended_key_usage_empty",
         [](Forgery& f) {
           f.extended_key_usage.clear();
           f.extensions = {{"2.5.29.37", false, "\x30\x00"s}};
         },
         {"UNREADABLE", 0, "extKeyUsage"});
    Leaf("path_length_of_no_authority",
         [](Forgery& f) {
           f.has_basic_constraints = false;
           f.extensions = {{"2.5.29.19", true, "\x30\x03\x02\x01\x00"s}};
         },
         {"UNREADABLE", 0, "basicConstraints"});
    std::string bad_time = leaf;
    bad_time.replace(bad_time.find("260102120000Z"), 13, "260230120000Z");
    Add("a_day_that_is_none", {bad_time, Authority()}, {"UNREADABLE", 0, "no time"});
  }

  void Signatures() {
    Leaf("signature_broken", [](Forgery& f) { f.break_signature = true; }, {"BAD_SIGNATURE", 0, "altered or forged"});
    Under("signature_of_the_authority_broken", [](Forgery& f) { f.break_signature = true; }, {"BAD_SIGNATURE", 1});
    const CaseNetwork other("acme");
    Forgery forgery = Forgery::Leaf({"acme", Role::kNode, "alpha"});
    forgery.not_before = acme_.now - absl::Hours(1);
    forgery.not_after = acme_.now + absl::Hours(1);
    Add("signed_by_a_wrong_key",
        {ForgeDer(forgery, acme_.leaf_key.get(), &acme_.authority, other.authority_key.get()), Authority()},
        {"BAD_SIGNATURE", 0, "has not signed it"});
    Add("root_of_the_same_name", {other.Leaf(), other.authority.ToDer()}, {"UNTRUSTED_ROOT", 1});
    const CaseNetwork stranger("other");
    Add("root_of_another_network", {stranger.Leaf(), stranger.authority.ToDer()},
        {"UNTRUSTED_ROOT", 1, "other Network Root"});
    Add("authority_of_another_root", {acme_.Leaf(), other.authority.ToDer()}, {"UNTRUSTED_ROOT", 1});
    Leaf("sha1", [](Forgery& f) { f.digest = EVP_sha1(); }, {"BAD_PROFILE", 0, "not ECDSA with SHA-256"});
    Leaf("sha384", [](Forgery& f) { f.digest = EVP_sha384(); }, {"BAD_PROFILE", 0, "not ECDSA with SHA-256"});
    Under("sha1_of_the_authority", [](Forgery& f) { f.digest = EVP_sha1(); }, {"BAD_PROFILE", 1, "SHA-256"});
    std::string outer = acme_.Leaf();
    outer.replace(outer.rfind(kSha256Oid), sizeof(kSha256Oid) - 1, kSha384Oid);
    Add("two_signature_algorithms", {outer, Authority()}, {"BAD_PROFILE", 0, "not ECDSA with SHA-256"});
    Leaf("issuer_of_another_name",
         [](Forgery& f) {
           f.issuer_organization = "acme";
           f.issuer_common_name = "acme Issuing authority";
         },
         {"UNTRUSTED_ROOT", 0, "not by"});
    Leaf("issuer_of_another_key_identifier", [](Forgery& f) { f.authority_key_id = std::string(20, 'x'); },
         {"UNTRUSTED_ROOT", 0});
  }

  void Keys() {
    const auto with_key = [&](const std::string& name, const ForgedKey& key, const std::string& says) {
      Forgery forgery = Forgery::Leaf({"acme", Role::kNode, "alpha"});
      forgery.not_before = acme_.now - absl::Hours(1);
      forgery.not_after = acme_.now + absl::Hours(1);
      Add(name, {ForgeDer(forgery, key.get(), &acme_.authority, acme_.authority_key.get()), Authority()},
          {"BAD_PROFILE", 0, says});
    };
    with_key("curve_p384", ForgeP384Key(), "ECDSA P-384");
    with_key("key_rsa", ForgeRsaKey(), "RSA 2048");
  }

  void Extensions() {
    const auto unknown = [](Forgery& f) { f.extensions = {{"1.3.6.1.4.1.99999.1", true, "x"}}; };
    Leaf("unknown_critical_extension", unknown, {"UNKNOWN_CRITICAL_EXTENSION", 0, "1.3.6.1.4.1.99999.1"});
    Under("unknown_critical_extension_of_the_authority", unknown, {"UNKNOWN_CRITICAL_EXTENSION", 1});
    Leaf("critical_policies",
         [](Forgery& f) {
           f.extensions = {{"2.5.29.32", true, "\x30\x00"s}};
         },
         {"UNKNOWN_CRITICAL_EXTENSION", 0, "2.5.29.32"});
    Under("policy_constraints_not_critical",
          [](Forgery& f) {
            f.extensions = {{"2.5.29.36", false, "\x30\x03\x80\x01\x00"s}};
          },
          {"BAD_PROFILE", 1, "2.5.29.36 is not critical"});
    Leaf("info_access_malformed",
         [](Forgery& f) {
           f.extensions = {{"1.3.6.1.5.5.7.1.1", false, "x"}};
         },
         {"BAD_PROFILE", 0, "authorityInfoAccess"});
    Leaf("no_key_identifiers", [](Forgery& f) { f.key_ids = false; }, {"BAD_PROFILE", 0, "authorityKeyIdentifier"});
    Leaf("critical_key_identifier",
         [](Forgery& f) {
           f.key_ids = false;
           f.extensions = {{"2.5.29.14", true, "\x04\x01x"s}, {"2.5.29.35", false, "\x30\x03\x80\x01x"s}};
         },
         {"BAD_PROFILE", 0, "2.5.29.14 is critical"});
    Leaf("host_name_with_underscore", [](Forgery& f) { f.dns_names = {"al_pha.example.com"}; },
         {"BAD_PROFILE", 0, "al_pha.example.com"});
    Leaf("address_as_host_name", [](Forgery& f) { f.dns_names = {"10.0.0.1"}; }, {"BAD_PROFILE", 0, "10.0.0.1"});
  }

  void Authorities() {
    Add("authority_as_leaf", {Authority()}, {"MISSING_IDENTITY", 0});
    Forgery made = Forgery::Leaf({"acme", Role::kNode, "beta"});
    made.not_before = acme_.now - absl::Hours(1);
    made.not_after = acme_.now + absl::Hours(1);
    const Certificate alpha = *Certificate::FromDer(acme_.Leaf());
    Add("leaf_as_authority",
        {ForgeDer(made, acme_.authority_key.get(), &alpha, acme_.leaf_key.get()), alpha.ToDer(), Authority()},
        {"NOT_AN_AUTHORITY", 1, "may not certify"});
    Leaf("leaf_with_ca", [](Forgery& f) { f.ca = true; }, {"BAD_PROFILE", 0});
    Leaf("leaf_with_cert_sign", [](Forgery& f) { f.key_usage = {0, 5}; }, {"BAD_PROFILE", 0, "keyCertSign"});
    Under("authority_without_ca",
          [](Forgery& f) {
            f.ca = false;
            f.path_length.reset();
          },
          {"NOT_AN_AUTHORITY", 1});
    Under("authority_without_basic_constraints", [](Forgery& f) { f.has_basic_constraints = false; },
          {"NOT_AN_AUTHORITY", 1});
    Under("authority_without_cert_sign", [](Forgery& f) { f.key_usage = {6}; }, {"NOT_AN_AUTHORITY", 1});
    Under("authority_without_key_usage", [](Forgery& f) { f.key_usage.clear(); }, {"BAD_PROFILE", 1, "keyUsage"});
    Under("authority_basic_constraints_not_critical", [](Forgery& f) { f.critical_basic_constraints = false; },
          {"BAD_PROFILE", 1, "not critical"});
    Under("authority_without_path_length", [](Forgery& f) { f.path_length.reset(); }, {"BAD_PROFILE", 1});
    Under("authority_of_another_name", [](Forgery& f) { f.common_name = "acme Authority"; }, {"UNTRUSTED_ROOT", 0});
    Under("authority_with_extended_key_usage", [](Forgery& f) { f.extended_key_usage = {"serverAuth"}; },
          {"BAD_PROFILE", 1, "extKeyUsage"});
    const ForgedKey sub_key = ForgeP256Key();
    Forgery sub_forgery = Forgery::Authority("acme");
    sub_forgery.not_before = acme_.now - absl::Hours(1);
    sub_forgery.not_after = acme_.now + absl::Hours(1);
    const Certificate sub = Forge(sub_forgery, sub_key.get(), &acme_.authority, acme_.authority_key.get());
    made.common_name = "alpha";
    made.uris = {"paranet://acme/node/alpha"};
    Add("path_too_long", {ForgeDer(made, acme_.leaf_key.get(), &sub, sub_key.get()), sub.ToDer(), Authority()},
        {"PATH_TOO_LONG", 3, "allows 1 authorities below it and there are 2"});
    Add("leaf_by_the_root", {ForgeDer(made, acme_.leaf_key.get(), &acme_.root, acme_.root_key.get())},
        {"BAD_PROFILE", 0, "root itself"});
  }

  void Fields() {
    Leaf("serial_zero", [](Forgery& f) { f.serial = ""; }, {"BAD_PROFILE", 0, "serial"});
    Leaf("serial_negative", [](Forgery& f) { f.negative_serial = true; }, {"BAD_PROFILE", 0, "serial"});
    Leaf("serial_of_21_octets", [](Forgery& f) { f.serial = std::string(21, '\x11'); }, {"BAD_PROFILE", 0, "serial"});
    Leaf("serial_of_20_octets", [](Forgery& f) { f.serial = std::string(20, '\x11'); }, {"OK"});
    Leaf("version_1", [](Forgery& f) { f.version = 0; }, {"BAD_PROFILE", 0, "version 3"});
    Leaf("subject_empty",
         [](Forgery& f) {
           f.organization = "";
           f.common_name = "";
         },
         {"BAD_PROFILE", 0, "subject"});
    Leaf("key_usage_of_another_kind", [](Forgery& f) { f.key_usage = {0, 4}; }, {"BAD_PROFILE", 0, "keyAgreement"});
  }

  void NameConstraints() {
    // permittedSubtrees [0] or excludedSubtrees [1] with one name.
    const auto constraint = [](char which, char form, const std::string& name) {
      const std::string base = std::string({form, static_cast<char>(name.size())}) + name;
      const std::string subtree = std::string({'\x30', static_cast<char>(base.size())}) + base;
      const std::string list = std::string({which, static_cast<char>(subtree.size())}) + subtree;
      return std::string({'\x30', static_cast<char>(list.size())}) + list;
    };
    const auto under = [](const std::string& der, bool critical = true) {
      return [=](Forgery& f) { f.extensions = {{"2.5.29.30", critical, der}}; };
    };
    const auto hosts = [](Forgery& f) {
      f.dns_names = {"alpha.example.com"};
      f.ip_addresses = {"\x0a\x00\x00\x01"s};
    };
    constexpr char kPermitted = '\xa0';
    constexpr char kExcluded = '\xa1';
    constexpr char kDns = '\x82';
    constexpr char kUri = '\x86';
    constexpr char kAddress = '\x87';
    const auto add = [&](const std::string& name, const CaseNetwork::Change& change, Case expected) {
      Add("constraint_" + name, acme_.Below(change, hosts), std::move(expected));
    };
    const Case refused = {"NAME_NOT_PERMITTED", 0, "name constraints"};
    add("uri_permitted", under(constraint(kPermitted, kUri, "acme")), {"OK"});
    add("uri_not_permitted", under(constraint(kPermitted, kUri, "other")), refused);
    add("uri_excluded", under(constraint(kExcluded, kUri, "acme")), refused);
    add("dns_permitted", under(constraint(kPermitted, kDns, "example.com")), {"OK"});
    add("dns_not_permitted", under(constraint(kPermitted, kDns, "ample.com")), refused);
    add("dns_excluded", under(constraint(kExcluded, kDns, "example.com")), refused);
    add("dns_with_leading_dot", under(constraint(kPermitted, kDns, ".example.com")), {"BAD_PROFILE", 1, "nameConstr"});
    add("address_permitted", under(constraint(kPermitted, kAddress, "\x0a\0\0\0\xff\0\0\0"s)), {"OK"});
    add("address_excluded", under(constraint(kExcluded, kAddress, "\x0a\0\0\0\xff\0\0\0"s)), refused);
    add("address_mask_with_a_hole", under(constraint(kExcluded, kAddress, "\x0a\0\0\0\xff\0\xff\0"s)),
        {"BAD_PROFILE", 1, "no constraint of its form"});
    add("directory_not_permitted",
        under(constraint(kPermitted, '\xa4', "\x30\x10\x31\x0e\x30\x0c\x06\x03\x55\x04\x0a\x0c\x05other"s)), refused);
    add("empty", under("\x30\x00"s), {"BAD_PROFILE", 1, "empty"});
    add("not_critical", under(constraint(kPermitted, kUri, "acme"), false), {"BAD_PROFILE", 1, "not critical"});
    Leaf("constraint_of_a_leaf", under(constraint(kPermitted, kUri, "acme")), {"BAD_PROFILE", 0, "no authority's"});
  }

  void Validity() {
    // Issued at the time of the case: backdated by a minute, for a day.
    const auto issued_now = [&](Forgery& f) {
      f.not_before = acme_.now - absl::Minutes(1);
      f.not_after = acme_.now + absl::Hours(24) - absl::Minutes(2);
    };
    Leaf("clock_60_s_slow", issued_now, {"OK", 0, "", -absl::Seconds(60)});
    Leaf("clock_61_s_slow", issued_now, {"NOT_YET_VALID", 0, "check the clocks", -absl::Seconds(61)});
    Leaf("clock_60_s_fast", issued_now, {"OK", 0, "", absl::Seconds(60)});
    Leaf("clock_a_day_slow",
         [&](Forgery& f) {
           f.not_before = acme_.now - absl::Minutes(1);
           f.not_after = acme_.now + absl::Hours(24);
         },
         {"NOT_YET_VALID", 2, "check the clocks", -absl::Hours(24)});
    Leaf("clock_a_day_fast", issued_now, {"EXPIRED", 0, "check the clocks", absl::Hours(24)});
    Leaf("not_yet_valid", [&](Forgery& f) { f.not_before = acme_.now + absl::Seconds(1); },
         {"NOT_YET_VALID", 0, "check the clocks"});
    Leaf("valid_from_now_on", [&](Forgery& f) { f.not_before = acme_.now; }, {"OK"});
    Leaf("expired", [&](Forgery& f) { f.not_after = acme_.now - absl::Seconds(1); }, {"EXPIRED", 0, "valid until"});
    Leaf("valid_until_now", [&](Forgery& f) { f.not_after = acme_.now; }, {"OK"});
    Under("authority_not_yet_valid", [&](Forgery& f) { f.not_before = acme_.now + absl::Seconds(1); },
          {"NOT_YET_VALID", 1});
    Under("authority_expired", [&](Forgery& f) { f.not_after = acme_.now - absl::Seconds(1); }, {"EXPIRED", 1});
    Leaf("root_expired", kAsIs, {"EXPIRED", 2, "root certificate", absl::Hours(25)});
  }

  void Revocation() {
    const std::string serial = "\x11\x22\x33\x44";
    const auto listing = [&](ListForgery& f) {
      f.entries = {{serial, acme_.now - absl::Hours(1), {{"2.5.29.21", false, "\x0a\x01\x01"s}}}};
    };
    const auto empty = [](ListForgery&) {};
    const auto pem = [&](bool by_root, const std::function<void(ListForgery&)>& change) {
      return ToPemBlock("X509 CRL", acme_.List(by_root, change));
    };
    const std::string authorities = acme_.authority.ToPem();
    const auto add = [&](const std::string& name, std::map<std::string, std::string> lists, Case expected) {
      expected.files = std::move(lists);
      expected.files.emplace("authorities.pem", authorities);
      Leaf(
          name, [](Forgery& f) { f.serial = "\x11\x22\x33\x44"; }, std::move(expected));
    };
    add("revoked", {{"have_1.pem", pem(false, listing)}}, {"REVOKED", 0, "serial 11223344 was revoked"});
    add("revoked_authority", {{"have_1.pem", pem(true, listing)}}, {"REVOKED", 1, "keyCompromise"});
    add("not_revoked", {{"have_1.pem", pem(false, empty)}, {"have_2.pem", pem(true, empty)}},
        {"OK", 0, "", {}, {{"require_list", "yes"}}});
    add("serial_on_the_list_of_another",
        {{"have_1.pem", pem(false,
                            [](ListForgery& f) {
                              f.entries = {{"\x11\x22\x33\x45", f.this_update, {}}};
                            })}},
        {"OK"});
    add("list_missing", {}, {"REVOCATION_UNKNOWN", 1, "no revocation list", {}, {{"require_list", "yes"}}});
    add("list_of_the_authority_missing", {{"have_1.pem", pem(true, empty)}},
        {"REVOCATION_UNKNOWN", 0, "no revocation list", {}, {{"require_list", "yes"}}});
    const auto short_lived = [&](ListForgery& f) { f.next_update = acme_.now + absl::Hours(1); };
    add("list_has_expired", {{"have_1.pem", pem(false, short_lived)}},
        {"REVOCATION_UNKNOWN", 0, "was good until", absl::Hours(2)});
    add("revoked_by_an_expired_list",
        {{"have_1.pem", pem(false,
                            [&](ListForgery& f) {
                              listing(f);
                              short_lived(f);
                            })}},
        {"REVOKED", 0, "was revoked", absl::Hours(2)});
    const auto from_now = [&](ListForgery& f) { f.this_update = acme_.now; };
    add("list_60_s_from_the_future", {{"have_1.pem", pem(false, from_now)}}, {"OK", 0, "", -absl::Seconds(60)});
    add("list_61_s_from_the_future", {{"have_1.pem", pem(false, from_now)}},
        {"REVOCATION_UNKNOWN", 0, "check the clocks", -absl::Seconds(61)});
  }

  void Trust() {
    Leaf("trusted_for_another_role", kAsIs, {"WRONG_ROLE", 0, "constraints", {}, {{"trust_roles", "publisher"}}});
    Leaf("trusted_for_another_name", kAsIs,
         {"NAME_NOT_PERMITTED", 0, "constraints", {}, {{"trust_names", "beta gamma"}}});
    Leaf("trusted_for_this_name", kAsIs, {"OK", 0, "", {}, {{"trust_roles", "node"}, {"trust_names", "beta alpha"}}});
  }

  CaseMaker& maker_;
  const CaseNetwork acme_;
};

}  // namespace

void MakeChainCases(CaseMaker& maker) { ChainCases(maker).Make(); }

}  // namespace paranet::pki
