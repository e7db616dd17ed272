#include "pki/root/root_backup.h"

#include <cstdint>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "openssl/bytestring.h"
#include "openssl/mem.h"
#include "openssl/sha.h"

namespace paranet::pki {
namespace {

constexpr absl::string_view kFormat = "paranet network root backup 1";
constexpr size_t kMaxSize = size_t{1} << 30;

const uint8_t* Bytes(absl::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }

absl::string_view View(const CBS& cbs) {
  return absl::string_view(reinterpret_cast<const char*>(CBS_data(&cbs)), CBS_len(&cbs));
}

absl::Status Damaged(absl::string_view why) {
  return absl::DataLossError(
      absl::StrCat("this is no backup of a Network Root, or it is damaged (", why, "): use another backup"));
}

bool Add(CBB* to, unsigned tag, absl::string_view bytes) {
  CBB child;
  return CBB_add_asn1(to, &child, tag) == 1 && CBB_add_bytes(&child, Bytes(bytes), bytes.size()) == 1 &&
         CBB_flush(to) == 1;
}

bool IsName(absl::string_view name) {
  if (name == "ledger.db") return true;
  if (!absl::ConsumeSuffix(&name, ".pem")) return false;
  absl::ConsumeSuffix(&name, ".key");
  return !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == absl::string_view::npos;
}

bool AddFiles(CBB* to, const std::vector<BackupFile>& files) {
  CBB all;
  if (!CBB_add_asn1(to, &all, CBS_ASN1_SEQUENCE)) return false;
  for (const BackupFile& file : files) {
    CBB one;
    if (!CBB_add_asn1(&all, &one, CBS_ASN1_SEQUENCE) || !Add(&one, CBS_ASN1_UTF8STRING, file.name) ||
        !Add(&one, CBS_ASN1_OCTETSTRING, file.content.view()) || !CBB_flush(&all)) {
      return false;
    }
  }
  return CBB_flush(to) == 1;
}

// What `fill` makes, or nothing.
template <typename Fill>
SecretString Der(const Fill& fill) {
  bssl::ScopedCBB cbb;
  uint8_t* der = nullptr;
  size_t size = 0;
  if (!CBB_init(cbb.get(), 1 << 16) || !fill(cbb.get()) || !CBB_finish(cbb.get(), &der, &size)) return SecretString();
  // BoringSSL overwrites all that it frees.
  const bssl::UniquePtr<uint8_t> owner(der);
  return SecretString(absl::string_view(reinterpret_cast<const char*>(der), size));
}

std::string Digest(absl::string_view bytes) {
  uint8_t digest[SHA256_DIGEST_LENGTH];
  SHA256(Bytes(bytes), bytes.size(), digest);
  return std::string(reinterpret_cast<const char*>(digest), sizeof(digest));
}

}  // namespace

absl::StatusOr<SecretString> EncodeBackup(const std::vector<BackupFile>& files) {
  size_t size = 0;
  for (const BackupFile& file : files) size += file.content.view().size();
  if (size > kMaxSize) return absl::ResourceExhaustedError("the Network Root has more than 1 GiB of files to back up");
  const SecretString encoded = Der([&files](CBB* cbb) { return AddFiles(cbb, files); });
  SecretString backup = Der([&encoded](CBB* cbb) {
    CBB sequence;
    return CBB_add_asn1(cbb, &sequence, CBS_ASN1_SEQUENCE) && Add(&sequence, CBS_ASN1_UTF8STRING, kFormat) &&
           Add(&sequence, CBS_ASN1_OCTETSTRING, Digest(encoded.view())) &&
           CBB_add_bytes(&sequence, Bytes(encoded.view()), encoded.view().size()) && CBB_flush(cbb);
  });
  if (encoded.view().empty() || backup.view().empty()) {
    return absl::ResourceExhaustedError("out of memory while making a backup");
  }
  return backup;
}

absl::StatusOr<std::vector<BackupFile>> DecodeBackup(absl::string_view bytes) {
  CBS cbs;
  CBS backup;
  CBS format;
  CBS digest;
  CBS encoded;
  CBS_init(&cbs, Bytes(bytes), bytes.size());
  if (!CBS_get_asn1(&cbs, &backup, CBS_ASN1_SEQUENCE) || CBS_len(&cbs) != 0 ||
      !CBS_get_asn1(&backup, &format, CBS_ASN1_UTF8STRING) || View(format) != kFormat) {
    return Damaged("it does not begin as one, or is cut off");
  }
  if (!CBS_get_asn1(&backup, &digest, CBS_ASN1_OCTETSTRING) ||
      !CBS_get_asn1_element(&backup, &encoded, CBS_ASN1_SEQUENCE) || CBS_len(&backup) != 0 ||
      View(digest) != Digest(View(encoded))) {
    return Damaged("its checksum is wrong");
  }
  CBS all;
  if (!CBS_get_asn1(&encoded, &all, CBS_ASN1_SEQUENCE)) return Damaged("it has no files");
  std::vector<BackupFile> files;
  std::set<std::string> names;
  while (CBS_len(&all) != 0) {
    CBS one;
    CBS name;
    CBS content;
    if (!CBS_get_asn1(&all, &one, CBS_ASN1_SEQUENCE) || !CBS_get_asn1(&one, &name, CBS_ASN1_UTF8STRING) ||
        !CBS_get_asn1(&one, &content, CBS_ASN1_OCTETSTRING) || CBS_len(&one) != 0) {
      return Damaged("a file in it cannot be read");
    }
    if (!IsName(View(name)) || !names.insert(std::string(View(name))).second) {
      return Damaged("a file in it has a name that it cannot have");
    }
    files.push_back({.name = std::string(View(name)), .content = SecretString(View(content))});
  }
  return files;
}

}  // namespace paranet::pki
