#include "pki/revocation_list.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "core/base/status.h"
#include "openssl/bytestring.h"
#include "openssl/err.h"
#include "openssl/mem.h"
#include "openssl/sha.h"
#include "openssl/x509.h"
#include "pki/der.h"
#include "pki/p256.h"
#include "pki/pem.h"

namespace paranet::pki {

struct RevocationList::Data {
  std::string der;
  // Within `der`.
  absl::string_view tbs;
  absl::string_view algorithm;
  absl::string_view signature;
  std::string fingerprint;
  std::string issuer;
  std::string issuer_der;
  std::string authority_key_id;
  std::string number;
  absl::Time this_update;
  absl::Time next_update = absl::InfiniteFuture();
  std::vector<RevokedSerial> entries;
  // Views of `entries`, which does not change any more.
  absl::flat_hash_map<absl::string_view, const RevokedSerial*> index;
};

namespace {

constexpr absl::string_view kLabel = "X509 CRL";
constexpr size_t kMaxDer = size_t{16} << 20;
// Base64 in lines of 64 and the lines around it.
constexpr size_t kMaxPem = kMaxDer / 48 * 65 + 4096;
constexpr size_t kMaxNumberOctets = 20;
constexpr uint64_t kVersion2 = 1;
constexpr unsigned kExtensionsTag = CBS_ASN1_CONSTRUCTED | CBS_ASN1_CONTEXT_SPECIFIC | 0;
constexpr unsigned kKeyIdTag = CBS_ASN1_CONTEXT_SPECIFIC | 0;

constexpr absl::string_view kIssuerAltName = "2.5.29.18";
constexpr absl::string_view kCrlNumber = "2.5.29.20";
constexpr absl::string_view kReasonCode = "2.5.29.21";
constexpr absl::string_view kInvalidityDate = "2.5.29.24";
constexpr absl::string_view kDeltaIndicator = "2.5.29.27";
constexpr absl::string_view kIssuingDistributionPoint = "2.5.29.28";
constexpr absl::string_view kCertificateIssuer = "2.5.29.29";
constexpr absl::string_view kAuthorityKeyId = "2.5.29.35";

struct ReasonName {
  RevocationReason reason;
  absl::string_view name;
};
constexpr ReasonName kReasons[] = {
    {RevocationReason::kUnspecified, "unspecified"},
    {RevocationReason::kKeyCompromise, "keyCompromise"},
    {RevocationReason::kCaCompromise, "cACompromise"},
    {RevocationReason::kAffiliationChanged, "affiliationChanged"},
    {RevocationReason::kSuperseded, "superseded"},
    {RevocationReason::kCessationOfOperation, "cessationOfOperation"},
    {RevocationReason::kCertificateHold, "certificateHold"},
    {RevocationReason::kRemoveFromCrl, "removeFromCRL"},
    {RevocationReason::kPrivilegeWithdrawn, "privilegeWithdrawn"},
    {RevocationReason::kAaCompromise, "aACompromise"},
};

absl::Status Bad(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("this is no revocation list: ", why));
}

absl::StatusOr<absl::Time> ParseTime(CBS* fields) {
  CBS content;
  const bool utc = CBS_peek_asn1_tag(fields, CBS_ASN1_UTCTIME) == 1;
  if (!CBS_get_asn1(fields, &content, utc ? CBS_ASN1_UTCTIME : CBS_ASN1_GENERALIZEDTIME)) {
    return Bad("a time is missing or of another type");
  }
  absl::StatusOr<absl::Time> time = DecodeTime(Content(content), utc);
  return time.ok() ? time : Bad(time.status().message());
}

// Calls `handle(numbers, critical, value)` for each of Extensions (section 4.1); each may come once.
template <typename Handle>
absl::Status ForEachExtension(CBS extensions, const Handle& handle) {
  CBS list;
  if (!CBS_get_asn1(&extensions, &list, CBS_ASN1_SEQUENCE) || CBS_len(&extensions) != 0 || CBS_len(&list) == 0) {
    return Bad("its extensions cannot be decoded");
  }
  std::vector<std::string> seen;
  while (CBS_len(&list) > 0) {
    CBS extension;
    CBS oid;
    CBS value;
    int critical = 0;
    if (!CBS_get_asn1(&list, &extension, CBS_ASN1_SEQUENCE) || !CBS_get_asn1(&extension, &oid, CBS_ASN1_OBJECT)) {
      return Bad("an extension cannot be decoded");
    }
    // DER leaves out the default FALSE.
    if (CBS_peek_asn1_tag(&extension, CBS_ASN1_BOOLEAN) &&
        (!CBS_get_asn1_bool(&extension, &critical) || critical == 0)) {
      return Bad("an extension cannot be decoded");
    }
    if (!CBS_get_asn1(&extension, &value, CBS_ASN1_OCTETSTRING) || CBS_len(&extension) != 0) {
      return Bad("an extension cannot be decoded");
    }
    std::string numbers = OidToText(oid);
    if (absl::c_linear_search(seen, numbers)) return Bad(absl::StrCat("extension ", numbers, " comes twice"));
    PARANET_RETURN_IF_ERROR(handle(numbers, critical != 0, value));
    seen.push_back(std::move(numbers));
  }
  return absl::OkStatus();
}

absl::Status Unknown(absl::string_view numbers) {
  return Bad(absl::StrCat("its extension ", numbers, " is critical and unknown here"));
}

absl::Status CannotDecode(absl::string_view numbers) {
  return Bad(absl::StrCat("extension ", numbers, " cannot be decoded"));
}

absl::StatusOr<RevocationReason> ParseReason(CBS value) {
  CBS content;
  uint8_t number = 0;
  if (!CBS_get_asn1(&value, &content, CBS_ASN1_ENUMERATED) || CBS_len(&value) != 0 || !CBS_get_u8(&content, &number) ||
      CBS_len(&content) != 0) {
    return CannotDecode(kReasonCode);
  }
  for (const ReasonName& known : kReasons) {
    // Only a delta list takes entries away (section 5.3.1).
    if (static_cast<int>(known.reason) == number && known.reason != RevocationReason::kRemoveFromCrl) {
      return known.reason;
    }
  }
  return Bad(absl::StrCat("an entry has the reason ", number, ", which a complete list cannot have"));
}

absl::StatusOr<RevokedSerial> ParseEntry(CBS* list) {
  CBS entry;
  CBS serial;
  if (!CBS_get_asn1(list, &entry, CBS_ASN1_SEQUENCE) || !CBS_get_asn1(&entry, &serial, CBS_ASN1_INTEGER) ||
      !CBS_is_valid_asn1_integer(&serial, nullptr)) {
    return Bad("an entry cannot be decoded");
  }
  RevokedSerial revoked;
  revoked.serial = IntegerToHex(Content(serial));
  PARANET_ASSIGN_OR_RETURN(revoked.revoked_at, ParseTime(&entry));
  if (CBS_len(&entry) == 0) return revoked;
  PARANET_RETURN_IF_ERROR(ForEachExtension(entry, [&](absl::string_view numbers, bool critical, CBS value) {
    if (numbers == kReasonCode) {
      absl::StatusOr<RevocationReason> reason = ParseReason(value);
      if (reason.ok()) revoked.reason = *reason;
      return reason.status();
    }
    if (numbers == kCertificateIssuer) return Bad("it is an indirect list (an entry names another issuer)");
    if (critical && numbers != kInvalidityDate) return Unknown(numbers);
    return absl::OkStatus();
  }));
  return revoked;
}

absl::Status ParseAuthorityKeyId(CBS value, std::string& id) {
  CBS fields;
  CBS key_id;
  int has_key_id = 0;
  if (!CBS_get_asn1(&value, &fields, CBS_ASN1_SEQUENCE) || CBS_len(&value) != 0 ||
      !CBS_get_optional_asn1(&fields, &key_id, &has_key_id, kKeyIdTag)) {
    return CannotDecode(kAuthorityKeyId);
  }
  if (has_key_id != 0) id = std::string(Content(key_id));
  return absl::OkStatus();
}

absl::Status ParseNumber(CBS value, bool critical, std::string& number) {
  CBS content;
  if (critical) return Bad("its cRLNumber is critical (RFC 5280 section 5.2.3)");
  if (!CBS_get_asn1(&value, &content, CBS_ASN1_INTEGER) || CBS_len(&value) != 0 ||
      !CBS_is_unsigned_asn1_integer(&content)) {
    return CannotDecode(kCrlNumber);
  }
  number = IntegerToHex(Content(content));
  if (number.size() > 2 * kMaxNumberOctets) return Bad("its cRLNumber has more than 20 octets");
  if (number.size() > 1 && number[0] == '0') number.erase(0, 1);
  return absl::OkStatus();
}

// As Certificate::serial() writes a serial that is not negative.
bool IsSerial(absl::string_view serial) {
  return !serial.empty() && serial.size() % 2 == 0 && serial.size() <= 2 * kMaxNumberOctets &&
         absl::c_all_of(serial, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }) &&
         (serial.size() == 2 || serial.substr(0, 2) != "00");
}

