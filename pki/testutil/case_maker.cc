#include "pki/testutil/case_maker.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/file.h"

namespace paranet::pki {
namespace {

void Must(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::abort();
}

absl::Time CaseTime() { return absl::FromCivil(absl::CivilSecond(2026, 1, 1, 12, 0, 0), absl::UTCTimeZone()); }

Forgery At(Forgery forgery) {
  forgery.not_before = CaseTime() - absl::Hours(1);
  forgery.not_after = CaseTime() + absl::Hours(24);
  return forgery;
}

}  // namespace

CaseNetwork::CaseNetwork(const std::string& network_name)
    : now(CaseTime()),
      name(network_name),
      root_key(ForgeP256Key()),
      root(Forge(At(Forgery::Root(name)), root_key.get(), nullptr, root_key.get())),
      authority_key(ForgeP256Key()),
      authority(Forge(At(Forgery::Authority(name)), authority_key.get(), &root, root_key.get())),
      leaf_key(ForgeP256Key()) {}

std::string CaseNetwork::Leaf(const Change& change) const {
  Forgery forgery = At(Forgery::Leaf({name, Role::kNode, "alpha"}));
  change(forgery);
  return ForgeDer(forgery, leaf_key.get(), &authority, authority_key.get());
}

std::string CaseNetwork::Leaf() const {
  return Leaf([](Forgery&) {});
}

std::string CaseNetwork::LeafOf(Role role) const {
  return ForgeDer(At(Forgery::Leaf({name, role, "alpha"})), leaf_key.get(), &authority, authority_key.get());
}

std::string CaseNetwork::Authority(const Change& change) const {
  Forgery forgery = At(Forgery::Authority(name));
  change(forgery);
  return ForgeDer(forgery, authority_key.get(), &root, root_key.get());
}

std::vector<std::string> CaseNetwork::Below(const Change& change_authority, const Change& change_leaf) const {
  return {Leaf(change_leaf), Authority(change_authority)};
}

std::string CaseNetwork::List(bool by_root, const std::function<void(ListForgery&)>& change) const {
  ListForgery forgery;
  forgery.this_update = now - absl::Minutes(30);
  forgery.next_update = now + absl::Hours(24);
  forgery.number = 5;
  change(forgery);
  return by_root ? ForgeListDer(forgery, root, root_key.get()) : ForgeListDer(forgery, authority, authority_key.get());
}

void CaseMaker::Add(const std::string& name, const Lines& expectation,
                    const std::map<std::string, std::string>& files) {
  const std::string folder = absl::StrCat(dir_, "/", name);
  if (ReadFile(absl::StrCat(folder, "/expectation")).ok()) {
    Must(absl::AlreadyExistsError(absl::StrCat(folder, " is there already")));
  }
  Must(MakeDirectories(folder, 0755));
  std::string text;
  for (const auto& [key, value] : expectation) {
    if (!value.empty()) absl::StrAppend(&text, key, ": ", value, "\n");
  }
  Must(WriteFileAtomically(absl::StrCat(folder, "/expectation"), text));
  for (const auto& [file, content] : files) Must(WriteFileAtomically(absl::StrCat(folder, "/", file), content));
  ++count_;
}

std::string ToPemBlock(absl::string_view label, absl::string_view der) {
  const std::string base64 = absl::Base64Escape(der);
  std::string pem = absl::StrCat("-----BEGIN ", label, "-----\n");
  for (size_t i = 0; i < base64.size(); i += 64) absl::StrAppend(&pem, base64.substr(i, 64), "\n");
  return absl::StrCat(pem, "-----END ", label, "-----\n");
}

std::string ToPemBlocks(const std::vector<std::string>& certificates) {
  std::string pem;
  for (const std::string& der : certificates) pem += ToPemBlock("CERTIFICATE", der);
  return pem;
}

std::string FormatCaseTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

}  // namespace paranet::pki
