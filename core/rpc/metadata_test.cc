#include "core/rpc/metadata.h"

#include <map>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(Metadata, KeepsCustomKeysAndDropsReservedOnes) {
  std::multimap<grpc::string_ref, grpc::string_ref> metadata;
  for (const char* key : {":path", "content-type", "grpc-timeout", "te", "user-agent"}) metadata.emplace(key, "x");
  metadata.emplace("traceparent", "00-1");
  metadata.emplace("grpc-status-details-bin", "d");
  EXPECT_THAT(FromGrpcMetadata(metadata),
              ElementsAre(Pair("grpc-status-details-bin", "d"), Pair("traceparent", "00-1")));
}

TEST(Metadata, KeepsRepeatedKeysInOrder) {
  std::multimap<grpc::string_ref, grpc::string_ref> metadata;
  metadata.emplace("k", "1");
  metadata.emplace("k", "2");
  EXPECT_THAT(FromGrpcMetadata(metadata), ElementsAre(Pair("k", "1"), Pair("k", "2")));
}

}  // namespace
}  // namespace paranet
