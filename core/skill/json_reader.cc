#include "core/skill/json_reader.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace paranet {
namespace {

void AppendUtf8(unsigned code, std::string* out) {
  const auto put = [out](unsigned byte) { out->push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | (code >> 6));
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3f));
    put(0x80 | ((code >> 6) & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

// Length of the UTF-8 sequence that `text` begins with; 0 if it is malformed (RFC 3629).
size_t Utf8Length(absl::string_view text) {
  const auto byte = [text](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto follows = [&](size_t i) { return (byte(i) & 0xc0u) == 0x80u; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return follows(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const bool overlong = lead == 0xe0 && byte(1) < 0xa0;
    const bool surrogate = lead == 0xed && byte(1) >= 0xa0;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const bool overlong = lead == 0xf0 && byte(1) < 0x90;
    const bool too_large = lead == 0xf4 && byte(1) >= 0x90;
    return follows(1) && follows(2) && follows(3) && !overlong && !too_large ? 4 : 0;
  }
  return 0;
}

bool IsDigit(absl::string_view text, size_t i) {
  return i < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[i]));
}

// Length of the number that `text` begins with; 0 if it is malformed.
size_t NumberLength(absl::string_view text) {
  size_t i = text.empty() || text[0] != '-' ? 0 : 1;
  const auto digits = [&] {
    const size_t before = i;
    while (IsDigit(text, i)) ++i;
    return i > before;
  };
  if (i < text.size() && text[i] == '0') {
    ++i;
    if (IsDigit(text, i)) return 0;
  } else if (!digits()) {
    return 0;
  }
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (!digits()) return 0;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (!digits()) return 0;
  }
  return i;
}

}  // namespace

absl::StatusOr<JsonReader> JsonReader::Create(absl::string_view text) {
  if (text.size() > kMaxBytes) {
    return absl::InvalidArgumentError(absl::StrCat("the JSON text has ", text.size(), " bytes; at most ", kMaxBytes));
  }
  return JsonReader(text);
}

void JsonReader::SkipSpace() {
  while (position_ < text_.size() && absl::StrContains(" \t\r\n", text_[position_])) ++position_;
}

absl::Status JsonReader::Error(absl::string_view what) const {
  const absl::string_view before = text_.substr(0, position_);
  const size_t line = 1 + static_cast<size_t>(std::count(before.begin(), before.end(), '\n'));
  const size_t line_start = before.rfind('\n') == absl::string_view::npos ? 0 : before.rfind('\n') + 1;
  return absl::InvalidArgumentError(
      absl::StrCat("the JSON is malformed at line ", line, ", column ", position_ - line_start + 1, ": ", what));
}

std::string JsonReader::Found() const {
  if (position_ >= text_.size()) return "the text ends";
  const size_t length = std::max<size_t>(1, Utf8Length(text_.substr(position_)));
  return absl::StrCat("\"", absl::Utf8SafeCHexEscape(text_.substr(position_, length)), "\" stands there");
}

absl::StatusOr<JsonReader::Kind> JsonReader::Peek() {
  SkipSpace();
  const absl::string_view rest = text_.substr(position_);
  if (rest.empty()) return Error("a value is expected, but the text ends");
  switch (rest[0]) {
    case '{':
      return Kind::kObject;
    case '[':
      return Kind::kArray;
    case '"':
      return Kind::kString;
    default:
      break;
  }
  if (rest[0] == '-' || IsDigit(rest, 0)) return Kind::kNumber;
  if (absl::StartsWith(rest, "true")) return Kind::kTrue;
  if (absl::StartsWith(rest, "false")) return Kind::kFalse;
  if (absl::StartsWith(rest, "null")) return Kind::kNull;
  return Error(
      absl::StrCat("a value is expected, but ", Found(), rest[0] == '\'' ? "; strings have double quotes" : ""));
}

absl::StatusOr<std::string> JsonReader::ReadString() {
  SkipSpace();
  if (position_ >= text_.size() || text_[position_] != '"') {
    return Error(absl::StrCat("a string in double quotes is expected, but ", Found()));
  }
  ++position_;
  std::string out;
  while (position_ < text_.size()) {
    const auto byte = static_cast<unsigned char>(text_[position_]);
    if (byte == '"') {
      ++position_;
      return out;
    }
    if (byte == '\\') {
      PARANET_RETURN_IF_ERROR(ReadEscape(&out));
      continue;
    }
    if (byte < 0x20) return Error("a control character in a string is not escaped");
    const size_t length = Utf8Length(text_.substr(position_));
    if (length == 0) return Error("a string is not UTF-8");
    out.append(text_.data() + position_, length);
    position_ += length;
  }
  return Error("a string does not end");
}

