#include "conf/compiled_in.h"

namespace outpost::conf {

std::string_view CompiledConfigDirectory() { return OUTPOST_CONFIG_DIRECTORY; }
std::string_view CompiledQueueDirectory() { return OUTPOST_QUEUE_DIRECTORY; }
std::string_view CompiledDaemonDirectory() { return OUTPOST_DAEMON_DIRECTORY; }
std::string_view CompiledCommandDirectory() { return OUTPOST_COMMAND_DIRECTORY; }
std::string_view Version() { return OUTPOST_VERSION; }

}  // namespace outpost::conf
