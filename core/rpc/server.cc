#include "core/rpc/server.h"

#include <unistd.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/rpc/incoming_call_impl.h"
#include "core/rpc/rpc_queue.h"
#include "core/rpc/tcp_listener.h"
#include "grpcpp/generic/async_generic_service.h"
#include "grpcpp/resource_quota.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"

namespace paranet {
namespace {

// Calls that are asked for ahead of their arrival, so that a burst does not wait for a thread to ask.
constexpr int kRequestedCalls = 64;
// A peer that pings more often than this, in milliseconds, is refused (links ping every two seconds).
constexpr int kMinPingIntervalMs = 1'000;
// For a connection to be made ready for calls.
constexpr int kHandshakeTimeoutMs = 10'000;
// Threads that gRPC may start for ordinary services.
constexpr int kMaxServiceThreads = 64;
// How long Shutdown waits for threads in handlers that do not return.
constexpr absl::Duration kAbandonAfter = absl::Seconds(10);

class RpcServerImpl final : public RpcServer {
 public:
  explicit RpcServerImpl(Handler handler) : handler_(std::move(handler)) {}
  ~RpcServerImpl() override { Shutdown(absl::Now()); }

  absl::Status Build(const Options& options) {
    grpc::ServerBuilder builder;
    builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kMinPingIntervalMs);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    // Its records of each connection and call, which nobody reads.
    builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
    builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MAX_POLLERS, 2);
    builder.SetResourceQuota(grpc::ResourceQuota().SetMaxThreads(kMaxServiceThreads));
    builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeTimeoutMs);
    acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        options.credentials ? options.credentials : grpc::InsecureServerCredentials());
    for (grpc::Service* service : options.services) builder.RegisterService(service);
    builder.RegisterAsyncGenericService(&generic_);
    grpc_queue_ = builder.AddCompletionQueue();
    queue_ = std::make_shared<RpcQueue>(grpc_queue_.get());
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) {
      grpc_queue_->Shutdown();
      queue_->Poll();
      return absl::InternalError("gRPC does not start a server");
    }
    for (int i = 0; i < kRequestedCalls; ++i) RequestCall();
    for (int i = 0; i < options.threads; ++i) StartPoller();
    if (options.address.empty()) return absl::OkStatus();
    absl::StatusOr<std::unique_ptr<TcpListener>> listener = TcpListener::Start({.address = options.address});
    if (!listener.ok()) return listener.status();
    listener_ = *std::move(listener);
    port_ = listener_->port();
    listener_->Serve({.accept = [this](int fd) { AddConnection(fd); }, .ended = nullptr});
    return absl::OkStatus();
  }

  int port() const override { return port_; }
  RpcQueue* queue() const override { return queue_.get(); }
  void AddConnection(int fd) override {
    absl::MutexLock lock(&mu_);
    if (shut_down_) {
      ::close(fd);
      return;
    }
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
    connection.fd = fd;
    acceptor_->HandleNewConnection(&connection);
  }

  void Shutdown(absl::Time deadline) override {
    {
      absl::MutexLock lock(&mu_);
      if (std::exchange(shut_down_, true) || server_ == nullptr) return;
    }
    // Its thread may be in AddConnection.
    listener_.reset();
    server_->Shutdown(absl::ToChronoTime(deadline));
    server_->Wait();
    // What was cancelled may still be answered by its provider; that goes nowhere from here on.
    queue_->Close();
    grpc_queue_->Shutdown();
    // A handler that never returns keeps its thread, and the queue with it.
    absl::MutexLock lock(&pollers_->mu);
    pollers_->mu.AwaitWithTimeout(absl::Condition(
                                      +[](int* running) { return *running == 0; }, &pollers_->running),
                                  kAbandonAfter);
  }

 private:
  struct Pollers {
    absl::Mutex mu;
    int running ABSL_GUARDED_BY(mu) = 0;
  };

  // Detached, because Shutdown may have to go without it.
  void StartPoller() {
    {
      absl::MutexLock lock(&pollers_->mu);
      ++pollers_->running;
    }
    std::thread([pollers = pollers_, queue = queue_, grpc_queue = grpc_queue_]() mutable {
      queue->Poll();
      queue = nullptr;
      grpc_queue = nullptr;
      absl::MutexLock lock(&pollers->mu);
      --pollers->running;
    }).detach();
  }

  void RequestCall() {
    IncomingCallCore::Request(&generic_, grpc_queue_.get(), queue_, [this](std::shared_ptr<IncomingCall> call) {
      if (call == nullptr || !queue_->Enter()) return;
      RequestCall();
      handler_(std::move(call));
      queue_->Leave();
    });
  }

  const Handler handler_;
  grpc::AsyncGenericService generic_;
  std::shared_ptr<grpc::ServerCompletionQueue> grpc_queue_;
  std::shared_ptr<RpcQueue> queue_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  const std::shared_ptr<Pollers> pollers_ = std::make_shared<Pollers>();
  int port_ = 0;
  std::unique_ptr<TcpListener> listener_;
  absl::Mutex mu_;
  bool shut_down_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RpcServer>> RpcServer::Start(Options options, Handler handler) {
  auto server = std::make_unique<RpcServerImpl>(std::move(handler));
  if (absl::Status status = server->Build(options); !status.ok()) return status;
  return server;
}

}  // namespace paranet
