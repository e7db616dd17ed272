#include "tools/cli/input_file.h"

#include <cstring>
#include <filesystem>
#include <iostream>
#include <istream>
#include <iterator>
#include <system_error>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status.h"

namespace paranet::cli {
namespace {

bool IsPem(absl::string_view bytes) { return absl::StrContains(bytes, "-----BEGIN "); }

absl::StatusOr<std::string> ReadStandardInput() {
  // The room that it may need at once: what a string leaves behind when it grows nobody wipes.
  std::string content(pki::kMaxInspected + 1, '\0');
  std::cin.read(content.data(), static_cast<std::streamsize>(content.size()));
  const auto size = static_cast<size_t>(std::cin.gcount());
  if (size > pki::kMaxInspected) {
    return absl::InvalidArgumentError(absl::StrCat("standard input has more than ", pki::kMaxInspected >> 20, " MiB"));
  }
  content.resize(size);
  return content;
}

}  // namespace

absl::StatusOr<std::string> ReadInput(const std::string& path) {
  if (path == "-") return ReadStandardInput();
  std::error_code error;
  const bool folder = std::filesystem::is_directory(path, error);
  return ReadFile(folder ? path + "/chain.pem" : path, pki::kMaxInspected);
}

absl::StatusOr<std::vector<pki::Inspected>> InspectInput(const std::string& path) {
  PARANET_ASSIGN_OR_RETURN(std::string content, ReadInput(path));
  const absl::Cleanup wipe = [&content] { explicit_bzero(content.data(), content.size()); };
  absl::StatusOr<std::vector<pki::Inspected>> found = pki::Inspect(content);
  if (!found.ok()) return Annotate(found.status(), path);
  return found;
}

absl::StatusOr<pki::CertificateChain> ReadCertificates(const std::string& path) {
  PARANET_ASSIGN_OR_RETURN(const std::string content, ReadInput(path));
  auto chain = IsPem(content) ? pki::CertificateChain::FromPem(content) : pki::CertificateChain::FromDer({content});
  if (!chain.ok()) return Annotate(chain.status(), path);
  return chain;
}

absl::StatusOr<pki::RevocationList> ReadRevocationList(const std::string& path) {
  PARANET_ASSIGN_OR_RETURN(const std::string content, ReadInput(path));
  auto list = IsPem(content) ? pki::RevocationList::FromPem(content) : pki::RevocationList::FromDer(content);
  if (!list.ok()) return Annotate(list.status(), path);
  return list;
}

}  // namespace paranet::cli
