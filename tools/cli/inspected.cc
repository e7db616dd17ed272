#include "tools/cli/inspected.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "tools/cli/certificate_info.h"
#include "tools/cli/message_json.h"
#include "tools/cli/output.h"

namespace paranet::cli {
namespace {

using Kind = pki::Inspected::Kind;

// A list may be long, and a person looks at its head.
constexpr int kMostShown = 50;

// `{"a":1}` with a further key.
Json With(const Json& object, absl::string_view more) {
  absl::string_view body = object.text();
  absl::ConsumeSuffix(&body, "}");
  return Json::Raw(absl::StrCat(body, body == "{" ? "" : ",", more, "}"));
}

Json WithNote(const Json& object, const pki::Inspected& found) {
  if (found.note.empty()) return object;
  return With(object, absl::StrCat("\"note\":", QuoteJson(found.note)));
}

Json ToJson(const pki::Inspected& found) {
  switch (found.kind) {
    case Kind::kCertificate:
      return WithNote(With(MessageToJson(found.certificate),
                           absl::StrCat("\"public_key_fingerprint\":", QuoteJson(found.public_key_fingerprint))),
                      found);
    case Kind::kRequest:
      return WithNote(
          JsonObject()
              .Set("identity", found.certificate.identity())
              .Set("subject", found.certificate.subject())
              .Set("dns_names",
                   Json::Strings({found.certificate.dns_names().begin(), found.certificate.dns_names().end()}))
              .Set("ip_addresses",
                   Json::Strings({found.certificate.ip_addresses().begin(), found.certificate.ip_addresses().end()}))
              .Set("key", found.key)
              .Set("public_key_fingerprint", found.public_key_fingerprint)
              .Set("signed_by_its_key", found.signed_by_its_key),
          found);
    case Kind::kRevocationList:
      return WithNote(MessageToJson(found.list), found);
    default:
      return WithNote(JsonObject()
                          .Set("kind", pki::InspectedKindName(found.kind))
                          .Set("label", found.label)
                          .Set("key", found.key)
                          .Set("public_key_fingerprint", found.public_key_fingerprint),
                      found);
  }
}

std::string FormatList(const v1::RevocationListInfo& list) {
  std::vector<std::pair<std::string, std::string>> fields = {
      {"issuer", list.issuer()},
      {"number", list.number()},
      {"issued", FormatUtc(absl::FromUnixSeconds(list.this_update_unix()))},
      {"next", list.next_update_unix() == 0 ? "" : FormatUtc(absl::FromUnixSeconds(list.next_update_unix()))},
      {"revoked", absl::StrCat(list.revoked_size())},
      {"fingerprint", list.fingerprint()},
  };
  std::string text = FormatFields(fields);
  for (int i = 0; i < list.revoked_size() && i < kMostShown; ++i) {
    const v1::RevokedCertificate& revoked = list.revoked(i);
    absl::StrAppend(&text, "  ", revoked.serial(), "  ", FormatUtc(absl::FromUnixSeconds(revoked.revoked_at_unix())),
                    revoked.reason().empty() ? "" : "  ", revoked.reason(), "\n");
  }
  if (list.revoked_size() > kMostShown) {
    absl::StrAppend(&text, "  and ", list.revoked_size() - kMostShown, " more (--output json has all)\n");
  }
  return text;
}

std::string FormatOne(const pki::Inspected& found, absl::Time now) {
  switch (found.kind) {
    case Kind::kCertificate:
      return absl::StrCat(FormatCertificate(found.certificate, now),
                          FormatFields({{"public key", found.public_key_fingerprint}}));
    case Kind::kRequest:
      return FormatFields({{"identity", found.certificate.identity()},
                           {"subject", found.certificate.subject()},
                           {"dns names", absl::StrJoin(found.certificate.dns_names(), ", ")},
                           {"addresses", absl::StrJoin(found.certificate.ip_addresses(), ", ")},
                           {"key", found.key},
                           {"public key", found.public_key_fingerprint},
                           {"signature", found.signed_by_its_key ? "by its key" : "NOT by its key"}});
    case Kind::kRevocationList:
      return FormatList(found.list);
    default:
      return FormatFields({{"key", found.key}, {"public key", found.public_key_fingerprint}});
  }
}

}  // namespace

Json InspectedToJson(const std::vector<pki::Inspected>& all) {
  std::vector<Json> certificates, requests, lists, keys, others;
  for (const pki::Inspected& found : all) {
    switch (found.kind) {
      case Kind::kCertificate:
        certificates.push_back(ToJson(found));
        break;
      case Kind::kRequest:
        requests.push_back(ToJson(found));
        break;
      case Kind::kRevocationList:
        lists.push_back(ToJson(found));
        break;
      case Kind::kPrivateKey:
      case Kind::kEncryptedPrivateKey:
      case Kind::kPublicKey:
        keys.push_back(ToJson(found));
        break;
      case Kind::kOther:
        others.push_back(ToJson(found));
    }
  }
  return JsonObject()
      .Set("certificates", Json::Array(certificates))
      .Set("requests", Json::Array(requests))
      .Set("revocation_lists", Json::Array(lists))
      .Set("keys", Json::Array(keys))
      .Set("others", Json::Array(others));
}

std::string FormatInspected(const std::vector<pki::Inspected>& all, absl::Time now) {
  std::string text;
  for (const pki::Inspected& found : all) {
    absl::StrAppend(&text, text.empty() ? "" : "\n", pki::InspectedKindName(found.kind), " (", found.label, ")\n",
                    FormatOne(found, now), FormatFields({{"note", found.note}}));
  }
  return text;
}

}  // namespace paranet::cli
