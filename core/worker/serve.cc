#include "core/worker/serve.h"

#include <unistd.h>

#include <memory>

#include "core/worker/actor_server.h"
#include "core/worker/frame.h"
#include "core/worker/frame_socket.h"

namespace paranet {
namespace {

constexpr int kHangs = 3;
constexpr size_t kMaxWhy = size_t{60} << 10;

}  // namespace

int Serve(int fd, const paranet_module* module, const ServeOptions& options) {
  auto server = std::make_shared<ActorServer>(fd, module, options.max_threads, options.own_locking);
  const int code = server->Run();
  // Its threads still use it; the process is about to end.
  if (code == kHangs) static_cast<void>(new std::shared_ptr<ActorServer>(std::move(server)));
  return code;
}

int ServeFailure(int fd, absl::string_view why) {
  FrameSocket socket(fd);
  socket.Queue({.type = FrameType::kFailed, .text = why.substr(0, kMaxWhy)});
  socket.FlushAll();
  ::close(fd);
  return 1;
}

}  // namespace paranet
