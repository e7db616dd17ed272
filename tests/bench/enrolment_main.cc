// enrolment_main DIR PORT: the enrolment service of the Network Root in DIR on loopback, as `paranet root serve` runs
// it but without its limits on the rate of one address, to measure what it can do.
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/status.h"
#include "pki/enrolment/enrolment_server.h"
#include "pki/root/network_root.h"

namespace paranet::bench {
namespace {

absl::Status Serve(const std::string& dir, const std::string& port) {
  const SystemClock clock;
  PARANET_ASSIGN_OR_RETURN(const std::unique_ptr<pki::NetworkRoot> root, pki::NetworkRoot::Open(dir, &clock));
  pki::EnrolmentServer::Options options{.root = root.get(),
                                        .clock = &clock,
                                        .logger = MakeNullLogger(),
                                        .address = absl::StrCat("127.0.0.1:", port),
                                        .dns_names = {"localhost"}};
  options.service.enroll_rate = {};
  options.service.renew_rate = {};
  PARANET_ASSIGN_OR_RETURN(const std::unique_ptr<pki::EnrolmentServer> server,
                           pki::EnrolmentServer::Start(std::move(options)));
  sigset_t end;
  sigemptyset(&end);
  sigaddset(&end, SIGTERM);
  int signal = 0;
  sigwait(&end, &signal);
  return absl::OkStatus();
}

}  // namespace
}  // namespace paranet::bench

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: enrolment_main DIR PORT\n");
    return 2;
  }
  // Before there is a second thread, so that all wait for it together.
  sigset_t end;
  sigemptyset(&end);
  sigaddset(&end, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &end, nullptr);
  const absl::Status status = paranet::bench::Serve(argv[1], argv[2]);
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return 1;
}
