// JoinToken::Parse accepts exactly what JoinToken::ToText writes, and white space around it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "pki/join_token.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<paranet::pki::JoinToken> token = paranet::pki::JoinToken::Parse(text);
  if (token.ok() && token->ToText() != absl::StripAsciiWhitespace(text)) std::abort();
  return 0;
}
