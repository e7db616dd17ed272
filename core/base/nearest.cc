#include "core/base/nearest.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace paranet {
namespace {

constexpr size_t kMaxCandidates = 10'000;
constexpr size_t kMaxLength = 128;

size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::vector<std::string> NearestNames(absl::string_view name, const std::vector<std::string>& candidates, size_t most) {
  name = name.substr(0, kMaxLength);
  std::vector<std::pair<size_t, absl::string_view>> near;
  for (size_t i = 0; i < std::min(candidates.size(), kMaxCandidates); ++i) {
    const absl::string_view candidate = absl::string_view(candidates[i]).substr(0, kMaxLength);
    const size_t distance = EditDistance(name, candidate);
    if (distance <= std::max(name.size(), candidate.size()) / 3 + 1) near.emplace_back(distance, candidates[i]);
  }
  std::sort(near.begin(), near.end());
  near.erase(std::unique(near.begin(), near.end()), near.end());
  std::vector<std::string> names;
  for (size_t i = 0; i < std::min(near.size(), most); ++i) names.emplace_back(near[i].second);
  return names;
}

std::string DidYouMean(absl::string_view name, const std::vector<std::string>& candidates) {
  std::vector<std::string> names = NearestNames(name, candidates);
  if (names.empty()) return "";
  return absl::StrCat(" Did you mean \"", absl::StrJoin(names, "\" or \""), "\"?");
}

}  // namespace paranet
