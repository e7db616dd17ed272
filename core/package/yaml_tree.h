// The plain part of YAML as a tree with positions: maps with text for keys, lists, text. No anchors, aliases, tags,
// second documents or duplicate keys, so that what a person reads in the file is what it means.
#ifndef PARANET_CORE_PACKAGE_YAML_TREE_H_
#define PARANET_CORE_PACKAGE_YAML_TREE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace paranet {

struct YamlEntry;

struct YamlNode {
  enum class Kind { kNull, kText, kList, kMap };

  Kind kind = Kind::kNull;
  // From 1.
  int line = 1;
  int column = 1;
  // Of kText: the scalar, unquoted. `1` and `true` are text as well.
  std::string text;
  // Of kList.
  std::vector<YamlNode> items;
  // Of kMap, in the file's order; the key is a kText node.
  std::vector<YamlEntry> entries;
};

struct YamlEntry {
  YamlNode key;
  YamlNode value;
};

// INVALID_ARGUMENT `FILE:LINE:COLUMN: ...` if `text` is longer than 256 KiB, nested more than 16 deep, not UTF-8, has
// control characters, or is not YAML of the kind above. An empty document is kNull. `file` is for messages only.
absl::StatusOr<YamlNode> ParseYaml(absl::string_view text, absl::string_view file);

// INVALID_ARGUMENT `FILE:LINE:COLUMN: MESSAGE` for something that is wrong with `node`.
absl::Status YamlError(absl::string_view file, const YamlNode& node, absl::string_view message);

}  // namespace paranet

#endif  // PARANET_CORE_PACKAGE_YAML_TREE_H_
