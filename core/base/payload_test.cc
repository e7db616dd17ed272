#include "core/base/payload.h"

#include <string>
#include <utility>
#include <vector>

#include "grpcpp/support/slice.h"
#include "gtest/gtest.h"

namespace paranet {
namespace {

TEST(Payload, KeepsBytesIncludingZeros) {
  const std::string bytes("a\0b", 3);
  EXPECT_EQ(PayloadToString(MakePayload(absl::string_view(bytes))), bytes);
}

TEST(Payload, TakesAStringOverWithoutCopying) {
  std::string bytes(100'000, 'x');
  const char* data = bytes.data();
  Payload payload = MakePayload(std::move(bytes));
  std::vector<grpc::Slice> slices;
  ASSERT_TRUE(payload.Dump(&slices).ok());
  ASSERT_EQ(slices.size(), 1u);
  EXPECT_EQ(reinterpret_cast<const char*>(slices[0].begin()), data);
}

TEST(Payload, JoinsSlices) {
  std::vector<grpc::Slice> slices = {grpc::Slice("ab"), grpc::Slice("cd")};
  EXPECT_EQ(PayloadToString(Payload(slices.data(), slices.size())), "abcd");
}

TEST(Payload, EmptyAndInvalidHaveNoBytes) {
  EXPECT_EQ(PayloadToString(MakePayload("")), "");
  EXPECT_EQ(PayloadToString(Payload()), "");
}

}  // namespace
}  // namespace paranet
