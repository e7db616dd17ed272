// An actor that does what it is told, and is told to do harm. Against abi.h alone; a request is words, a response too:
// `ok` or `refused ERRNO`, and what else there is to say.
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/actor/abi.h"

namespace {

const paranet_host* host = nullptr;
int instance_memory;

std::string Said(long result) { return result < 0 ? "refused " + std::to_string(errno) : std::string("ok"); }

std::string Read(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Said(fd);
  char bytes[1'000];
  const ssize_t got = ::read(fd, bytes, sizeof(bytes));
  ::close(fd);
  return got < 0 ? Said(got) : "ok " + std::string(bytes, static_cast<size_t>(got));
}

std::string ConnectUnix(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return Said(fd);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  return Said(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)));
}

// Takes memory until there is none.
[[noreturn]] void Eat() {
  constexpr size_t kPiece = size_t{16} << 20;
  // Whatever the node forgets: this test does not eat the machine.
  const rlimit most = {.rlim_cur = rlim_t{6} << 30, .rlim_max = rlim_t{6} << 30};
  ::setrlimit(RLIMIT_AS, &most);
  std::vector<char*> pieces;
  while (true) {
    pieces.push_back(new char[kPiece]);
    std::memset(pieces.back(), 1, kPiece);
  }
}

void* Sleep(void*) {
  while (true) ::pause();
}

// Starts threads until there are no more; says how many.
std::string Threads() {
  int started = 0;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 65'536);
  pthread_t thread;
  // Whatever the node forgets: not more than a machine can bear.
  while (started < 4'000 && pthread_create(&thread, &attributes, &Sleep, nullptr) == 0) ++started;
  return "ok " + std::to_string(started);
}

std::string Do(paranet_call call, const std::string& verb, const std::string& what) {
  const long number = std::atol(what.c_str());
  if (verb == "echo") return what;
  if (verb == "pid") return std::to_string(::getpid());
  if (verb == "abort") std::abort();
  if (verb == "exit") ::_exit(static_cast<int>(number));
  if (verb == "crash") ::raise(SIGSEGV);
  if (verb == "throw") throw std::runtime_error("thrown");
  if (verb == "eat") Eat();
  if (verb == "threads") return Threads();
  if (verb == "log") {
    host->log(host, PARANET_LOG_WARNING, {what.data(), what.size()});
    return "ok";
  }
  if (verb == "print") return Said(::write(STDOUT_FILENO, (what + "\n").data(), what.size() + 1));
  if (verb == "wait") return host->wait(host, call, number) != 0 ? "ok" : "over";
  if (verb == "spin") {
    std::atomic<uint64_t> spun = 0;
    while (true) ++spun;
  }
  if (verb == "read") return Read(what);
  if (verb == "write") return Said(::open(what.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (verb == "delete") return Said(::unlink(what.c_str()));
  if (verb == "inet") return Said(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (verb == "unix") return ConnectUnix(what);
  if (verb == "fork") return Said(::fork());
  if (verb == "ptrace") return Said(::ptrace(PTRACE_ATTACH, static_cast<pid_t>(number), nullptr, nullptr));
  if (verb == "kill") return Said(::kill(static_cast<pid_t>(number), 0));
  if (verb == "environ") return environ[0] == nullptr ? "" : environ[0];
  if (verb == "garbage") {
    // Descriptor 3 is the node's.
    const std::string bytes(200, '\xff');
    return Said(::write(3, bytes.data(), bytes.size()));
  }
  if (verb == "close") return Said(::shutdown(3, SHUT_RDWR));
  return "what?";
}

paranet_instance* Create(const paranet_host* given, paranet_text, const paranet_option* options, size_t count,
                         char* error, size_t error_size) {
  host = given;
  for (size_t i = 0; i < count; ++i) {
    const std::string key(options[i].key.data, options[i].key.size);
    if (key == "fail") std::strncpy(error, "it was told to fail", error_size);
    if (key == "fail") return nullptr;
    if (key == "sleep") ::sleep(1'000);
    if (key == "die") ::_exit(7);
  }
  return reinterpret_cast<paranet_instance*>(&instance_memory);
}

void Unary(paranet_instance*, size_t, paranet_call call, paranet_bytes request) {
  const std::string words(static_cast<const char*>(request.data), request.size);
  const size_t space = words.find(' ');
  const std::string response =
      Do(call, words.substr(0, space), space == std::string::npos ? "" : words.substr(space + 1));
  host->respond(host, call, 0, {nullptr, 0}, {response.data(), response.size()});
}

// Counts: one message for each number up to the request's.
void Stream(paranet_instance*, size_t, paranet_call call) {
  paranet_bytes message{};
  if (host->read(host, call, &message) == 0) return host->finish(host, call, 3, {nullptr, 0});
  const int count = std::atoi(std::string(static_cast<const char*>(message.data), message.size).c_str());
  for (int i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    if (host->write(host, call, {number.data(), number.size()}) == 0) break;
  }
  host->finish(host, call, 0, {nullptr, 0});
}

void Destroy(paranet_instance*) {}

}  // namespace

const paranet_module* paranet_actor_module(uint32_t host_abi_version) {
  static constexpr char kDo[] = "/plain.v1.Plain/Do";
  static constexpr char kStream[] = "/plain.v1.Plain/Stream";
  static const paranet_method methods[] = {{{kDo, sizeof(kDo) - 1}, 0},
                                           {{kStream, sizeof(kStream) - 1}, PARANET_SERVER_STREAMS}};
  static const paranet_module module = {sizeof(paranet_module),
                                        PARANET_ABI_VERSION,
                                        sizeof(paranet_method),
                                        methods,
                                        2,
                                        &Create,
                                        &Unary,
                                        &Stream,
                                        nullptr,
                                        &Destroy};
  return host_abi_version == PARANET_ABI_VERSION ? &module : nullptr;
}
