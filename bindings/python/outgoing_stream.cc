#include "bindings/python/outgoing_stream.h"

#include "bindings/python/outside.h"
#include "pybind11/stl.h"

namespace paranet::python {

namespace py = pybind11;

OutgoingStream::OutgoingStream(const paranet_host* host, paranet_call parent, const std::string& skill,
                               int64_t deadline, ActorLock* lock)
    : host_(host), outgoing_(host->open(host, parent, {skill.data(), skill.size()}, deadline)), lock_(lock) {}

OutgoingStream::~OutgoingStream() {
  if (over_.exchange(true)) return;
  host_->cancel(host_, outgoing_);
  paranet_text text;
  Outside(lock_, [&] { return host_->outcome(host_, outgoing_, &text); });
}

bool OutgoingStream::Send(const py::bytes& message) const {
  const std::string bytes = message;
  return Outside(lock_, [&] { return host_->send(host_, outgoing_, {bytes.data(), bytes.size()}); }) != 0;
}

void OutgoingStream::CloseSend() const { host_->close_send(host_, outgoing_); }

std::optional<py::bytes> OutgoingStream::Receive() const {
  paranet_bytes message{nullptr, 0};
  if (Outside(lock_, [&] { return host_->receive(host_, outgoing_, &message); }) == 0) return std::nullopt;
  return py::bytes(message.data == nullptr ? "" : static_cast<const char*>(message.data), message.size);
}

py::tuple OutgoingStream::Outcome() {
  paranet_text text{nullptr, 0};
  over_ = true;
  const int32_t code = Outside(lock_, [&] { return host_->outcome(host_, outgoing_, &text); });
  return py::make_tuple(code, py::bytes(text.data == nullptr ? "" : text.data, text.size));
}

void OutgoingStream::Cancel() const { host_->cancel(host_, outgoing_); }

void DefineOutgoingStream(py::module_& module) {
  py::class_<OutgoingStream>(module, "OutgoingStream")
      .def("send", &OutgoingStream::Send, py::arg("message"))
      .def("close_send", &OutgoingStream::CloseSend)
      .def("receive", &OutgoingStream::Receive)
      .def("outcome", &OutgoingStream::Outcome)
      .def("cancel", &OutgoingStream::Cancel);
}

}  // namespace paranet::python
