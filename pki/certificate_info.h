// Certificates for people: paranet.v1.CertificateInfo.
#ifndef PARANET_PKI_CERTIFICATE_INFO_H_
#define PARANET_PKI_CERTIFICATE_INFO_H_

#include "paranet/v1/pki.pb.h"
#include "pki/certificate.h"
#include "pki/identity.h"

namespace paranet::pki {

v1::Role RoleToProto(Role role);

// What the certificate says, without any judgement on it. Identity, role, network and name are those of its one URI if
// that is an Identity, else empty.
v1::CertificateInfo DescribeCertificate(const Certificate& certificate);

}  // namespace paranet::pki

#endif  // PARANET_PKI_CERTIFICATE_INFO_H_
