#include "tools/cli/trust_rm.h"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "core/base/status.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/message_json.h"
#include "tools/cli/node_client.h"
#include "tools/cli/trust_text.h"

namespace paranet::cli {
namespace {

constexpr size_t kShortest = 8;

struct TrustRmOptions {
  std::string fingerprint;
  std::string node;
  RemoteNode remote;
};

// The whole of what `text` begins.
absl::StatusOr<std::string> Complete(const v1::GetTrustResponse& trust, const std::string& text) {
  // As openssl writes it, too.
  const std::string begin = absl::AsciiStrToLower(absl::StrReplaceAll(text, {{":", ""}}));
  if (begin.size() < kShortest) {
    return UsageError(absl::StrCat("give at least the first ", kShortest, " digits of the fingerprint"));
  }
  std::vector<std::string> found;
  for (const v1::TrustedRoot& root : trust.roots()) {
    if (absl::StartsWith(root.certificate().fingerprint(), begin)) found.push_back(root.certificate().fingerprint());
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    return absl::NotFoundError(
        absl::StrCat("the node trusts no root with the fingerprint ", text, "; 'paranet trust ls' lists all"));
  }
  return UsageError(absl::StrCat("several roots have a fingerprint that begins with ", text, ": give more of it"));
}

absl::Status Remove(Context& context, const TrustRmOptions& options) {
  PARANET_ASSIGN_OR_RETURN(NodeClient client, NodeClient::Connect(context.home, options.node, options.remote));
  PARANET_ASSIGN_OR_RETURN(const v1::GetTrustResponse before, client.GetTrust());
  v1::UpdateTrustRequest request;
  PARANET_ASSIGN_OR_RETURN(*request.add_remove(), Complete(before, options.fingerprint));
  PARANET_ASSIGN_OR_RETURN(const v1::GetTrustResponse trust, client.UpdateTrust(request));
  context.out->Result(MessageToJson(trust), FormatTrust(trust, absl::Now()));
  return absl::OkStatus();
}

}  // namespace

void AddTrustRm(CommandTree& tree) {
  const auto options = std::make_shared<TrustRmOptions>();
  CLI::App* verb = tree.Verb(
      tree.Noun("trust", "Whom a node trusts"), "rm",
      "Makes a node accept certificates of a further network no more. Its own roots only the Network Root changes.",
      "paranet trust rm 3f5a9c01 --node alpha", [options](Context& context) { return Remove(context, *options); });
  verb->add_option("fingerprint", options->fingerprint, "Of the root's certificate, or how it begins")
      ->required()
      ->type_name("FINGERPRINT");
  verb->add_option("--node", options->node, "The node")->required()->type_name("NAME");
  AddRemoteOptions(verb, &options->remote);
}

}  // namespace paranet::cli
