// The extension module `paranet._native`: a node in this process. What people use is paranet/node.py on top of it.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bindings/python/runtime/python_actor_schema.h"
#include "bindings/python/runtime/python_runtime.h"
#include "bindings/python/status.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/node/node.h"
#include "core/package/archive.h"
#include "core/package/package_builder.h"
#include "examples/weather/embedded.h"
#include "google/protobuf/util/json_util.h"
#include "pybind11/pybind11.h"
#include "pybind11/stl.h"

namespace paranet::python {
namespace {

namespace py = pybind11;

// How long a node that stops waits for its running calls.
constexpr absl::Duration kStopGrace = absl::Seconds(2);

std::string ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  // Fails only for messages with google.protobuf.Any, which the contracts have none of.
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  return status.ok() ? json : "{}";
}

template <typename Range>
std::vector<std::string> ToJsonList(const Range& messages) {
  std::vector<std::string> list;
  for (const auto& message : messages) list.push_back(ToJson(message));
  return list;
}

// A Test Node in this process. Methods may be called from any thread; they release the GIL while C++ works.
class TestNode {
 public:
  TestNode(const std::string& name, const std::optional<std::string>& data_dir) {
    py::gil_scoped_release release;
    absl::StatusOr<std::unique_ptr<Node>> node = Start(name, data_dir);
    py::gil_scoped_acquire acquire;
    node_ = ValueOrRaise(std::move(node));
  }
  ~TestNode() {
    py::gil_scoped_release release;
    Stop();
  }

  void Stop() {
    if (node_ != nullptr) node_->Stop(absl::Now() + kStopGrace);
  }
  std::string Status() { return ToJson(node_->Status()); }
  std::vector<std::string> Skills() { return ToJsonList(node_->ListSkills()); }
  std::vector<std::string> Packages() { return ToJsonList(node_->ListPackages()); }
  absl::StatusOr<std::string> Deploy(std::string archive) {
    absl::StatusOr<v1::DeployResponse> response = node_->Deploy(std::move(archive));
    if (!response.ok()) return response.status();
    return ToJson(*response);
  }
  absl::StatusOr<std::string> Skill(const std::string& name) {
    absl::StatusOr<v1::GetSkillResponse> response = node_->GetSkill(name);
    if (!response.ok()) return response.status();
    return ToJson(*response);
  }
  absl::StatusOr<std::vector<std::string>> Call(const std::string& skill, const std::vector<std::string>& requests,
                                                std::optional<double> timeout_s) {
    std::vector<std::string> responses;
    size_t next = 0;
    const absl::Status status = node_->Call(
        {.skill = skill,
         .deadline = timeout_s.has_value() ? absl::Now() + absl::Seconds(*timeout_s) : absl::InfiniteFuture(),
         .next_request = [&]() -> std::optional<std::string> {
           if (next == requests.size()) return std::nullopt;
           return requests[next++];
         },
         .on_response =
             [&](std::string response) {
               responses.push_back(std::move(response));
               return true;
             }});
    if (!status.ok()) return status;
    return responses;
  }

 private:
  absl::StatusOr<std::unique_ptr<Node>> Start(const std::string& name, const std::optional<std::string>& data_dir) {
    NodeOptions options{.name = name, .control_socket = false, .logger = MakeNullLogger()};
    if (data_dir.has_value()) {
      options.data_dir = *data_dir;
    } else {
      absl::StatusOr<TemporaryDirectory> dir = TemporaryDirectory::Create();
      if (!dir.ok()) return dir.status();
      temporary_ = std::make_unique<TemporaryDirectory>(*std::move(dir));
      options.data_dir = absl::StrCat(temporary_->path(), "/", name);
    }
    options.python_runtime = [dir = absl::StrCat(options.data_dir, "/python-runtime")] {
      return InstallPythonRuntime(dir);
    };
    return Node::Start(std::move(options));
  }

  // Deleted after the node, which has its files there.
  std::unique_ptr<TemporaryDirectory> temporary_;
  std::unique_ptr<Node> node_;
};

// Runs `function` without the GIL and turns its error into an exception.
template <typename Function>
auto WithoutGil(Function function) {
  auto result = [&] {
    py::gil_scoped_release release;
    return function();
  }();
  return ValueOrRaise(std::move(result));
}

py::bytes ExamplePackage() {
  return py::bytes(WithoutGil([]() -> absl::StatusOr<std::string> {
    absl::StatusOr<TemporaryDirectory> folder = TemporaryDirectory::Create();
    if (!folder.ok()) return folder.status();
    for (const auto& file : WeatherPackageFiles()) {
      const absl::Status written = WriteFileAtomically(absl::StrCat(folder->path(), "/", file.path), file.content);
      if (!written.ok()) return written;
    }
    absl::StatusOr<Package> package = BuildPackage(folder->path());
    if (!package.ok()) return package.status();
    return SerializeArchive(*package);
  }));
}

py::bytes BuildPackageArchive(const std::string& folder) {
  return py::bytes(WithoutGil([&]() -> absl::StatusOr<std::string> {
    absl::StatusOr<Package> package = BuildPackage(folder, {.python_schema = &PythonActorSchema});
    if (!package.ok()) return package.status();
    return SerializeArchive(*package);
  }));
}

}  // namespace

PYBIND11_MODULE(_native, m) {
  py::class_<TestNode>(m, "TestNode")
      .def(py::init<const std::string&, const std::optional<std::string>&>(), py::arg("name"), py::arg("data_dir"))
      .def("stop", &TestNode::Stop, py::call_guard<py::gil_scoped_release>())
      .def("status", &TestNode::Status, py::call_guard<py::gil_scoped_release>())
      .def("skills", &TestNode::Skills, py::call_guard<py::gil_scoped_release>())
      .def("packages", &TestNode::Packages, py::call_guard<py::gil_scoped_release>())
      .def(
          "skill", [](TestNode& self, const std::string& name) { return WithoutGil([&] { return self.Skill(name); }); },
          py::arg("name"))
      .def(
          "deploy",
          [](TestNode& self, const py::bytes& archive) {
            std::string bytes = archive;
            return WithoutGil([&] { return self.Deploy(std::move(bytes)); });
          },
          py::arg("archive"))
      .def(
          "call",
          [](TestNode& self, const std::string& skill, const std::vector<std::string>& requests,
             std::optional<double> timeout) { return WithoutGil([&] { return self.Call(skill, requests, timeout); }); },
          py::arg("skill"), py::arg("requests"), py::arg("timeout"));
  m.def("example_package", &ExamplePackage);
  m.def("build_package", &BuildPackageArchive, py::arg("folder"));
}

}  // namespace paranet::python