absl::Status JsonReader::ReadEscape(std::string* out) {
  const absl::string_view rest = text_.substr(position_);
  if (rest.size() < 2) return Error("an escape does not end");
  constexpr absl::string_view kNames = "\"\\/bfnrt";
  constexpr absl::string_view kValues = "\"\\/\b\f\n\r\t";
  if (const size_t simple = kNames.find(rest[1]); simple != absl::string_view::npos) {
    out->push_back(kValues[simple]);
    position_ += 2;
    return absl::OkStatus();
  }
  if (rest[1] != 'u') return Error("an escape is unknown");
  PARANET_ASSIGN_OR_RETURN(unsigned code, ReadHex4());
  if (code >= 0xdc00 && code <= 0xdfff) return Error("the second half of a surrogate pair has no first");
  if (code >= 0xd800 && code <= 0xdbff) {
    if (!absl::StartsWith(text_.substr(position_), "\\u")) return Error("half of a surrogate pair stands alone");
    PARANET_ASSIGN_OR_RETURN(const unsigned low, ReadHex4());
    if (low < 0xdc00 || low > 0xdfff) return Error("half of a surrogate pair stands alone");
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  }
  AppendUtf8(code, out);
  return absl::OkStatus();
}

absl::StatusOr<unsigned> JsonReader::ReadHex4() {
  const absl::string_view digits = text_.substr(position_ + 2, 4);
  unsigned code = 0;
  for (const char digit : digits) {
    const auto byte = static_cast<unsigned char>(digit);
    if (!absl::ascii_isxdigit(byte)) return Error("an escape \\u needs four hexadecimal digits");
    code = code * 16 + (absl::ascii_isdigit(byte) ? byte - '0' : absl::ascii_tolower(byte) - 'a' + 10u);
  }
  if (digits.size() < 4) return Error("an escape \\u needs four hexadecimal digits");
  position_ += 6;
  return code;
}

absl::StatusOr<absl::string_view> JsonReader::ReadNumber() {
  SkipSpace();
  const size_t length = NumberLength(text_.substr(position_));
  if (length == 0) return Error("a number is malformed");
  const absl::string_view number = text_.substr(position_, length);
  position_ += length;
  return number;
}

absl::Status JsonReader::ReadLiteral() {
  PARANET_ASSIGN_OR_RETURN(const Kind kind, Peek());
  if (kind != Kind::kTrue && kind != Kind::kFalse && kind != Kind::kNull) {
    return Error("true, false or null is expected");
  }
  position_ += kind == Kind::kFalse ? 5 : 4;
  if (position_ < text_.size() && absl::ascii_isalnum(static_cast<unsigned char>(text_[position_]))) {
    return Error("a value is expected: true, false and null are the only words");
  }
  return absl::OkStatus();
}

absl::StatusOr<absl::string_view> JsonReader::ReadAny() {
  PARANET_ASSIGN_OR_RETURN(const Kind kind, Peek());
  const size_t start = position_;
  switch (kind) {
    case Kind::kObject: {
      PARANET_RETURN_IF_ERROR(BeginObject());
      std::string name;
      while (true) {
        PARANET_ASSIGN_OR_RETURN(const bool more, NextMember(&name));
        if (!more) break;
        PARANET_RETURN_IF_ERROR(ReadAny().status());
      }
      break;
    }
    case Kind::kArray:
      PARANET_RETURN_IF_ERROR(BeginArray());
      while (true) {
        PARANET_ASSIGN_OR_RETURN(const bool more, NextElement());
        if (!more) break;
        PARANET_RETURN_IF_ERROR(ReadAny().status());
      }
      break;
    case Kind::kString:
      PARANET_RETURN_IF_ERROR(ReadString().status());
      break;
    case Kind::kNumber:
      PARANET_RETURN_IF_ERROR(ReadNumber().status());
      break;
    default:
      PARANET_RETURN_IF_ERROR(ReadLiteral());
  }
  return text_.substr(start, position_ - start);
}

absl::Status JsonReader::Open(char bracket) {
  SkipSpace();
  if (position_ >= text_.size() || text_[position_] != bracket) {
    return Error(absl::StrCat("\"", absl::string_view(&bracket, 1), "\" is expected, but ", Found()));
  }
  if (++depth_ > kMaxDepth) return Error(absl::StrCat("nested more than ", kMaxDepth, " deep"));
  ++position_;
  first_ = true;
  return absl::OkStatus();
}

absl::StatusOr<bool> JsonReader::Next(char bracket) {
  SkipSpace();
  if (position_ < text_.size() && text_[position_] == bracket) {
    ++position_;
    --depth_;
    first_ = false;
    return false;
  }
  if (!first_) {
    if (position_ >= text_.size() || text_[position_] != ',') {
      return Error(absl::StrCat("\",\" or \"", absl::string_view(&bracket, 1), "\" is expected, but ", Found()));
    }
    ++position_;
  }
  first_ = false;
  return true;
}

absl::Status JsonReader::BeginObject() { return Open('{'); }

absl::StatusOr<bool> JsonReader::NextMember(std::string* name) {
  PARANET_ASSIGN_OR_RETURN(const bool more, Next('}'));
  if (!more) return false;
  PARANET_ASSIGN_OR_RETURN(*name, ReadString());
  SkipSpace();
  if (position_ >= text_.size() || text_[position_] != ':') {
    return Error(absl::StrCat("\":\" is expected after a name, but ", Found()));
  }
  ++position_;
  return true;
}

absl::Status JsonReader::BeginArray() { return Open('['); }

absl::StatusOr<bool> JsonReader::NextElement() { return Next(']'); }

absl::Status JsonReader::Finish() {
  SkipSpace();
  if (position_ < text_.size()) return Error(absl::StrCat("nothing is expected after the value, but ", Found()));
  return absl::OkStatus();
}

}  // namespace paranet
