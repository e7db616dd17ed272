// The nameConstraints extension (RFC 5280 section 4.2.1.10).
//
//   form             a constraint and what it matches
//   dNSName          a host name: itself and all below it; empty: all. A wildcard `*.X` is all names one label below X:
//                    within what is permitted if each is, excluded if any is.
//   rfc822Name       `a@host`: this mailbox; `host`: all mailboxes there; `.domain`: all at hosts below the domain. The
//                    part before the `@` is taken literally. Also matched against emailAddress in the subject.
//   URI              `host`: this host alone; `.domain`: hosts below the domain. A URI without a host name as its host
//                    (an address, or no authority at all) is refused as soon as there is a constraint of this form.
//   iPAddress        an address and a mask that is a prefix, of the same family
//   directoryName    names that begin with these RDNs; also matched against the subject, unless it is empty
//
// Constraints of other forms (otherName, x400Address, ediPartyName, registeredID) refuse all names of their form.
// Deviations: host names need not be fully qualified (`acme` is one). Values of attributes match if they are the same
// bytes, or PrintableStrings, UTF8Strings or IA5Strings that differ in ASCII case or in white space; the rest of string
// preparation (section 7.1) is not done. Mailboxes with a quoted part that contains `@` are no mailboxes here.
#ifndef PARANET_PKI_PATH_NAME_CONSTRAINTS_H_
#define PARANET_PKI_PATH_NAME_CONSTRAINTS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pki/certificate.h"

namespace paranet::pki {

// The names of one certificate that constraints are about. Refers to the certificate.
class ConstrainedNames {
 public:
  // INVALID_ARGUMENT if subjectAltName or subject cannot be decoded, or has a name that is none of its form.
  static absl::StatusOr<ConstrainedNames> Of(const Certificate& certificate);

 private:
  friend class NameConstraints;
  struct Name {
    // Number of the form in GeneralName (section 4.2.1.6).
    unsigned form;
    absl::string_view content;
  };
  std::vector<Name> names_;
};

// One such extension. Immutable and thread-safe.
class NameConstraints {
 public:
  // INVALID_ARGUMENT for an extension that is not in DER, has no subtree, a minimum or maximum, or a constraint that is
  // not as the table above has it.
  static absl::StatusOr<NameConstraints> FromDer(absl::string_view der);

  // OK if all names are permitted and none is excluded; PERMISSION_DENIED naming the one that is not. Each comparison
  // of a name with a constraint takes one off `budget`: RESOURCE_EXHAUSTED if it does not suffice.
  absl::Status Check(const ConstrainedNames& names, size_t& budget) const;

 private:
  struct Subtree {
    unsigned form;
    std::string content;
  };
  static absl::StatusOr<std::vector<Subtree>> ParseSubtrees(absl::string_view der);

  std::vector<Subtree> permitted_;
  std::vector<Subtree> excluded_;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_PATH_NAME_CONSTRAINTS_H_
