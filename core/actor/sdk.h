// What the author of an actor in C++ includes (the generated `NAME.paranet.h` does it for you).
//
//   class WeatherActor final : public weather::v1::WeatherSkillSet {
//    public:
//     absl::StatusOr<CurrentResponse> Current(CallContext& call, const CurrentRequest& request) override;
//     absl::Status Watch(CallContext& call, const WatchRequest& request, Writer<CurrentResponse>& writer) override;
//   };
//
//   const paranet_module* paranet_actor_module(uint32_t host_abi_version) {
//     return paranet::actor::ExportActor<WeatherActor, weather::v1::WeatherSkillSet>(host_abi_version);
//   }
//
// An actor class has one of these, the first that it has being taken:
//   static absl::StatusOr<std::unique_ptr<T>> Create(const ActorContext&)   a start that may fail
//   explicit T(const ActorContext&)
//   T()
// and may have `void Stop()`: called once, while handlers may be running, to make them come to their end; it must not
// block. Its destructor runs when no handler does. Handlers of one actor run one at a time unless the manifest says
// `concurrency: concurrent` (abi.h, THREADS). An exception that escapes from any of these becomes INTERNAL.
#ifndef PARANET_CORE_ACTOR_SDK_H_
#define PARANET_CORE_ACTOR_SDK_H_

#include <concepts>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/actor/abi.h"
#include "core/actor/call_context.h"
#include "core/actor/method.h"
#include "core/actor/stream.h"

namespace paranet::actor {

// An actor with its type taken off.
class AnyActor {
 public:
  virtual ~AnyActor() = default;
  virtual void Stop() = 0;
  // The object that the handlers of the `i`th skill set are members of.
  virtual void* SkillSet(size_t i) = 0;
};
using MakeActor = absl::StatusOr<std::unique_ptr<AnyActor>> (*)(const ActorContext& context);

// The module that serves `skill_sets` with what `make` makes; the caller keeps it for ever. `create` is a function of
// the module's own that calls CreateInstance with its module, because the ABI's create knows no module.
struct Module {
  Module(absl::Span<const absl::Span<const Method>> skill_sets, MakeActor make,
         decltype(paranet_module::create) create);
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  struct Entry {
    const Method* method;
    size_t skill_set;
  };
  const MakeActor make;
  std::vector<Entry> entries;
  std::vector<paranet_method> methods;
  paranet_module table;
};
paranet_instance* CreateInstance(const Module& module, const paranet_host* host, paranet_text id, char* error,
                                 size_t error_size) noexcept;

template <typename Actor, typename... SkillSets>
class ActorModule {
 public:
  static const Module& Get() {
    // Never destroyed: the host may call until the process ends.
    static const Module& module = *new Module({SkillSets::ParanetMethods()...}, &Make, &Create);
    return module;
  }

 private:
  static_assert(sizeof...(SkillSets) > 0, "name the skill sets that the actor serves");
  static_assert((std::derived_from<Actor, SkillSets> && ...), "the actor must derive from its skill sets");

  class Typed final : public AnyActor {
   public:
    explicit Typed(std::unique_ptr<Actor> actor) : actor_(std::move(actor)) {}
    void Stop() override {
      if constexpr (requires { actor_->Stop(); }) actor_->Stop();
    }
    void* SkillSet(size_t i) override {
      void* const objects[] = {static_cast<SkillSets*>(actor_.get())...};
      return objects[i];
    }

   private:
    const std::unique_ptr<Actor> actor_;
  };

  static absl::StatusOr<std::unique_ptr<AnyActor>> Make(const ActorContext& context) {
    if constexpr (requires { Actor::Create(context); }) {
      absl::StatusOr<std::unique_ptr<Actor>> actor = Actor::Create(context);
      if (!actor.ok()) return actor.status();
      return std::make_unique<Typed>(*std::move(actor));
    } else if constexpr (std::is_constructible_v<Actor, const ActorContext&>) {
      return std::make_unique<Typed>(std::make_unique<Actor>(context));
    } else {
      return std::make_unique<Typed>(std::make_unique<Actor>());
    }
  }

  static paranet_instance* Create(const paranet_host* host, paranet_text id, const paranet_option*, size_t, char* error,
                                  size_t error_size) noexcept {
    return CreateInstance(Get(), host, id, error, error_size);
  }
};

// For paranet_actor_module: the module of `Actor`, which derives from each of the generated `SkillSets`.
template <typename Actor, typename... SkillSets>
const paranet_module* ExportActor(uint32_t host_abi_version) {
  return host_abi_version == PARANET_ABI_VERSION ? &ActorModule<Actor, SkillSets...>::Get().table : nullptr;
}

}  // namespace paranet::actor

#endif  // PARANET_CORE_ACTOR_SDK_H_
