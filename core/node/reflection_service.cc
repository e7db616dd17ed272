#include "core/node/reflection_service.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/grpc_status.h"
#include "core/node/reflection_index.h"

namespace paranet {
namespace {

using ::grpc::reflection::v1alpha::ServerReflectionRequest;
using ::grpc::reflection::v1alpha::ServerReflectionResponse;

void SetError(const absl::Status& status, ServerReflectionResponse* response) {
  response->mutable_error_response()->set_error_code(static_cast<int>(status.code()));
  response->mutable_error_response()->set_error_message(std::string(status.message()));
}

void SetFiles(absl::StatusOr<std::vector<std::string>> files, ServerReflectionResponse* response) {
  if (!files.ok()) return SetError(files.status(), response);
  for (std::string& file : *files) {
    response->mutable_file_descriptor_response()->add_file_descriptor_proto(std::move(file));
  }
}

ServerReflectionResponse Answer(const ReflectionIndex& index, const ServerReflectionRequest& request) {
  ServerReflectionResponse response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case ServerReflectionRequest::kFileByFilename:
      SetFiles(index.FileByName(request.file_by_filename()), &response);
      break;
    case ServerReflectionRequest::kFileContainingSymbol:
      SetFiles(index.FileWithSymbol(request.file_containing_symbol()), &response);
      break;
    case ServerReflectionRequest::kListServices:
      response.mutable_list_services_response();
      for (std::string& name : index.Services()) {
        response.mutable_list_services_response()->add_service()->set_name(std::move(name));
      }
      break;
    case ServerReflectionRequest::kFileContainingExtension:
    case ServerReflectionRequest::kAllExtensionNumbersOfType:
      SetError(absl::NotFoundError("skill sets are proto3 and have no extensions"), &response);
      break;
    case ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
      SetError(absl::InvalidArgumentError("the request asks for nothing"), &response);
      break;
  }
  return response;
}

}  // namespace

ReflectionService::ReflectionService(Options options) : options_(std::move(options)) {
  for (const std::string& name : options_.own_services) {
    const auto* service = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name);
    if (service != nullptr) own_.push_back(service);
  }
}

grpc::Status ReflectionService::ServerReflectionInfo(
    grpc::ServerContext* context, grpc::ServerReaderWriter<ServerReflectionResponse, ServerReflectionRequest>* stream) {
  const absl::Cleanup leave = [this] { --streams_; };
  if (++streams_ > options_.limit) {
    return ToGrpcStatus(absl::ResourceExhaustedError("too many reflection streams are open; close some"));
  }
  ServerReflectionRequest request;
  do {
    // At each request anew: a link may have come or gone.
    ClientView view = options_.viewer(*context);
    if (view.visibility == Visibility::kNothing) {
      return ToGrpcStatus(absl::PermissionDeniedError(
          "this node tells what it serves to operators and to nodes that it has a link with alone"));
    }
    if (!stream->Read(&request)) break;
    if (!stream->Write(Answer(ReflectionIndex(options_.catalogue->snapshot(), std::move(view), own_), request))) break;
  } while (true);
  return grpc::Status::OK;
}

}  // namespace paranet
