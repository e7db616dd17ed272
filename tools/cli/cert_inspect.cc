#include "tools/cli/cert_inspect.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "core/base/status.h"
#include "tools/cli/input_file.h"
#include "tools/cli/inspected.h"

namespace paranet::cli {

void AddCertInspect(CommandTree& tree) {
  const auto file = std::make_shared<std::string>();
  CLI::App* verb = tree.Verb(
      tree.Noun("cert", "Certificates"), "inspect",
      "Prints what is in a file: certificates, requests, revocation lists, keys (of private ones only what is public). "
      "Trusts nothing.",
      "paranet cert inspect alpha-identity/chain.pem\n"
      "paranet cert inspect alpha-identity\n"
      "openssl s_client -connect 10.0.0.1:7000 </dev/null | paranet cert inspect -",
      [file](Context& context) -> absl::Status {
        PARANET_ASSIGN_OR_RETURN(const std::vector<pki::Inspected> all, InspectInput(*file));
        context.out->Result(InspectedToJson(all), FormatInspected(all, absl::Now()));
        return absl::OkStatus();
      });
  verb->add_option("file", *file, "PEM or DER file, the directory of an identity, or `-` for standard input")
      ->required()
      ->type_name("FILE");
}

}  // namespace paranet::cli
