// The federation's tables, for tests that have no node. The node makes the same (core/node, its migrations).
#ifndef PARANET_FEDERATION_LINK_SCHEMA_TESTUTIL_H_
#define PARANET_FEDERATION_LINK_SCHEMA_TESTUTIL_H_

namespace paranet {

inline constexpr char kLinkSchema[] = R"(
  CREATE TABLE link(peer TEXT NOT NULL, address TEXT NOT NULL, mode INTEGER NOT NULL, dialler INTEGER NOT NULL,
                    created_unix_ms INTEGER NOT NULL, PRIMARY KEY(peer, dialler));
  CREATE TABLE defederated(peer TEXT PRIMARY KEY, at_unix_ms INTEGER NOT NULL);
)";

}  // namespace paranet

#endif  // PARANET_FEDERATION_LINK_SCHEMA_TESTUTIL_H_
