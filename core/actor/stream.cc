#include "core/actor/stream.h"

#include <climits>
#include <string>

#include "absl/strings/str_cat.h"

namespace paranet::actor {

bool Stream::Read(google::protobuf::MessageLite& message) {
  paranet_bytes bytes;
  if (!status_.ok() || call_.host()->read(call_.host(), call_.call(), &bytes) == 0) return false;
  if (bytes.size <= INT_MAX && message.ParseFromArray(bytes.data, static_cast<int>(bytes.size))) return true;
  status_ = absl::InvalidArgumentError(absl::StrCat("a message of the caller is no valid ", message.GetTypeName()));
  return false;
}

bool Stream::Write(const google::protobuf::MessageLite& message) {
  const std::string bytes = message.SerializeAsString();
  return call_.host()->write(call_.host(), call_.call(), {bytes.data(), bytes.size()}) != 0;
}

}  // namespace paranet::actor
