// Revocation lists for people: paranet.v1.RevocationListInfo.
#ifndef PARANET_PKI_REVOCATION_LIST_INFO_H_
#define PARANET_PKI_REVOCATION_LIST_INFO_H_

#include "paranet/v1/pki.pb.h"
#include "pki/revocation_list.h"

namespace paranet::pki {

// What the list says, without any judgement on it.
v1::RevocationListInfo DescribeRevocationList(const RevocationList& list);

}  // namespace paranet::pki

#endif  // PARANET_PKI_REVOCATION_LIST_INFO_H_
