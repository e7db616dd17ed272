#include "core/actor/sdk.h"

#include <cstring>
#include <exception>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace paranet::actor {
namespace {

struct Instance {
  const Module& module;
  const paranet_host* const host;
  const std::unique_ptr<AnyActor> actor;
};

Instance& Of(paranet_instance* instance) { return *reinterpret_cast<Instance*>(instance); }

paranet_text Text(absl::string_view view) { return {view.data(), view.size()}; }

uint32_t ShapeOf(const Method& method) {
  uint32_t shape = 0;
  if (method.client_streams) shape |= PARANET_CLIENT_STREAMS;
  if (method.server_streams) shape |= PARANET_SERVER_STREAMS;
  return shape;
}

// The status of `body`, whichever way it ends.
template <typename Body>
absl::Status Guarded(absl::string_view what, Body body) noexcept {
  try {
    return body();
  } catch (const std::exception& e) {
    return absl::InternalError(absl::StrCat(what, " threw an exception: ", e.what()));
  } catch (...) {
    return absl::InternalError(absl::StrCat(what, " threw an exception"));
  }
}

void Unary(paranet_instance* instance, size_t index, paranet_call call, paranet_bytes request) noexcept {
  const Instance& self = Of(instance);
  const Module::Entry& entry = self.module.entries[index];
  CallContext context(self.host, call);
  std::string response;
  const absl::Status status = Guarded(entry.method->path, [&] {
    return entry.method->unary(self.actor->SkillSet(entry.skill_set), context, request, response);
  });
  self.host->respond(self.host, call, static_cast<int32_t>(status.code()), Text(status.message()),
                     {response.data(), response.size()});
}

void StreamCall(paranet_instance* instance, size_t index, paranet_call call) noexcept {
  const Instance& self = Of(instance);
  const Module::Entry& entry = self.module.entries[index];
  CallContext context(self.host, call);
  Stream stream(context);
  const absl::Status status = Guarded(
      entry.method->path, [&] { return entry.method->stream(self.actor->SkillSet(entry.skill_set), context, stream); });
  self.host->finish(self.host, call, static_cast<int32_t>(status.code()), Text(status.message()));
}

void Stop(paranet_instance* instance) noexcept {
  const Instance& self = Of(instance);
  const absl::Status status = Guarded("Stop", [&] {
    self.actor->Stop();
    return absl::OkStatus();
  });
  if (!status.ok()) self.host->log(self.host, PARANET_LOG_ERROR, Text(status.message()));
}

void Destroy(paranet_instance* instance) noexcept { delete &Of(instance); }

}  // namespace

Module::Module(absl::Span<const absl::Span<const Method>> skill_sets, MakeActor make_actor,
               decltype(paranet_module::create) create)
    : make(make_actor) {
  for (size_t i = 0; i < skill_sets.size(); ++i) {
    for (const Method& method : skill_sets[i]) {
      entries.push_back({.method = &method, .skill_set = i});
      methods.push_back({.path = Text(method.path), .shape = ShapeOf(method)});
    }
  }
  table = {.struct_size = sizeof(paranet_module),
           .abi_version = PARANET_ABI_VERSION,
           .method_size = sizeof(paranet_method),
           .methods = methods.data(),
           .method_count = methods.size(),
           .create = create,
           .unary = &Unary,
           .stream = &StreamCall,
           .stop = &Stop,
           .destroy = &Destroy};
}

paranet_instance* CreateInstance(const Module& module, const paranet_host* host, paranet_text id, char* error,
                                 size_t error_size) noexcept {
  Instance* instance = nullptr;
  const absl::Status status = Guarded("the start of the actor", [&]() -> absl::Status {
    absl::StatusOr<std::unique_ptr<AnyActor>> actor =
        module.make(ActorContext(host, std::string(id.data == nullptr ? "" : id.data, id.size)));
    if (!actor.ok()) return actor.status();
    instance = new Instance{.module = module, .host = host, .actor = *std::move(actor)};
    return absl::OkStatus();
  });
  if (status.ok()) return reinterpret_cast<paranet_instance*>(instance);
  const absl::string_view message = status.message().substr(0, error_size - 1);
  std::memcpy(error, message.data(), message.size());
  error[message.size()] = '\0';
  return nullptr;
}

}  // namespace paranet::actor
