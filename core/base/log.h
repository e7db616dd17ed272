// Logging: a logger is an object that is handed in, never a global.
#ifndef PARANET_CORE_BASE_LOG_H_
#define PARANET_CORE_BASE_LOG_H_

#include <memory>
#include <string>

#include "spdlog/logger.h"

namespace paranet {

// Thread-safe. Never null where it is a parameter.
using Logger = std::shared_ptr<spdlog::logger>;

// Writes lines `2026-01-31T12:00:00.123Z I [name] text` to standard error.
Logger MakeStderrLogger(const std::string& name);

// Discards everything.
Logger MakeNullLogger();

}  // namespace paranet

#endif  // PARANET_CORE_BASE_LOG_H_
