#include "pki/der.h"

#include <cstddef>
#include <cstdint>

#include "openssl/bio.h"
#include "openssl/bytestring.h"
#include "openssl/mem.h"
#include "openssl/x509.h"

namespace paranet::pki {
namespace {

constexpr int kMaxDepth = 32;

bool IsDerSequenceOf(CBS* elements, int depth) {
  while (CBS_len(elements) > 0) {
    CBS element;
    unsigned tag = 0;
    size_t header_size = 0;
    if (!CBS_get_any_asn1_element(elements, &element, &tag, &header_size)) return false;
    if ((tag & CBS_ASN1_CONSTRUCTED) == 0) continue;
    const bool universal = (tag & CBS_ASN1_CLASS_MASK) == CBS_ASN1_UNIVERSAL;
    if (universal && tag != CBS_ASN1_SEQUENCE && tag != CBS_ASN1_SET) return false;
    if (depth == kMaxDepth || !CBS_skip(&element, header_size) || !IsDerSequenceOf(&element, depth + 1)) return false;
  }
  return true;
}

}  // namespace

bool IsDer(absl::string_view bytes) {
  CBS all;
  CBS_init(&all, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  CBS rest = all;
  CBS element;
  unsigned tag = 0;
  size_t header_size = 0;
  if (!CBS_get_any_asn1_element(&rest, &element, &tag, &header_size) || CBS_len(&rest) != 0) return false;
  return IsDerSequenceOf(&all, 0);
}

std::string NameToDer(X509_NAME* name) {
  uint8_t* der = nullptr;
  const int size = i2d_X509_NAME(name, &der);
  const bssl::UniquePtr<uint8_t> owner(der);
  return size <= 0 ? std::string() : std::string(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
}

std::string NameToText(X509_NAME* name) {
  bssl::UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  const uint8_t* text = nullptr;
  size_t size = 0;
  if (bio == nullptr || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253) < 0 ||
      !BIO_mem_contents(bio.get(), &text, &size)) {
    return std::string();
  }
  return std::string(reinterpret_cast<const char*>(text), size);
}

}  // namespace paranet::pki
