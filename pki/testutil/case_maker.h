// Makes the folders of pki/testdata/cases: certificates, lists and requests with what has to become of them.
//
// A case is a folder with PEM files and a file `expectation` of lines `KEY: VALUE`:
//
//   about        chain, list or request: what is presented
//   time         when, RFC 3339
//   outcome      of a chain: as OutcomeName writes it, or UNREADABLE; of a list or request: the name of a status code
//   index        chain: the certificate to blame, as VerifyResult counts
//   says         what the diagnostic contains
//   roles        chain: the roles that will do, separated by spaces; node if absent
//   expected     chain: the identity that is expected
//   require_list chain: `yes` if each authority must have a list
//   trust_roles, trust_names    chain: the constraints of the first root
//
// Files: chain.pem, list.pem or request.pem is what is presented; roots.pem whom we trust; authorities.pem issuing
// authorities for lists; have_1.pem, have_2.pem lists that were there before. Not all have all.
#ifndef PARANET_PKI_TESTUTIL_CASE_MAKER_H_
#define PARANET_PKI_TESTUTIL_CASE_MAKER_H_

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "pki/testutil/forge.h"
#include "pki/testutil/forge_list.h"

namespace paranet::pki {

// One network with fixed times: what is in it is valid from an hour before `now` to a day after.
struct CaseNetwork {
  explicit CaseNetwork(const std::string& network_name = "acme");

  using Change = std::function<void(Forgery&)>;
  // Each as the profile has it, but for `change`.
  std::string Leaf(const Change& change) const;
  std::string Leaf() const;
  std::string LeafOf(Role role) const;
  // By the root, for the authority's key.
  std::string Authority(const Change& change) const;
  // A leaf below such an authority, and the authority.
  std::vector<std::string> Below(const Change& change_authority, const Change& change_leaf) const;
  // What an authority's list says, but for `change`; by the root if `by_root`.
  std::string List(bool by_root, const std::function<void(ListForgery&)>& change) const;

  absl::Time now;
  std::string name;
  ForgedKey root_key;
  Certificate root;
  ForgedKey authority_key;
  Certificate authority;
  ForgedKey leaf_key;
};

class CaseMaker {
 public:
  // Folders appear in `dir`.
  explicit CaseMaker(std::string dir) : dir_(std::move(dir)) {}

  using Lines = std::vector<std::pair<std::string, std::string>>;
  // `files` by name; ends the process if one cannot be written or the case is there already.
  void Add(const std::string& name, const Lines& expectation, const std::map<std::string, std::string>& files);
  size_t count() const { return count_; }

 private:
  const std::string dir_;
  size_t count_ = 0;
};

std::string ToPemBlock(absl::string_view label, absl::string_view der);
std::string ToPemBlocks(const std::vector<std::string>& certificates);
std::string FormatCaseTime(absl::Time time);

void MakeChainCases(CaseMaker& maker);
void MakeIdentityCases(CaseMaker& maker);
void MakeListCases(CaseMaker& maker);
void MakeRequestCases(CaseMaker& maker);

}  // namespace paranet::pki

#endif  // PARANET_PKI_TESTUTIL_CASE_MAKER_H_