bool AddTime(CBB* cbb, absl::Time time) {
  unsigned tag = 0;
  const std::string content = EncodeTime(time, tag);
  CBB element;
  return CBB_add_asn1(cbb, &element, tag) == 1 &&
         CBB_add_bytes(&element, reinterpret_cast<const uint8_t*>(content.data()), content.size()) == 1 &&
         CBB_flush(cbb) == 1;
}

bool AddBytes(CBB* cbb, absl::string_view bytes) {
  return CBB_add_bytes(cbb, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()) == 1;
}

bool AddPositiveInteger(CBB* cbb, absl::string_view octets) {
  CBB element;
  return CBB_add_asn1(cbb, &element, CBS_ASN1_INTEGER) == 1 &&
         ((static_cast<unsigned char>(octets[0]) & 0x80) == 0 || CBB_add_u8(&element, 0) == 1) &&
         AddBytes(&element, octets) && CBB_flush(cbb) == 1;
}

// Opens an extension, not critical; `value` is to be filled with its content, then `cbb` to be flushed.
bool OpenExtension(CBB* cbb, absl::string_view numbers, CBB* extension, CBB* value) {
  CBB oid;
  return CBB_add_asn1(cbb, extension, CBS_ASN1_SEQUENCE) == 1 && CBB_add_asn1(extension, &oid, CBS_ASN1_OBJECT) == 1 &&
         CBB_add_asn1_oid_from_text(&oid, numbers.data(), numbers.size()) == 1 &&
         CBB_add_asn1(extension, value, CBS_ASN1_OCTETSTRING) == 1;
}

