// Requests: proof of possession, and what may be asked for.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "openssl/mem.h"
#include "openssl/nid.h"
#include "openssl/x509.h"
#include "openssl/x509v3.h"
#include "pki/testutil/case_maker.h"

namespace paranet::pki {
namespace {

using namespace std::string_literals;

void Must(bool ok) {
  if (ok) return;
  std::fprintf(stderr, "a request cannot be made\n");
  std::abort();
}

struct RequestForgery {
  std::vector<std::string> uris = {"paranet://acme/node/alpha"};
  const EVP_MD* digest = EVP_sha256();
  bool ask_for_ca = false;
};

std::string ForgeRequest(const RequestForgery& forgery, EVP_PKEY* key, EVP_PKEY* signer) {
  const bssl::UniquePtr<X509_REQ> request(X509_REQ_new());
  Must(X509_REQ_set_version(request.get(), 0) == 1 && X509_REQ_set_pubkey(request.get(), key) == 1);
  bssl::UniquePtr<X509_NAME> subject(X509_NAME_new());
  for (const auto& [nid, value] : {std::pair(NID_organizationName, "acme"), {NID_commonName, "alpha"}}) {
    Must(X509_NAME_add_entry_by_NID(subject.get(), nid, V_ASN1_UTF8STRING, reinterpret_cast<const uint8_t*>(value), -1,
                                    -1, 0) == 1);
  }
  Must(X509_REQ_set_subject_name(request.get(), subject.get()) == 1);
  const bssl::UniquePtr<STACK_OF(X509_EXTENSION)> extensions(sk_X509_EXTENSION_new_null());
  const auto add = [&](int nid, void* value) {
    bssl::UniquePtr<X509_EXTENSION> extension(X509V3_EXT_i2d(nid, 0, value));
    Must(extension != nullptr && bssl::PushToStack(extensions.get(), std::move(extension)));
  };
  const bssl::UniquePtr<STACK_OF(GENERAL_NAME)> names(sk_GENERAL_NAME_new_null());
  for (const std::string& uri : forgery.uris) {
    bssl::UniquePtr<GENERAL_NAME> name(GENERAL_NAME_new());
    bssl::UniquePtr<ASN1_STRING> text(ASN1_IA5STRING_new());
    Must(ASN1_STRING_set(text.get(), uri.data(), static_cast<int>(uri.size())) == 1);
    GENERAL_NAME_set0_value(name.get(), GEN_URI, text.release());
    Must(bssl::PushToStack(names.get(), std::move(name)));
  }
  if (!forgery.uris.empty()) add(NID_subject_alt_name, names.get());
  if (forgery.ask_for_ca) {
    const bssl::UniquePtr<BASIC_CONSTRAINTS> constraints(BASIC_CONSTRAINTS_new());
    constraints->ca = 1;
    add(NID_basic_constraints, constraints.get());
  }
  if (sk_X509_EXTENSION_num(extensions.get()) > 0) {
    Must(X509_REQ_add_extensions(request.get(), extensions.get()) == 1);
  }
  Must(X509_REQ_sign(request.get(), signer, forgery.digest) > 0);
  uint8_t* der = nullptr;
  const int size = i2d_X509_REQ(request.get(), &der);
  const bssl::UniquePtr<uint8_t> owner(der);
  Must(size > 0);
  return std::string(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
}

}  // namespace

void MakeRequestCases(CaseMaker& maker) {
  const CaseNetwork acme;
  const auto add_pem = [&](const std::string& name, const std::string& pem, const std::string& outcome,
                           const std::string& says) {
    maker.Add("request_" + name, {{"about", "request"}, {"outcome", outcome}, {"says", says}}, {{"request.pem", pem}});
  };
  const auto add = [&](const std::string& name, const std::string& der, const std::string& outcome,
                       const std::string& says) {
    add_pem(name, ToPemBlock("CERTIFICATE REQUEST", der), outcome, says);
  };
  const std::string invalid = "INVALID_ARGUMENT";
  const ForgedKey key = ForgeP256Key();
  const ForgedKey other = ForgeP256Key();
  const ForgedKey p384 = ForgeP384Key();
  const ForgedKey rsa = ForgeRsaKey();
  const auto forge = [&](const RequestForgery& forgery) { return ForgeRequest(forgery, key.get(), key.get()); };

  const std::string good = forge({});
  add("good", good, "OK", "");
  add("truncated", good.substr(0, good.size() - 1), invalid, "");
  add("with_more_behind", good + "\0"s, invalid, "");
  add("that_is_a_certificate", acme.authority.ToDer(), invalid, "");
  add_pem("pem_of_a_certificate", acme.authority.ToPem(), invalid, "CERTIFICATE REQUEST");
  std::string broken = good;
  broken.back() = static_cast<char>(broken.back() ^ 1);
  add("signature_broken", broken, invalid, "sign");
  add("signed_by_a_wrong_key", ForgeRequest({}, key.get(), other.get()), invalid, "sign");
  add("curve_p384", ForgeRequest({}, p384.get(), p384.get()), invalid, "P-256");
  add("key_rsa", ForgeRequest({}, rsa.get(), rsa.get()), invalid, "P-256");
  add("sha1", forge({.digest = EVP_sha1()}), invalid, "SHA-256");
  add("sha384", forge({.digest = EVP_sha384()}), invalid, "SHA-256");
  add("without_uri", forge({.uris = {}}), invalid, "");
  add("two_uris", forge({.uris = {"paranet://acme/node/alpha", "paranet://acme/node/beta"}}), invalid, "");
  add("uri_of_another_scheme", forge({.uris = {"spiffe://acme/node/alpha"}}), invalid, "paranet://");
  add("uri_with_odd_characters", forge({.uris = {"paranet://acme/node/ALPHA"}}), invalid, "");
  add("that_asks_to_be_an_authority", forge({.ask_for_ca = true}), invalid, "");
}

}  // namespace paranet::pki
