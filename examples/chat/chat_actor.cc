// The actor: each caller has a thread that listens to it (the handler's) and one that talks to it.
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "examples/chat/chat.paranet.h"
#include "examples/chat/room.h"

namespace chat::v1 {
namespace {

using paranet::actor::CallContext;
using paranet::actor::Reader;
using paranet::actor::Writer;

class ChatActor final : public ChatSkillSet {
 public:
  absl::Status Join(CallContext&, Reader<Line>& reader, Writer<Line>& writer) override {
    Line line;
    if (!reader.Read(line)) return absl::InvalidArgumentError("say in a first line who you are, and which room it is");
    if (line.room().empty()) return absl::InvalidArgumentError("room is empty: say which one");
    if (line.author().empty()) return absl::InvalidArgumentError("author is empty: say who you are");
    const std::string author = line.author();
    const std::shared_ptr<Room> room = Open(line.room());
    const std::shared_ptr<Ear> ear = room->Enter();
    Line welcome = line;
    welcome.clear_text();
    ear->Hear(welcome);
    std::thread talker([&] {
      for (Line heard; ear->Take(&heard);) {
        if (!writer.Write(heard)) return;
      }
    });
    do {
      line.clear_room();
      line.set_author(author);
      if (!line.text().empty()) room->Say(line, ear);
    } while (ear->status().ok() && reader.Read(line));
    room->Leave(ear);
    ear->Close(absl::OkStatus());
    talker.join();
    return ear->status();
  }

  void Stop() {
    absl::MutexLock lock(&mu_);
    for (const auto& [name, room] : rooms_) {
      if (const std::shared_ptr<Room> open = room.lock()) open->Close();
    }
  }

 private:
  // The room of this name, which is there as long as somebody is in it.
  std::shared_ptr<Room> Open(const std::string& name) {
    absl::MutexLock lock(&mu_);
    std::shared_ptr<Room> room = rooms_[name].lock();
    if (room == nullptr) {
      for (auto empty = rooms_.begin(); empty != rooms_.end();) {
        empty = empty->second.expired() ? rooms_.erase(empty) : std::next(empty);
      }
      room = std::make_shared<Room>();
      rooms_[name] = room;
    }
    return room;
  }

  absl::Mutex mu_;
  std::map<std::string, std::weak_ptr<Room>> rooms_ ABSL_GUARDED_BY(mu_);
};

}  // namespace
}  // namespace chat::v1

const paranet_module* paranet_actor_module(uint32_t host_abi_version) {
  return paranet::actor::ExportActor<chat::v1::ChatActor, chat::v1::ChatSkillSet>(host_abi_version);
}
