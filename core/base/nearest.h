// "Did you mean": the names nearest to a mistyped one.
#ifndef PARANET_CORE_BASE_NEAREST_H_
#define PARANET_CORE_BASE_NEAREST_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace paranet {

// At most `most` of `candidates`, nearest first by edit distance (Levenshtein), none further than a third of the longer
// name's length plus one. Looks at the first 10,000 candidates and the first 128 characters of each.
std::vector<std::string> NearestNames(absl::string_view name, const std::vector<std::string>& candidates,
                                      size_t most = 3);

// ` Did you mean "a" or "b"?` with a leading space, or nothing where no candidate is near.
std::string DidYouMean(absl::string_view name, const std::vector<std::string>& candidates);

}  // namespace paranet

#endif  // PARANET_CORE_BASE_NEAREST_H_
