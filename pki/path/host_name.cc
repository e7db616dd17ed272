#include "pki/path/host_name.h"

#include <cstddef>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace paranet::pki {
namespace {

constexpr size_t kMaxLabel = 63;
constexpr size_t kMaxName = 253;

bool IsLabel(absl::string_view label) {
  return !label.empty() && label.size() <= kMaxLabel && label.front() != '-' && label.back() != '-' &&
         absl::c_all_of(label, [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-'; });
}

}  // namespace

bool IsHostName(absl::string_view text) {
  if (text.empty() || text.size() > kMaxName) return false;
  absl::string_view last;
  for (absl::string_view label : absl::StrSplit(text, '.')) {
    if (!IsLabel(label)) return false;
    last = label;
  }
  return !absl::c_all_of(last, [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
}

bool IsWithinDomain(absl::string_view name, absl::string_view domain) {
  return absl::EndsWithIgnoreCase(name, domain) &&
         (name.size() == domain.size() || name[name.size() - domain.size() - 1] == '.');
}

}  // namespace paranet::pki
