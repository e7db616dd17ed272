// One method of an actor, with its types taken off: what generated code makes of a handler, and what sdk.h serves.
#ifndef PARANET_CORE_ACTOR_METHOD_H_
#define PARANET_CORE_ACTOR_METHOD_H_

#include <climits>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/actor/abi.h"
#include "core/actor/call_context.h"
#include "core/actor/stream.h"

namespace paranet::actor {

// `skill_set` points to the object of the class that the handler is a member of.
struct Method {
  // Full gRPC path; a literal.
  absl::string_view path;
  bool client_streams = false;
  bool server_streams = false;
  // Of a unary method: parses, calls the handler, serializes.
  absl::Status (*unary)(void* skill_set, CallContext& call, paranet_bytes request, std::string& response) = nullptr;
  // Of all others: calls the handler and returns its status.
  absl::Status (*stream)(void* skill_set, CallContext& call, Stream& stream) = nullptr;
};

// The four shapes of a handler, told apart by its type. `kHandler` is a pointer to a member function:
//   absl::StatusOr<Response> F(CallContext&, const Request&)            unary
//   absl::Status F(CallContext&, const Request&, Writer<Response>&)     server streaming
//   absl::StatusOr<Response> F(CallContext&, Reader<Request>&)          client streaming
//   absl::Status F(CallContext&, Reader<Request>&, Writer<Response>&)   bidirectional
template <auto kHandler>
struct Handler;

template <typename SkillSet, typename Request, typename Response,
          absl::StatusOr<Response> (SkillSet::*kHandler)(CallContext&, const Request&)>
struct Handler<kHandler> {
  static absl::Status Unary(void* skill_set, CallContext& call, paranet_bytes bytes, std::string& response) {
    Request request;
    if (bytes.size > INT_MAX || !request.ParseFromArray(bytes.data, static_cast<int>(bytes.size))) {
      return absl::InvalidArgumentError(absl::StrCat("the request is no valid ", request.GetTypeName()));
    }
    absl::StatusOr<Response> result = (static_cast<SkillSet*>(skill_set)->*kHandler)(call, request);
    if (!result.ok()) return result.status();
    result->SerializeToString(&response);
    return absl::OkStatus();
  }
  static constexpr Method Bind(absl::string_view path) { return {.path = path, .unary = &Unary}; }
};

template <typename SkillSet, typename Request, typename Response,
          absl::Status (SkillSet::*kHandler)(CallContext&, const Request&, Writer<Response>&)>
struct Handler<kHandler> {
  static absl::Status Run(void* skill_set, CallContext& call, Stream& stream) {
    Request request;
    if (!stream.Read(request)) {
      if (!stream.status().ok()) return stream.status();
      return absl::InvalidArgumentError(absl::StrCat("the caller sent no ", request.GetTypeName()));
    }
    Writer<Response> writer(stream);
    return (static_cast<SkillSet*>(skill_set)->*kHandler)(call, request, writer);
  }
  static constexpr Method Bind(absl::string_view path) {
    return {.path = path, .server_streams = true, .stream = &Run};
  }
};

template <typename SkillSet, typename Request, typename Response,
          absl::StatusOr<Response> (SkillSet::*kHandler)(CallContext&, Reader<Request>&)>
struct Handler<kHandler> {
  static absl::Status Run(void* skill_set, CallContext& call, Stream& stream) {
    Reader<Request> reader(stream);
    absl::StatusOr<Response> result = (static_cast<SkillSet*>(skill_set)->*kHandler)(call, reader);
    if (!result.ok()) return result.status();
    if (stream.status().ok()) stream.Write(*result);
    return stream.status();
  }
  static constexpr Method Bind(absl::string_view path) {
    return {.path = path, .client_streams = true, .stream = &Run};
  }
};

template <typename SkillSet, typename Request, typename Response,
          absl::Status (SkillSet::*kHandler)(CallContext&, Reader<Request>&, Writer<Response>&)>
struct Handler<kHandler> {
  static absl::Status Run(void* skill_set, CallContext& call, Stream& stream) {
    Reader<Request> reader(stream);
    Writer<Response> writer(stream);
    absl::Status status = (static_cast<SkillSet*>(skill_set)->*kHandler)(call, reader, writer);
    return status.ok() ? stream.status() : status;
  }
  static constexpr Method Bind(absl::string_view path) {
    return {.path = path, .client_streams = true, .server_streams = true, .stream = &Run};
  }
};

}  // namespace paranet::actor

#endif  // PARANET_CORE_ACTOR_METHOD_H_
