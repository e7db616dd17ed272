#include "pki/enrolment/enrolment_testutil.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "core/base/log.h"

namespace paranet::pki {
namespace {

[[noreturn]] void Die(const absl::Status& status) {
  std::fprintf(stderr, "ServedRoot: %s\n", status.ToString().c_str());
  std::abort();
}

template <typename T>
T OrDie(absl::StatusOr<T> result) {
  if (!result.ok()) Die(result.status());
  return *std::move(result);
}

}  // namespace

bool Eventually(const std::function<bool()>& done) {
  const absl::Time limit = absl::Now() + absl::Minutes(1);
  while (!done()) {
    if (absl::Now() > limit) return false;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return true;
}

ServedRoot::ServedRoot(const std::string& network)
    : clock_(std::make_shared<FakeClock>(absl::Now())),
      directory_(OrDie(TemporaryDirectory::Create("served_root"))),
      root_(OrDie(NetworkRoot::Create(directory_.path() + "/root", network, clock_.get()))) {}

ServedRoot::~ServedRoot() = default;

void ServedRoot::Serve(const std::function<void(EnrolmentServer::Options&)>& change) {
  EnrolmentServer::Options options{.root = root_.get(),
                                   .clock = clock_.get(),
                                   .logger = MakeStderrLogger("root"),
                                   .address = address_,
                                   .upkeep_interval = absl::Milliseconds(5)};
  options.service.look_interval = absl::Milliseconds(5);
  if (change) change(options);
  server_ = OrDie(EnrolmentServer::Start(std::move(options)));
  address_ = server_->address();
}

std::unique_ptr<NetworkRoot> ServedRoot::OpenAgain() { return OrDie(NetworkRoot::Open(root_->dir(), clock_.get())); }

JoinToken ServedRoot::Token(const std::string& node, absl::Duration life) {
  return OrDie(root_->CreateToken({.node = node, .endpoint = address_, .life = life}, "test"));
}

JoinToken ServedRoot::Altered(const JoinToken& token, const std::function<void(v1::JoinToken&)>& change) {
  v1::JoinToken fields = token.fields();
  change(fields);
  return OrDie(JoinToken::Create(std::move(fields)));
}

LeafNames ServedRoot::Names(const std::string& node) const {
  return {.identity = {.network = root_->network(), .role = Role::kNode, .name = node},
          .dns_names = {node + ".example"},
          .ip_addresses = {"127.0.0.1"}};
}

absl::StatusOr<IssuedIdentity> ServedRoot::Enroll(const JoinToken& token, const std::string& node) {
  return EnrollWithToken(token, OrDie(PrivateKey::Generate()), Names(node), clock_.get(),
                         absl::Now() + absl::Seconds(60));
}

std::shared_ptr<NodeTrust> ServedRoot::Node(const std::string& node) {
  const IssuedIdentity issued = OrDie(Enroll(Token(node), node));
  return OrDie(NodeTrust::Install({.dir = DirOf(node), .clock = clock_.get(), .logger = MakeStderrLogger(node)},
                                  *issued.identity, address_, issued.bundle));
}

}  // namespace paranet::pki