bool AddEntry(CBB* cbb, const RevokedSerial& revoked) {
  CBB entry;
  if (CBB_add_asn1(cbb, &entry, CBS_ASN1_SEQUENCE) != 1 ||
      !AddPositiveInteger(&entry, absl::HexStringToBytes(revoked.serial)) || !AddTime(&entry, revoked.revoked_at)) {
    return false;
  }
  if (revoked.reason != RevocationReason::kUnspecified) {
    CBB extensions;
    CBB extension;
    CBB value;
    CBB reason;
    if (CBB_add_asn1(&entry, &extensions, CBS_ASN1_SEQUENCE) != 1 ||
        !OpenExtension(&extensions, kReasonCode, &extension, &value) ||
        CBB_add_asn1(&value, &reason, CBS_ASN1_ENUMERATED) != 1 ||
        CBB_add_u8(&reason, static_cast<uint8_t>(revoked.reason)) != 1 || CBB_flush(&entry) != 1) {
      return false;
    }
  }
  return CBB_flush(cbb) == 1;
}

bool AddExtensions(CBB* tbs, const Certificate& authority, uint64_t number) {
  CBB tagged;
  CBB extensions;
  CBB extension;
  CBB value;
  CBB content;
  CBB key_id;
  if (CBB_add_asn1(tbs, &tagged, kExtensionsTag) != 1 || CBB_add_asn1(&tagged, &extensions, CBS_ASN1_SEQUENCE) != 1 ||
      !OpenExtension(&extensions, kAuthorityKeyId, &extension, &value) ||
      CBB_add_asn1(&value, &content, CBS_ASN1_SEQUENCE) != 1 || CBB_add_asn1(&content, &key_id, kKeyIdTag) != 1 ||
      !AddBytes(&key_id, authority.subject_key_id()) || CBB_flush(&extensions) != 1) {
    return false;
  }
  return OpenExtension(&extensions, kCrlNumber, &extension, &value) && CBB_add_asn1_uint64(&value, number) == 1 &&
         CBB_flush(tbs) == 1;
}

