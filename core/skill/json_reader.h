// A pull parser of JSON text (RFC 8259).
#ifndef PARANET_CORE_SKILL_JSON_READER_H_
#define PARANET_CORE_SKILL_JSON_READER_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace paranet {

// Reads one value after the other, strictly; text that is not JSON is INVALID_ARGUMENT with line and column. Strings
// are checked to be UTF-8. Not thread-safe. The text must outlive the reader.
class JsonReader {
 public:
  static constexpr size_t kMaxBytes = size_t{4} << 20;
  // Objects and arrays within each other.
  static constexpr int kMaxDepth = 100;

  enum class Kind { kObject, kArray, kString, kNumber, kTrue, kFalse, kNull };

  // INVALID_ARGUMENT if `text` is too long.
  static absl::StatusOr<JsonReader> Create(absl::string_view text);

  // What the next value is, without reading it.
  absl::StatusOr<Kind> Peek();

  // Each of these reads a value of the kind; an error where the next value is of another.
  absl::StatusOr<std::string> ReadString();
  // The number as it is written.
  absl::StatusOr<absl::string_view> ReadNumber();
  // Reads `true`, `false` or `null`, as Peek() has found it.
  absl::Status ReadLiteral();
  // Reads any value; its text.
  absl::StatusOr<absl::string_view> ReadAny();

  // Reads an object: BeginObject(), then while NextMember(&name) is true, the member's value.
  absl::Status BeginObject();
  absl::StatusOr<bool> NextMember(std::string* name);
  // Reads an array: BeginArray(), then while NextElement() is true, a value.
  absl::Status BeginArray();
  absl::StatusOr<bool> NextElement();

  // An error unless only white space is left.
  absl::Status Finish();

  // A copy to look ahead with.
  JsonReader Ahead() const { return *this; }

 private:
  explicit JsonReader(absl::string_view text) : text_(text) {}

  void SkipSpace();
  absl::Status Error(absl::string_view what) const;
  // What stands at the position, for errors.
  std::string Found() const;
  absl::Status Open(char bracket);
  // At the end of a container, a comma or the first entry; true if an entry follows.
  absl::StatusOr<bool> Next(char bracket);
  absl::Status ReadEscape(std::string* out);
  absl::StatusOr<unsigned> ReadHex4();

  absl::string_view text_;
  size_t position_ = 0;
  int depth_ = 0;
  // Just after an opening bracket.
  bool first_ = false;
};

}  // namespace paranet

#endif  // PARANET_CORE_SKILL_JSON_READER_H_
