// Permission to read the bytes of a private key.
//
// What needs the bytes takes a `const SecretAccess&`. One is made only by those who depend on this header's target, and
// that target's `visibility` in BUILD.bazel is therefore the complete list of the code that has to be audited.
#ifndef PARANET_PKI_SECRET_ACCESS_H_
#define PARANET_PKI_SECRET_ACCESS_H_

namespace paranet::pki {

class SecretAccess {
 public:
  // `why`: for the reader of the code; one phrase.
  explicit constexpr SecretAccess(const char* /*why*/) {}
  SecretAccess(const SecretAccess&) = delete;
  SecretAccess& operator=(const SecretAccess&) = delete;
};

}  // namespace paranet::pki

#endif  // PARANET_PKI_SECRET_ACCESS_H_