std::string TakeBytes(CBB* cbb) {
  uint8_t* bytes = nullptr;
  size_t size = 0;
  if (CBB_finish(cbb, &bytes, &size) != 1) return "";
  const bssl::UniquePtr<uint8_t> owner(bytes);
  return std::string(reinterpret_cast<const char*>(bytes), size);
}

// TBSCertList; empty if memory ran out.
std::string MakeTbs(const Certificate& authority, const RevocationListContents& contents) {
  bssl::ScopedCBB cbb;
  CBB tbs;
  if (CBB_init(cbb.get(), 256 + contents.entries.size() * 64) != 1 ||
      CBB_add_asn1(cbb.get(), &tbs, CBS_ASN1_SEQUENCE) != 1 || CBB_add_asn1_uint64(&tbs, kVersion2) != 1 ||
      !AddBytes(&tbs, kEcdsaWithSha256) || !AddBytes(&tbs, authority.subject_der()) ||
      !AddTime(&tbs, contents.this_update) || !AddTime(&tbs, contents.next_update)) {
    return "";
  }
  if (!contents.entries.empty()) {
    CBB list;
    if (CBB_add_asn1(&tbs, &list, CBS_ASN1_SEQUENCE) != 1) return "";
    for (const RevokedSerial& revoked : contents.entries) {
      if (!AddEntry(&list, revoked)) return "";
    }
    // While `list` is there.
    if (CBB_flush(&tbs) != 1) return "";
  }
  if (!AddExtensions(&tbs, authority, contents.number)) return "";
  return TakeBytes(cbb.get());
}

