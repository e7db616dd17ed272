#include "pki/subject_alt_names.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/status.h"
#include "openssl/asn1.h"
#include "openssl/err.h"
#include "openssl/nid.h"
#include "openssl/x509.h"
#include "openssl/x509v3.h"
#include "pki/der.h"

namespace paranet::pki {
namespace {

using GeneralNames = bssl::UniquePtr<STACK_OF(GENERAL_NAME)>;

absl::string_view Content(const ASN1_STRING* string) {
  return absl::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
                           static_cast<size_t>(ASN1_STRING_length(string)));
}

absl::StatusOr<std::string> DecodeText(const ASN1_STRING* string) {
  const absl::string_view text = Content(string);
  if (text.empty()) return absl::InvalidArgumentError("subjectAltName has an empty name");
  if (!absl::c_all_of(text, [](char c) { return c > ' ' && c <= '~'; })) {
    return absl::InvalidArgumentError(
        absl::StrCat("subjectAltName has a name with a character outside printable ASCII: \"",
                     absl::CHexEscape(text.substr(0, 256)), "\""));
  }
  return std::string(text);
}

absl::StatusOr<std::string> DecodeAddress(const ASN1_STRING* string) {
  const absl::string_view octets = Content(string);
  char text[INET6_ADDRSTRLEN];
  if ((octets.size() != sizeof(in_addr) && octets.size() != sizeof(in6_addr)) ||
      inet_ntop(octets.size() == sizeof(in_addr) ? AF_INET : AF_INET6, octets.data(), text, sizeof(text)) == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("subjectAltName has an IP address of ", octets.size(), " octets, which is neither 4 nor 16"));
  }
  return std::string(text);
}

// Takes over nothing of `content`.
absl::Status Add(GENERAL_NAMES* names, int kind, absl::string_view content) {
  bssl::UniquePtr<GENERAL_NAME> name(GENERAL_NAME_new());
  bssl::UniquePtr<ASN1_STRING> value(kind == GEN_IPADD ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new());
  if (name == nullptr || value == nullptr ||
      !ASN1_STRING_set(value.get(), content.data(), static_cast<int>(content.size()))) {
    return absl::ResourceExhaustedError("out of memory while making a subjectAltName");
  }
  GENERAL_NAME_set0_value(name.get(), kind, value.release());
  if (!bssl::PushToStack(names, std::move(name))) {
    return absl::ResourceExhaustedError("out of memory while making a subjectAltName");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> EncodeAddress(const std::string& address) {
  in_addr v4;
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) {
    return std::string(reinterpret_cast<const char*>(&v4), sizeof(v4));
  }
  in6_addr v6;
  if (inet_pton(AF_INET6, address.c_str(), &v6) == 1) {
    return std::string(reinterpret_cast<const char*>(&v6), sizeof(v6));
  }
  return absl::InvalidArgumentError(absl::StrCat("\"", absl::CHexEscape(address), "\" is no IP address"));
}

}  // namespace

absl::StatusOr<SubjectAltNames> DecodeSubjectAltNames(const X509_EXTENSION* extension) {
  const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(const_cast<X509_EXTENSION*>(extension));
  if (OBJ_obj2nid(X509_EXTENSION_get_object(const_cast<X509_EXTENSION*>(extension))) != NID_subject_alt_name ||
      !IsDer(Content(value))) {
    return absl::InvalidArgumentError("subjectAltName is not in DER");
  }
  const GeneralNames decoded(static_cast<GENERAL_NAMES*>(X509V3_EXT_d2i(extension)));
  ERR_clear_error();
  if (decoded == nullptr) return absl::InvalidArgumentError("subjectAltName cannot be decoded");
  if (sk_GENERAL_NAME_num(decoded.get()) == 0) return absl::InvalidArgumentError("subjectAltName has no name");

  SubjectAltNames names;
  for (const GENERAL_NAME* name : decoded.get()) {
    switch (name->type) {
      case GEN_DNS: {
        PARANET_ASSIGN_OR_RETURN(std::string text, DecodeText(name->d.dNSName));
        names.dns_names.push_back(std::move(text));
        break;
      }
      case GEN_URI: {
        PARANET_ASSIGN_OR_RETURN(std::string text, DecodeText(name->d.uniformResourceIdentifier));
        names.uris.push_back(std::move(text));
        break;
      }
      case GEN_IPADD: {
        PARANET_ASSIGN_OR_RETURN(std::string text, DecodeAddress(name->d.iPAddress));
        names.ip_addresses.push_back(std::move(text));
        break;
      }
      default:
        ++names.other_names;
    }
  }
  return names;
}

absl::StatusOr<bssl::UniquePtr<X509_EXTENSION>> EncodeSubjectAltNames(const SubjectAltNames& names) {
  GeneralNames encoded(sk_GENERAL_NAME_new_null());
  if (encoded == nullptr) return absl::ResourceExhaustedError("out of memory while making a subjectAltName");
  for (const std::string& uri : names.uris) PARANET_RETURN_IF_ERROR(Add(encoded.get(), GEN_URI, uri));
  for (const std::string& name : names.dns_names) PARANET_RETURN_IF_ERROR(Add(encoded.get(), GEN_DNS, name));
  for (const std::string& address : names.ip_addresses) {
    PARANET_ASSIGN_OR_RETURN(const std::string octets, EncodeAddress(address));
    PARANET_RETURN_IF_ERROR(Add(encoded.get(), GEN_IPADD, octets));
  }
  if (sk_GENERAL_NAME_num(encoded.get()) == 0) return absl::InvalidArgumentError("subjectAltName needs a name");
  bssl::UniquePtr<X509_EXTENSION> extension(X509V3_EXT_i2d(NID_subject_alt_name, 0, encoded.get()));
  ERR_clear_error();
  if (extension == nullptr) return absl::ResourceExhaustedError("out of memory while making a subjectAltName");
  return extension;
}

}  // namespace paranet::pki
