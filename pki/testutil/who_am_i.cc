#include "pki/testutil/who_am_i.h"

#include <chrono>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/status_testutil.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "gtest/gtest.h"
#include "pki/grpc_credentials.h"

namespace paranet::pki {

struct WhoAmIServer::Call {
  grpc::GenericServerContext context;
  grpc::GenericServerAsyncReaderWriter stream{&context};
  bool answered = false;
};

WhoAmIServer::WhoAmIServer(const std::shared_ptr<grpc::ServerCredentials>& credentials) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", credentials, &port_);
  builder.RegisterAsyncGenericService(&service_);
  queue_ = builder.AddCompletionQueue();
  server_ = builder.BuildAndStart();
  Await();
  thread_ = std::thread([this] { Poll(); });
}

WhoAmIServer::~WhoAmIServer() {
  server_->Shutdown(std::chrono::system_clock::now());
  queue_->Shutdown();
  thread_.join();
}

void WhoAmIServer::Await() {
  auto* call = new Call;
  service_.RequestCall(&call->context, &call->stream, queue_.get(), queue_.get(), call);
}

void WhoAmIServer::Poll() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) {
    std::unique_ptr<Call> call(static_cast<Call*>(tag));
    if (!ok || call->answered) continue;
    Await();
    call->answered = true;
    const absl::StatusOr<Identity> peer = PeerIdentity(*call->context.auth_context());
    if (peer.ok()) {
      const grpc::Slice slice(peer->ToUri());
      call->stream.WriteAndFinish(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), grpc::Status::OK, call.get());
    } else {
      call->stream.Finish(
          grpc::Status(static_cast<grpc::StatusCode>(peer.status().code()), std::string(peer.status().message())),
          call.get());
    }
    call.release();  // NOLINT(bugprone-unused-return-value): the queue has it.
  }
}

std::shared_ptr<grpc::Channel> Connect(int port, const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(absl::StrCat("ipv4:127.0.0.1:", port), credentials, arguments);
}

absl::StatusOr<std::string> Ask(int port, const std::shared_ptr<grpc::ChannelCredentials>& credentials,
                                absl::StatusOr<Identity>* server) {
  return Ask(Connect(port, credentials), server);
}

absl::StatusOr<std::string> Ask(const std::shared_ptr<grpc::Channel>& channel, absl::StatusOr<Identity>* server,
                                std::string* certificate) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(60)));
  grpc::CompletionQueue queue;
  const grpc::ByteBuffer request;
  grpc::ByteBuffer response;
  grpc::Status status;
  auto call = stub.PrepareUnaryCall(&context, "/test.Test/WhoAmI", request, &queue);
  call->StartCall();
  call->Finish(&response, &status, call.get());
  void* tag = nullptr;
  bool ok = false;
  EXPECT_TRUE(queue.Next(&tag, &ok));
  if (!status.ok()) return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  if (server != nullptr) *server = PeerIdentity(*context.auth_context());
  if (certificate != nullptr) {
    const absl::StatusOr<Certificate> shown = PeerCertificate(*context.auth_context());
    EXPECT_OK(shown);
    *certificate = shown.ok() ? shown->ToPem() : "";
  }
  grpc::Slice slice;
  EXPECT_TRUE(response.DumpToSingleSlice(&slice).ok());
  return std::string(reinterpret_cast<const char*>(slice.begin()), slice.size());
}

}  // namespace paranet::pki
