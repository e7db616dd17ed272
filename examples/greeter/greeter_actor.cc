// The actor: a handler of each shape that weather has not, and the one line that exports them.
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "examples/greeter/greeter.paranet.h"

namespace greeter::v1 {
namespace {

using paranet::actor::CallContext;
using paranet::actor::Reader;
using paranet::actor::Writer;

absl::StatusOr<HelloResponse> Greet(const std::string& name) {
  if (name.empty()) return absl::InvalidArgumentError("name is empty: say who is to be greeted");
  HelloResponse response;
  response.set_greeting(absl::StrCat("Hello, ", name, "!"));
  return response;
}

class GreeterActor final : public GreeterSkillSet {
 public:
  absl::StatusOr<HelloResponse> Hello(CallContext&, const HelloRequest& request) override {
    return Greet(request.name());
  }

  absl::StatusOr<HelloResponse> Welcome(CallContext&, Reader<HelloRequest>& reader) override {
    std::vector<std::string> names;
    for (HelloRequest request; reader.Read(request);) names.push_back(request.name());
    return Greet(absl::StrJoin(names, ", "));
  }

  absl::Status Chat(CallContext&, Reader<HelloRequest>& reader, Writer<HelloResponse>& writer) override {
    for (HelloRequest request; reader.Read(request);) {
      absl::StatusOr<HelloResponse> response = Greet(request.name());
      if (!response.ok()) return response.status();
      if (!writer.Write(*response)) return absl::CancelledError("the caller has gone");
    }
    return absl::OkStatus();
  }
};

}  // namespace
}  // namespace greeter::v1

const paranet_module* paranet_actor_module(uint32_t host_abi_version) {
  return paranet::actor::ExportActor<greeter::v1::GreeterActor, greeter::v1::GreeterSkillSet>(host_abi_version);
}
