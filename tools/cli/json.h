// JSON as the command line prints it: one line, keys in the order in which they were set.
#ifndef PARANET_TOOLS_CLI_JSON_H_
#define PARANET_TOOLS_CLI_JSON_H_

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace paranet::cli {

// `text` in quotes. Bytes that are not UTF-8 become U+FFFD.
std::string QuoteJson(absl::string_view text);

// One JSON value, kept as its text.
class Json {
 public:
  Json() : text_("null") {}
  Json(absl::string_view text) : text_(QuoteJson(text)) {}          // NOLINT(google-explicit-constructor): a value
  Json(const std::string& text) : Json(absl::string_view(text)) {}  // NOLINT(google-explicit-constructor): a value
  Json(const char* text) : Json(absl::string_view(text)) {}         // NOLINT(google-explicit-constructor): a value
  Json(bool value) : text_(value ? "true" : "false") {}             // NOLINT(google-explicit-constructor): a value
  template <typename Number, typename = std::enable_if_t<std::is_integral_v<Number>>>
  Json(Number value) : text_(absl::StrCat(value)) {}  // NOLINT(google-explicit-constructor): a value
  // With three digits after the point; null if it is not finite.
  Json(double value);  // NOLINT(google-explicit-constructor): a value

  // `text` is valid JSON on one line already.
  static Json Raw(std::string text);
  static Json Array(const std::vector<Json>& values);
  static Json Strings(const std::vector<std::string>& values);

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

class JsonObject {
 public:
  JsonObject& Set(absl::string_view key, const Json& value);
  operator Json() const;  // NOLINT(google-explicit-constructor): an object is a value

 private:
  std::string body_;
};

}  // namespace paranet::cli

#endif  // PARANET_TOOLS_CLI_JSON_H_
