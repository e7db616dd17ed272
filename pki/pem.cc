#include "pki/pem.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "openssl/bio.h"
#include "openssl/err.h"
#include "openssl/mem.h"
#include "openssl/pem.h"

namespace paranet::pki {
namespace {

// `Bytes` is made from the content of a block.
template <typename Bytes>
absl::StatusOr<std::vector<Bytes>> Decode(absl::string_view text, absl::string_view label, size_t max_blocks,
                                          size_t max_text) {
  if (text.size() > max_text) {
    return absl::InvalidArgumentError(absl::StrCat("more than ", max_text, " bytes are no PEM file of ours"));
  }
  bssl::UniquePtr<BIO> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  if (bio == nullptr) return absl::ResourceExhaustedError("out of memory while reading PEM");

  std::vector<Bytes> blocks;
  while (true) {
    ERR_clear_error();
    char* raw_name = nullptr;
    char* raw_header = nullptr;
    uint8_t* raw_data = nullptr;
    long size = 0;  // NOLINT(google-runtime-int): the type that PEM_read_bio wants.
    const bool read = PEM_read_bio(bio.get(), &raw_name, &raw_header, &raw_data, &size) == 1;
    const bssl::UniquePtr<char> name(raw_name);
    const bssl::UniquePtr<char> header(raw_header);
    const bssl::UniquePtr<uint8_t> data(raw_data);
    if (!read) {
      const uint32_t error = ERR_peek_last_error();
      const bool at_end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
      ERR_clear_error();
      if (at_end) break;
      return absl::InvalidArgumentError(
          absl::StrCat("PEM block ", blocks.size() + 1, " is damaged: copy the file again in full"));
    }
    if (name.get() != label) {
      return absl::InvalidArgumentError(
          absl::StrCat("PEM block ", blocks.size() + 1, " is not a \"", label, "\": is this the right file?"));
    }
    if (header.get()[0] != '\0') {
      return absl::InvalidArgumentError(
          absl::StrCat("PEM block ", blocks.size() + 1, " has headers (is encrypted?): give it without encryption"));
    }
    if (blocks.size() == max_blocks) {
      return absl::InvalidArgumentError(
          absl::StrCat("there are more than ", max_blocks, " PEM blocks \"", label, "\""));
    }
    blocks.emplace_back(absl::string_view(reinterpret_cast<const char*>(data.get()), static_cast<size_t>(size)));
  }
  if (blocks.empty()) return absl::InvalidArgumentError(absl::StrCat("there is no PEM block \"", label, "\""));
  return blocks;
}

template <typename Bytes>
Bytes Encode(absl::string_view label, absl::string_view content) {
  bssl::UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  const uint8_t* text = nullptr;
  size_t size = 0;
  if (bio == nullptr ||
      PEM_write_bio(bio.get(), std::string(label).c_str(), "", reinterpret_cast<const uint8_t*>(content.data()),
                    static_cast<long>(content.size())) <= 0 ||  // NOLINT(google-runtime-int)
      !BIO_mem_contents(bio.get(), &text, &size)) {
    return Bytes();
  }
  return Bytes(absl::string_view(reinterpret_cast<const char*>(text), size));
}

}  // namespace

absl::StatusOr<std::vector<SecretString>> DecodePem(absl::string_view text, absl::string_view label, size_t max_blocks,
                                                    size_t max_text) {
  return Decode<SecretString>(text, label, max_blocks, max_text);
}

SecretString EncodePem(absl::string_view label, absl::string_view content) {
  return Encode<SecretString>(label, content);
}

absl::StatusOr<std::vector<std::string>> DecodePublicPem(absl::string_view text, absl::string_view label,
                                                         size_t max_blocks, size_t max_text) {
  return Decode<std::string>(text, label, max_blocks, max_text);
}

std::string EncodePublicPem(absl::string_view label, absl::string_view content) {
  return Encode<std::string>(label, content);
}

}  // namespace paranet::pki
