#include "pki/der.h"

#include <cstddef>
#include <cstdint>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
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

absl::StatusOr<absl::Time> DecodeTime(absl::string_view text, bool utc, bool any_year) {
  const auto bad = [&] {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", absl::CHexEscape(text.substr(0, 32)), "\" is no time by RFC 5280 section 4.1.2.5"));
  };
  const size_t year_digits = utc ? 2 : 4;
  if (text.size() != year_digits + 11 || text.back() != 'Z') return bad();
  const absl::string_view digits = text.substr(0, text.size() - 1);
  if (!absl::c_all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) return bad();

  const auto number = [&](size_t offset, size_t size) {
    int value = 0;
    for (char c : digits.substr(offset, size)) value = value * 10 + (c - '0');
    return value;
  };
  int year = number(0, year_digits);
  if (utc) {
    year += year >= 50 ? 1900 : 2000;
  } else if (year < 2050 && !any_year) {
    return bad();
  }
  const int fields[] = {number(year_digits, 2), number(year_digits + 2, 2), number(year_digits + 4, 2),
                        number(year_digits + 6, 2), number(year_digits + 8, 2)};
  const absl::CivilSecond second(year, fields[0], fields[1], fields[2], fields[3], fields[4]);
  // The 30th of February is the 2nd of March to absl, and nothing to us.
  if (second.month() != fields[0] || second.day() != fields[1] || second.hour() != fields[2] ||
      second.minute() != fields[3] || second.second() != fields[4]) {
    return bad();
  }
  return absl::FromCivil(second, absl::UTCTimeZone());
}

std::string EncodeTime(absl::Time time, unsigned& tag) {
  const absl::CivilSecond second = absl::ToCivilSecond(time, absl::UTCTimeZone());
  const bool utc = second.year() < 2050;
  tag = utc ? CBS_ASN1_UTCTIME : CBS_ASN1_GENERALIZEDTIME;
  return absl::StrFormat("%0*d%02d%02d%02d%02d%02dZ", utc ? 2 : 4, utc ? second.year() % 100 : second.year(),
                         second.month(), second.day(), second.hour(), second.minute(), second.second());
}

std::string IntegerToHex(absl::string_view content) {
  if (content.empty()) return "00";
  std::string octets(content);
  const bool negative = (static_cast<unsigned char>(octets[0]) & 0x80) != 0;
  if (negative) {
    bool carry = true;
    for (auto octet = octets.rbegin(); octet != octets.rend(); ++octet) {
      *octet = static_cast<char>(~*octet + (carry ? 1 : 0));
      carry = carry && *octet == '\0';
    }
  }
  const size_t first = octets.find_first_not_of('\0');
  octets.erase(0, first == std::string::npos ? octets.size() - 1 : first);
  return absl::StrCat(negative ? "-" : "", absl::BytesToHexString(octets));
}

std::string OidToText(const CBS& content) {
  const bssl::UniquePtr<char> text(CBS_asn1_oid_to_text(&content));
  return text == nullptr ? std::string("?") : std::string(text.get());
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
