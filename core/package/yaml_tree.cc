#include "core/package/yaml_tree.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/package/utf8.h"
#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/exceptions.h"
#include "yaml-cpp/mark.h"
#include "yaml-cpp/parser.h"

namespace paranet {

namespace {

constexpr size_t kMaxBytes = size_t{256} << 10;
constexpr size_t kMaxDepth = 16;

YamlNode NodeAt(const YAML::Mark& mark, YamlNode::Kind kind) {
  YamlNode node;
  node.kind = kind;
  node.line = std::max(mark.line, 0) + 1;
  node.column = std::max(mark.column, 0) + 1;
  return node;
}

// Builds the tree from the parser's events. After the first error it ignores the rest.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(absl::string_view file) : file_(file) {}

  const absl::Status& status() const { return status_; }
  YamlNode& root() { return root_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) Fail(mark, "something follows the end of the document; a file has one document only");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (Refuses(mark, anchor, "?")) return;
    Add(NodeAt(mark, YamlNode::Kind::kNull));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    Fail(mark, "aliases are not allowed here; write the value out");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (Refuses(mark, anchor, tag)) return;
    YamlNode node = NodeAt(mark, YamlNode::Kind::kText);
    node.text = value;
    Add(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    Begin(mark, tag, anchor, YamlNode::Kind::kList);
  }
  void OnSequenceEnd() override { End(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    Begin(mark, tag, anchor, YamlNode::Kind::kMap);
  }
  void OnMapEnd() override { End(); }

 private:
  // A list or map whose end has not come yet.
  struct Open {
    YamlNode node;
    // Of a map: the key whose value comes next, and all so far.
    std::optional<YamlNode> key;
    absl::flat_hash_set<std::string> keys;
  };

  void Fail(const YAML::Mark& mark, absl::string_view message) {
    if (status_.ok()) status_ = YamlError(file_, NodeAt(mark, YamlNode::Kind::kNull), message);
  }

  // Whether there was an error already or is one now.
  bool Refuses(const YAML::Mark& mark, YAML::anchor_t anchor, absl::string_view tag) {
    if (anchor != 0) Fail(mark, "anchors are not allowed here; write the value out where it is used");
    // `?` and `!` are what the parser gives to nodes without one.
    if (tag != "?" && tag != "!" && !tag.empty()) Fail(mark, "tags are not allowed here; leave it out");
    return !status_.ok();
  }

  void Begin(const YAML::Mark& mark, absl::string_view tag, YAML::anchor_t anchor, YamlNode::Kind kind) {
    if (Refuses(mark, anchor, tag)) return;
    if (stack_.size() == kMaxDepth) return Fail(mark, absl::StrCat("this is nested more than ", kMaxDepth, " deep"));
    stack_.emplace_back();
    stack_.back().node = NodeAt(mark, kind);
  }

  void End() {
    if (!status_.ok()) return;
    YamlNode node = std::move(stack_.back().node);
    stack_.pop_back();
    Add(std::move(node));
  }

  void Add(YamlNode node) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& open = stack_.back();
    if (open.node.kind == YamlNode::Kind::kList) {
      open.node.items.push_back(std::move(node));
    } else if (open.key.has_value()) {
      open.node.entries.push_back({.key = *std::move(open.key), .value = std::move(node)});
      open.key.reset();
    } else if (node.kind != YamlNode::Kind::kText) {
      status_ = YamlError(file_, node, "a key must be text");
    } else if (!open.keys.insert(node.text).second) {
      status_ = YamlError(file_, node, absl::StrCat("key \"", absl::Utf8SafeCEscape(node.text), "\" is there twice"));
    } else {
      open.key = std::move(node);
    }
  }

  const std::string file_;
  absl::Status status_;
  int documents_ = 0;
  std::vector<Open> stack_;
  YamlNode root_;
};

absl::Status CheckBytes(absl::string_view text, absl::string_view file) {
  if (text.size() > kMaxBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, ": it has ", text.size(), " bytes; the most is ", kMaxBytes >> 10, " KiB"));
  }
  const size_t sound = SoundUtf8Prefix(text, "\t\n\r");
  if (sound == text.size()) return absl::OkStatus();
  const absl::string_view before = text.substr(0, sound);
  const size_t line_start = before.rfind('\n') == absl::string_view::npos ? 0 : before.rfind('\n') + 1;
  YamlNode node;
  node.line = static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1;
  node.column = static_cast<int>(sound - line_start) + 1;
  return YamlError(file, node, "here is a control character or something that is not UTF-8; write it as UTF-8 text");
}

}  // namespace

absl::Status YamlError(absl::string_view file, const YamlNode& node, absl::string_view message) {
  return absl::InvalidArgumentError(absl::StrCat(file, ":", node.line, ":", node.column, ": ", message));
}

absl::StatusOr<YamlNode> ParseYaml(absl::string_view text, absl::string_view file) {
  if (absl::Status status = CheckBytes(text, file); !status.ok()) return status;
  TreeBuilder builder(file);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    // The second time is for what must not be there.
    if (parser.HandleNextDocument(builder) && builder.status().ok()) parser.HandleNextDocument(builder);
  } catch (const YAML::Exception& error) {
    if (builder.status().ok()) return YamlError(file, NodeAt(error.mark, YamlNode::Kind::kNull), error.msg);
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": it is not YAML: ", error.what()));
  }
  if (!builder.status().ok()) return builder.status();
  return std::move(builder.root());
}

}  // namespace paranet
