#include "pki/path/name_constraints.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/status.h"
#include "openssl/bytestring.h"
#include "pki/der.h"
#include "pki/path/host_name.h"

namespace paranet::pki {
namespace {

constexpr absl::string_view kSubjectAltName = "2.5.29.17";
constexpr absl::string_view kEmptyName("\x30\x00", 2);
constexpr absl::string_view kEmailAddress = "1.2.840.113549.1.9.1";

// GeneralName (section 4.2.1.6) by the numbers of its choices.
constexpr unsigned kEmail = 1;
constexpr unsigned kDns = 2;
constexpr unsigned kDirectory = 4;
constexpr unsigned kUri = 6;
constexpr unsigned kAddress = 7;
constexpr unsigned kLastForm = 8;

constexpr unsigned kPermittedTag = CBS_ASN1_CONSTRUCTED | CBS_ASN1_CONTEXT_SPECIFIC | 0;
constexpr unsigned kExcludedTag = CBS_ASN1_CONSTRUCTED | CBS_ASN1_CONTEXT_SPECIFIC | 1;

absl::Status Bad(absl::string_view what) { return absl::InvalidArgumentError(what); }

std::string Quote(absl::string_view text) { return absl::StrCat("\"", absl::CHexEscape(text.substr(0, 256)), "\""); }

struct Mailbox {
  absl::string_view local;
  absl::string_view host;
};

std::optional<Mailbox> ParseMailbox(absl::string_view text) {
  const size_t at = text.find('@');
  if (at == 0 || at == absl::string_view::npos || !absl::c_all_of(text, [](char c) { return c > ' ' && c <= '~'; }) ||
      !IsHostName(text.substr(at + 1))) {
    return std::nullopt;
  }
  return Mailbox{text.substr(0, at), text.substr(at + 1)};
}

// The host of `scheme://[userinfo@]host[:port][/...]` if it is a host name.
std::optional<absl::string_view> HostOfUri(absl::string_view uri) {
  const size_t colon = uri.find("://");
  if (colon == 0 || colon == absl::string_view::npos) return std::nullopt;
  absl::string_view authority = uri.substr(colon + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  if (const size_t at = authority.rfind('@'); at != absl::string_view::npos) authority.remove_prefix(at + 1);
  authority = authority.substr(0, authority.find(':'));
  if (!IsHostName(authority)) return std::nullopt;
  return authority;
}

// Of 4 or 16 octets: ones, then zeros.
bool IsPrefixMask(absl::string_view mask) {
  bool over = false;
  for (char octet : mask) {
    for (int bit = 7; bit >= 0; --bit) {
      const bool one = ((static_cast<unsigned char>(octet) >> bit) & 1) != 0;
      if (one && over) return false;
      over = over || !one;
    }
  }
  return true;
}

bool IsBelowOrIs(absl::string_view host, absl::string_view constraint) {
  if (absl::ConsumePrefix(&constraint, ".")) {
    return host.size() > constraint.size() && IsWithinDomain(host, constraint);
  }
  return absl::EqualsIgnoreCase(host, constraint);
}

// Whether `constraint` may stand for hosts of mailboxes and URIs: `host` or `.domain`.
bool IsHostConstraint(absl::string_view constraint) {
  absl::ConsumePrefix(&constraint, ".");
  return IsHostName(constraint);
}

std::string Fold(absl::string_view text) {
  std::string folded = absl::AsciiStrToLower(text);
  absl::RemoveExtraAsciiWhitespace(&folded);
  return folded;
}

struct Attribute {
  absl::string_view oid;
  unsigned tag = 0;
  absl::string_view value;
};

// The attributes of one RDN.
std::optional<std::vector<Attribute>> ParseRdn(CBS* rdns) {
  CBS set;
  std::vector<Attribute> attributes;
  if (!CBS_get_asn1(rdns, &set, CBS_ASN1_SET) || CBS_len(&set) == 0) return std::nullopt;
  while (CBS_len(&set) > 0) {
    CBS pair;
    CBS oid;
    CBS value;
    Attribute attribute;
    if (!CBS_get_asn1(&set, &pair, CBS_ASN1_SEQUENCE) || !CBS_get_asn1(&pair, &oid, CBS_ASN1_OBJECT) ||
        !CBS_get_any_asn1(&pair, &value, &attribute.tag) || CBS_len(&pair) != 0) {
      return std::nullopt;
    }
    attribute.oid = Content(oid);
    attribute.value = Content(value);
    attributes.push_back(attribute);
  }
  return attributes;
}

bool IsText(unsigned tag) {
  return tag == CBS_ASN1_PRINTABLESTRING || tag == CBS_ASN1_UTF8STRING || tag == CBS_ASN1_IA5STRING;
}

bool Same(const Attribute& a, const Attribute& b) {
  if (a.oid != b.oid) return false;
  if (a.tag == b.tag && a.value == b.value) return true;
  return IsText(a.tag) && IsText(b.tag) && Fold(a.value) == Fold(b.value);
}

bool Same(const std::vector<Attribute>& a, const std::vector<Attribute>& b) {
  return a.size() == b.size() && absl::c_all_of(a, [&](const Attribute& one) {
           return absl::c_any_of(b, [&](const Attribute& other) { return Same(one, other); });
         });
}

// Whether the name in DER begins with the RDNs of `prefix`. Both can be decoded.
bool BeginsWith(absl::string_view name, absl::string_view prefix) {
  CBS name_der = ToCbs(name);
  CBS prefix_der = ToCbs(prefix);
  CBS names;
  CBS prefixes;
  if (!CBS_get_asn1(&name_der, &names, CBS_ASN1_SEQUENCE) || !CBS_get_asn1(&prefix_der, &prefixes, CBS_ASN1_SEQUENCE)) {
    return false;
  }
  while (CBS_len(&prefixes) > 0) {
    const auto wanted = ParseRdn(&prefixes);
    const auto found = ParseRdn(&names);
    if (!wanted.has_value() || !found.has_value() || !Same(*wanted, *found)) return false;
  }
  return true;
}

bool IsName(absl::string_view der) {
  CBS name = ToCbs(der);
  CBS rdns;
  if (!CBS_get_asn1(&name, &rdns, CBS_ASN1_SEQUENCE) || CBS_len(&name) != 0) return false;
  while (CBS_len(&rdns) > 0) {
    if (!ParseRdn(&rdns).has_value()) return false;
  }
  return true;
}

struct GeneralName {
  unsigned form = 0;
  absl::string_view content;
};

// One GeneralName; a directoryName without its explicit tag.
std::optional<GeneralName> ParseGeneralName(CBS* cbs) {
  CBS content;
  unsigned tag = 0;
  if (!CBS_get_any_asn1(cbs, &content, &tag) || (tag & CBS_ASN1_CLASS_MASK) != CBS_ASN1_CONTEXT_SPECIFIC ||
      (tag & CBS_ASN1_TAG_NUMBER_MASK) > kLastForm) {
    return std::nullopt;
  }
  const GeneralName name{tag & CBS_ASN1_TAG_NUMBER_MASK, Content(content)};
  const bool constructed = (tag & CBS_ASN1_CONSTRUCTED) != 0;
  // otherName, x400Address, directoryName, ediPartyName.
  if (constructed != (name.form == 0 || (name.form >= 3 && name.form <= 5))) return std::nullopt;
  return name;
}

bool IsConstraint(unsigned form, absl::string_view content) {
  switch (form) {
    case kEmail:
      return IsHostConstraint(content) || ParseMailbox(content).has_value();
    case kDns:
      return content.empty() || IsHostName(content);
    case kDirectory:
      return IsName(content);
    case kUri:
      return IsHostConstraint(content);
    case kAddress:
      return (content.size() == 8 || content.size() == 32) && IsPrefixMask(content.substr(content.size() / 2));
    default:
      return true;
  }
}

bool IsCertifiedName(unsigned form, absl::string_view content) {
  switch (form) {
    case kEmail:
      return ParseMailbox(content).has_value();
    case kDns:
      absl::ConsumePrefix(&content, "*.");
      return IsHostName(content);
    case kDirectory:
      return IsName(content);
    case kAddress:
      return content.size() == 4 || content.size() == 16;
    default:
      return true;
  }
}

// For a wildcard: whether all that it stands for (`permits`), or else any of it, is within `constraint`.
bool MatchesDns(absl::string_view name, absl::string_view constraint, bool permits) {
  if (constraint.empty()) return true;
  const bool wildcard = absl::ConsumePrefix(&name, "*.");
  if (IsWithinDomain(name, constraint)) return true;
  if (!wildcard || permits) return false;
  const size_t dot = constraint.find('.');
  return dot != absl::string_view::npos && absl::EqualsIgnoreCase(constraint.substr(dot + 1), name);
}

bool MatchesEmail(absl::string_view name, absl::string_view constraint) {
  const std::optional<Mailbox> mailbox = ParseMailbox(name);
  if (!mailbox.has_value()) return false;
  if (const std::optional<Mailbox> exact = ParseMailbox(constraint)) {
    return mailbox->local == exact->local && absl::EqualsIgnoreCase(mailbox->host, exact->host);
  }
  return IsBelowOrIs(mailbox->host, constraint);
}

bool MatchesAddress(absl::string_view address, absl::string_view constraint) {
  if (address.size() * 2 != constraint.size()) return false;
  for (size_t i = 0; i < address.size(); ++i) {
    if (((address[i] ^ constraint[i]) & constraint[address.size() + i]) != 0) return false;
  }
  return true;
}

bool Matches(unsigned form, absl::string_view name, absl::string_view constraint, bool permits) {
  switch (form) {
    case kEmail:
      return MatchesEmail(name, constraint);
    case kDns:
      return MatchesDns(name, constraint, permits);
    case kDirectory:
      return BeginsWith(name, constraint);
    case kUri: {
      const std::optional<absl::string_view> host = HostOfUri(name);
      return host.has_value() ? IsBelowOrIs(*host, constraint) : !permits;
    }
    case kAddress:
      return MatchesAddress(name, constraint);
    default:
      // Nothing is known of this form: not permitted, and excluded.
      return !permits;
  }
}

std::string Describe(unsigned form, absl::string_view content) {
  switch (form) {
    case kEmail:
    case kDns:
    case kUri:
      return Quote(content);
    case kAddress:
      return absl::StrCat("an address (", absl::BytesToHexString(content), ")");
    case kDirectory:
      return "a directory name";
    default:
      return "a name of a form that is not known here";
  }
}

}  // namespace

absl::StatusOr<ConstrainedNames> ConstrainedNames::Of(const Certificate& certificate) {
  ConstrainedNames names;
  if (certificate.subject_der() != kEmptyName) names.names_.push_back({kDirectory, certificate.subject_der()});
  CBS subject_der = ToCbs(certificate.subject_der());
  CBS subject;
  if (!CBS_get_asn1(&subject_der, &subject, CBS_ASN1_SEQUENCE)) return Bad("its subject cannot be decoded");
  while (CBS_len(&subject) > 0) {
    const auto rdn = ParseRdn(&subject);
    if (!rdn.has_value()) return Bad("its subject cannot be decoded");
    for (const Attribute& attribute : *rdn) {
      if (OidToText(ToCbs(attribute.oid)) == kEmailAddress) names.names_.push_back({kEmail, attribute.value});
    }
  }
  if (const auto der = certificate.extension(kSubjectAltName); der.has_value()) {
    CBS value = ToCbs(*der);
    CBS list;
    if (!CBS_get_asn1(&value, &list, CBS_ASN1_SEQUENCE)) return Bad("its subjectAltName cannot be decoded");
    while (CBS_len(&list) > 0) {
      const std::optional<GeneralName> name = ParseGeneralName(&list);
      if (!name.has_value()) return Bad("its subjectAltName cannot be decoded");
      names.names_.push_back({name->form, name->content});
    }
  }
  for (const Name& name : names.names_) {
    if (!IsCertifiedName(name.form, name.content)) {
      return Bad(absl::StrCat("it has the name ", Describe(name.form, name.content), ", which is none of its form"));
    }
  }
  return names;
}

absl::StatusOr<std::vector<NameConstraints::Subtree>> NameConstraints::ParseSubtrees(absl::string_view der) {
  CBS list = ToCbs(der);
  std::vector<Subtree> subtrees;
  while (CBS_len(&list) > 0) {
    CBS subtree;
    if (!CBS_get_asn1(&list, &subtree, CBS_ASN1_SEQUENCE)) return Bad("its nameConstraints cannot be decoded");
    const std::optional<GeneralName> base = ParseGeneralName(&subtree);
    if (!base.has_value()) return Bad("its nameConstraints cannot be decoded");
    // In DER the minimum of 0 is left out, and there is never a maximum.
    if (CBS_len(&subtree) != 0) return Bad("its nameConstraints have a minimum or maximum");
    if (!IsConstraint(base->form, base->content)) {
      return Bad(absl::StrCat("its nameConstraints have ", Describe(base->form, base->content),
                              ", which is no constraint of its form"));
    }
    subtrees.push_back({base->form, std::string(base->content)});
  }
  if (subtrees.empty()) return Bad("its nameConstraints have an empty list");
  return subtrees;
}

absl::StatusOr<NameConstraints> NameConstraints::FromDer(absl::string_view der) {
  CBS value = ToCbs(der);
  CBS fields;
  CBS permitted;
  CBS excluded;
  int has_permitted = 0;
  int has_excluded = 0;
  if (!IsDer(der) || !CBS_get_asn1(&value, &fields, CBS_ASN1_SEQUENCE) ||
      !CBS_get_optional_asn1(&fields, &permitted, &has_permitted, kPermittedTag) ||
      !CBS_get_optional_asn1(&fields, &excluded, &has_excluded, kExcludedTag) || CBS_len(&fields) != 0) {
    return Bad("its nameConstraints cannot be decoded");
  }
  if (has_permitted == 0 && has_excluded == 0) return Bad("its nameConstraints are empty");
  NameConstraints constraints;
  if (has_permitted != 0) {
    PARANET_ASSIGN_OR_RETURN(constraints.permitted_, ParseSubtrees(Content(permitted)));
  }
  if (has_excluded != 0) {
    PARANET_ASSIGN_OR_RETURN(constraints.excluded_, ParseSubtrees(Content(excluded)));
  }
  return constraints;
}

absl::Status NameConstraints::Check(const ConstrainedNames& names, size_t& budget) const {
  for (const ConstrainedNames::Name& name : names.names_) {
    const size_t comparisons = permitted_.size() + excluded_.size();
    if (comparisons > budget) {
      return absl::ResourceExhaustedError("there are more names and constraints than are worth comparing");
    }
    budget -= comparisons;
    bool constrained = false;
    bool within = false;
    for (const Subtree& subtree : permitted_) {
      if (subtree.form != name.form) continue;
      constrained = true;
      within = within || Matches(name.form, name.content, subtree.content, /*permits=*/true);
    }
    if (constrained && !within) {
      return absl::PermissionDeniedError(
          absl::StrCat("its name ", Describe(name.form, name.content), " is not within what is permitted"));
    }
    for (const Subtree& subtree : excluded_) {
      if (subtree.form == name.form && Matches(name.form, name.content, subtree.content, /*permits=*/false)) {
        return absl::PermissionDeniedError(
            absl::StrCat("its name ", Describe(name.form, name.content), " is within what is excluded"));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace paranet::pki
