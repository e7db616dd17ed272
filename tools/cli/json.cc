#include "tools/cli/json.h"

#include <cmath>
#include <cstddef>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace paranet::cli {
namespace {

// Length of the UTF-8 character (RFC 3629 section 4) that `text` begins with; 0 if it begins with none.
size_t CharacterLength(absl::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto tail = [&](size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF && tail(1)) return 2;
  if (first >= 0xE0 && first <= 0xEF && tail(1) && tail(2)) {
    const bool overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) > 0x9F;
    return overlong || surrogate ? 0 : 3;
  }
  if (first >= 0xF0 && first <= 0xF4 && tail(1) && tail(2) && tail(3)) {
    const bool overlong = first == 0xF0 && byte(1) < 0x90;
    const bool beyond = first == 0xF4 && byte(1) > 0x8F;
    return overlong || beyond ? 0 : 4;
  }
  return 0;
}

}  // namespace

std::string QuoteJson(absl::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const char c = text.front();
    const size_t length = CharacterLength(text);
    if (length == 0) {
      out += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      absl::StrAppendFormat(&out, "\\u%04x", static_cast<unsigned char>(c));
    } else {
      out += std::string(text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out + "\"";
}

Json::Json(double value) : text_(std::isfinite(value) ? absl::StrFormat("%.3f", value) : "null") {}

Json Json::Raw(std::string text) {
  Json json;
  json.text_ = std::move(text);
  return json;
}

Json Json::Array(const std::vector<Json>& values) {
  return Raw(absl::StrCat(
      "[", absl::StrJoin(values, ",", [](std::string* out, const Json& value) { *out += value.text(); }), "]"));
}

Json Json::Strings(const std::vector<std::string>& values) {
  return Array(std::vector<Json>(values.begin(), values.end()));
}

JsonObject& JsonObject::Set(absl::string_view key, const Json& value) {
  absl::StrAppend(&body_, body_.empty() ? "" : ",", QuoteJson(key), ":", value.text());
  return *this;
}

JsonObject::operator Json() const { return Json::Raw(absl::StrCat("{", body_, "}")); }

}  // namespace paranet::cli
