// The file format of a Network Root's backup, in DER, so that `openssl asn1parse` can look into it:
//
//   Backup ::= SEQUENCE {
//     format   UTF8String ("paranet network root backup 1"),
//     digest   OCTET STRING,           -- SHA-256 of the DER form of `files`
//     files    SEQUENCE OF SEQUENCE { name UTF8String, content OCTET STRING } }
#ifndef PARANET_PKI_ROOT_ROOT_BACKUP_H_
#define PARANET_PKI_ROOT_ROOT_BACKUP_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pki/secret_string.h"

namespace paranet::pki {

struct BackupFile {
  // `ledger.db`, or a lower-case name with digits and hyphens and the ending `.pem` or `.key.pem`: never a path.
  std::string name;
  SecretString content;
};

// At most 1 GiB.
absl::StatusOr<SecretString> EncodeBackup(const std::vector<BackupFile>& files);

// DATA_LOSS if it is damaged or no backup at all, or has a file whose name is none or comes twice.
absl::StatusOr<std::vector<BackupFile>> DecodeBackup(absl::string_view bytes);

}  // namespace paranet::pki

#endif  // PARANET_PKI_ROOT_ROOT_BACKUP_H_