absl::Status CheckContents(const Certificate& authority, const PrivateKey& key,
                           const RevocationListContents& contents) {
  if (authority.public_key() != key.public_key()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the key is not that of \"", authority.subject(), "\": give the one that belongs to it"));
  }
  if (!absl::c_linear_search(authority.key_usages(), "cRLSign") || authority.subject_key_id().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", authority.subject(), "\" may not sign revocation lists: give a root or issuing authority"));
  }
  if (contents.number == 0) return absl::InvalidArgumentError("a revocation list is numbered from 1 on");
  const auto writable = [](absl::Time time) {
    return time >= absl::FromCivil(absl::CivilYear(1950), absl::UTCTimeZone()) &&
           time < absl::FromCivil(absl::CivilYear(10000), absl::UTCTimeZone());
  };
  if (contents.next_update <= contents.this_update || !writable(contents.this_update) ||
      !writable(contents.next_update)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a revocation list cannot be valid from ", absl::FormatTime(contents.this_update), " to ",
                     absl::FormatTime(contents.next_update), ": give an end after the beginning"));
  }
  absl::flat_hash_set<absl::string_view> serials;
  for (const RevokedSerial& revoked : contents.entries) {
    if (!IsSerial(revoked.serial) || !writable(revoked.revoked_at) ||
        revoked.reason == RevocationReason::kRemoveFromCrl) {
      return absl::InvalidArgumentError(absl::StrCat("\"", absl::CHexEscape(revoked.serial.substr(0, 64)),
                                                     "\" cannot be on a revocation list: give a serial as it is in the "
                                                     "certificate, a time and a reason"));
    }
    if (!serials.insert(revoked.serial).second) {
      return absl::InvalidArgumentError(absl::StrCat("serial ", revoked.serial, " comes twice"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view RevocationReasonName(RevocationReason reason) {
  for (const ReasonName& known : kReasons) {
    if (known.reason == reason) return known.name;
  }
  return "";
}

absl::StatusOr<RevocationReason> ParseRevocationReason(absl::string_view name) {
  std::string names;
  for (const ReasonName& known : kReasons) {
    if (known.name == name) return known.reason;
    absl::StrAppend(&names, names.empty() ? "" : ", ", known.name);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", absl::CHexEscape(name.substr(0, 64)), "\" is no reason to revoke: give one of ", names));
}

RevocationList::RevocationList(std::shared_ptr<const Data> data) : data_(std::move(data)) {}

absl::StatusOr<RevocationList> RevocationList::FromDer(absl::string_view der) {
  if (der.size() > kMaxDer) return Bad(absl::StrCat("it has more than ", kMaxDer, " bytes"));
  if (!IsDer(der)) return Bad("it is not in DER");
  auto data = std::make_shared<Data>();
  data->der = std::string(der);

  CBS whole = ToCbs(data->der);
  CBS list;
  CBS tbs;
  CBS algorithm;
  CBS signature;
  uint8_t unused_bits = 0;
  if (!CBS_get_asn1(&whole, &list, CBS_ASN1_SEQUENCE) || !CBS_get_asn1_element(&list, &tbs, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1_element(&list, &algorithm, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1(&list, &signature, CBS_ASN1_BITSTRING) || CBS_len(&list) != 0 ||
      !CBS_get_u8(&signature, &unused_bits) || unused_bits != 0) {
    return Bad("it cannot be decoded");
  }
  data->tbs = Content(tbs);
  data->algorithm = Content(algorithm);
  data->signature = Content(signature);

  CBS fields;
  CBS inner;
  CBS issuer;
  uint64_t version = 0;
  if (!CBS_get_asn1(&tbs, &fields, CBS_ASN1_SEQUENCE) || !CBS_get_asn1_uint64(&fields, &version) ||
      version != kVersion2) {
    return Bad("it is not of version 2");
  }
  if (!CBS_get_asn1_element(&fields, &inner, CBS_ASN1_SEQUENCE) || Content(inner) != data->algorithm) {
    return Bad("the two places that name its signature algorithm differ (RFC 5280 section 5.1.1.2)");
  }
  if (!CBS_get_asn1_element(&fields, &issuer, CBS_ASN1_SEQUENCE)) return Bad("it has no issuer");
  data->issuer_der = std::string(Content(issuer));
  const uint8_t* position = CBS_data(&issuer);
  const bssl::UniquePtr<X509_NAME> name(
      d2i_X509_NAME(nullptr, &position, static_cast<long>(CBS_len(&issuer))));  // NOLINT(google-runtime-int)
  ERR_clear_error();
  if (name == nullptr || X509_NAME_entry_count(name.get()) == 0) return Bad("its issuer is no name");
  data->issuer = NameToText(name.get());

  PARANET_ASSIGN_OR_RETURN(data->this_update, ParseTime(&fields));
  if (CBS_peek_asn1_tag(&fields, CBS_ASN1_UTCTIME) || CBS_peek_asn1_tag(&fields, CBS_ASN1_GENERALIZEDTIME)) {
    PARANET_ASSIGN_OR_RETURN(data->next_update, ParseTime(&fields));
    if (data->next_update < data->this_update) return Bad("its nextUpdate is before its thisUpdate");
  }

  CBS entries;
  int has_entries = 0;
  if (!CBS_get_optional_asn1(&fields, &entries, &has_entries, CBS_ASN1_SEQUENCE) ||
      (has_entries != 0 && CBS_len(&entries) == 0)) {
    return Bad("its entries cannot be decoded (RFC 5280 section 5.1.2.6)");
  }
  while (has_entries != 0 && CBS_len(&entries) > 0) {
    PARANET_ASSIGN_OR_RETURN(RevokedSerial revoked, ParseEntry(&entries));
    data->entries.push_back(std::move(revoked));
  }
  data->index.reserve(data->entries.size());
  for (const RevokedSerial& revoked : data->entries) {
    if (!data->index.emplace(revoked.serial, &revoked).second) {
      return Bad(absl::StrCat("serial ", revoked.serial, " comes twice"));
    }
  }

  CBS extensions;
  int has_extensions = 0;
  if (!CBS_get_optional_asn1(&fields, &extensions, &has_extensions, kExtensionsTag) || CBS_len(&fields) != 0) {
    return Bad("it cannot be decoded");
  }
  if (has_extensions != 0) {
    PARANET_RETURN_IF_ERROR(ForEachExtension(extensions, [&](absl::string_view numbers, bool critical, CBS value) {
      if (numbers == kCrlNumber) return ParseNumber(value, critical, data->number);
      if (numbers == kAuthorityKeyId) return ParseAuthorityKeyId(value, data->authority_key_id);
      if (numbers == kDeltaIndicator) return Bad("it is a delta list: give the complete one");
      if (numbers == kIssuingDistributionPoint) {
        return Bad("it covers only some certificates (issuingDistributionPoint): give the complete one");
      }
      if (critical && numbers != kIssuerAltName) return Unknown(numbers);
      return absl::OkStatus();
    }));
  }
  if (data->number.empty()) return Bad("it has no cRLNumber (RFC 5280 section 5.2.3)");

  uint8_t digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const uint8_t*>(der.data()), der.size(), digest);
  data->fingerprint = absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), sizeof(digest)));
  return RevocationList(std::move(data));
}

absl::StatusOr<RevocationList> RevocationList::FromPem(absl::string_view pem) {
  PARANET_ASSIGN_OR_RETURN(const std::vector<std::string> blocks, DecodePublicPem(pem, kLabel, 1, kMaxPem));
  return FromDer(blocks[0]);
}

const std::string& RevocationList::ToDer() const { return data_->der; }
std::string RevocationList::ToPem() const { return EncodePublicPem(kLabel, ToDer()); }
const std::string& RevocationList::fingerprint() const { return data_->fingerprint; }
const std::string& RevocationList::issuer() const { return data_->issuer; }
const std::string& RevocationList::issuer_der() const { return data_->issuer_der; }
const std::string& RevocationList::authority_key_id() const { return data_->authority_key_id; }
const std::string& RevocationList::number() const { return data_->number; }
absl::Time RevocationList::this_update() const { return data_->this_update; }
absl::Time RevocationList::next_update() const { return data_->next_update; }
const std::vector<RevokedSerial>& RevocationList::entries() const { return data_->entries; }

const RevokedSerial* RevocationList::Find(absl::string_view serial) const {
  const auto found = data_->index.find(serial);
  return found == data_->index.end() ? nullptr : found->second;
}

bool RevocationList::IsSignedBy(const Certificate& authority) const {
  const std::vector<std::string>& usages = authority.key_usages();
  return issuer_der() == authority.subject_der() && !authority_key_id().empty() &&
         authority_key_id() == authority.subject_key_id() && authority.is_ca() &&
         (usages.empty() || absl::c_linear_search(usages, "cRLSign")) && data_->algorithm == kEcdsaWithSha256 &&
         authority.VerifySignature(data_->tbs, data_->signature);
}

bool RevocationList::IsNewerThan(const RevocationList& other) const {
  // Without leading zeros the longer number is the higher one.
  if (number().size() != other.number().size()) return number().size() > other.number().size();
  return number() > other.number();
}

absl::StatusOr<RevocationList> IssueRevocationList(const Certificate& authority, const PrivateKey& key,
                                                   const RevocationListContents& contents) {
  PARANET_RETURN_IF_ERROR(CheckContents(authority, key, contents));
  const std::string tbs = MakeTbs(authority, contents);
  if (tbs.empty()) return absl::ResourceExhaustedError("out of memory while making a revocation list");
  PARANET_ASSIGN_OR_RETURN(const std::string signature, key.Sign(tbs));
  bssl::ScopedCBB cbb;
  CBB list;
  CBB bits;
  if (CBB_init(cbb.get(), tbs.size() + 128) != 1 || CBB_add_asn1(cbb.get(), &list, CBS_ASN1_SEQUENCE) != 1 ||
      !AddBytes(&list, tbs) || !AddBytes(&list, kEcdsaWithSha256) ||
      CBB_add_asn1(&list, &bits, CBS_ASN1_BITSTRING) != 1 || CBB_add_u8(&bits, 0) != 1 || !AddBytes(&bits, signature)) {
    return absl::ResourceExhaustedError("out of memory while making a revocation list");
  }
  return RevocationList::FromDer(TakeBytes(cbb.get()));
}

}  // namespace paranet::pki
