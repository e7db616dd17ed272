"""Renews the baseline of the contracts: `./bazelw run //tests/contracts:update`.

Refuses while the contracts break the baseline that is there. `-- --break` renews it all the same, for a change that is
known to reach nobody; the reviewer sees it in the diff of the baseline.
"""

import os
import pathlib
import sys

from tests.contracts import baseline, compatibility


def main(arguments):
    may_break = "--break" in arguments
    contracts = baseline.current([argument for argument in arguments if argument != "--break"])
    path = pathlib.Path(os.environ["BUILD_WORKSPACE_DIRECTORY"], "tests/contracts/baseline.textproto")
    if path.exists() and not may_break:
        breaking = compatibility.compare(baseline.parse(path.read_text(encoding="utf-8")), contracts).breaking
        if breaking:
            print("The baseline stays as it is, because these changes break it:", *breaking, sep="\n  ", file=sys.stderr)
            return 1
    path.write_text(baseline.render(contracts), encoding="utf-8")
    print(f"{path.name} has {len(contracts.file)} contracts")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
