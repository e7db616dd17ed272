// The release that this is.
#ifndef PARANET_CORE_NODE_VERSION_H_
#define PARANET_CORE_NODE_VERSION_H_

namespace paranet {

// Semantic version; GetStatusResponse.version.
inline constexpr char kParanetVersion[] = "0.1.0";

}  // namespace paranet

#endif  // PARANET_CORE_NODE_VERSION_H_
