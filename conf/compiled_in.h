// The directories that were fixed when this was built (CMakeLists.txt); packaging/install puts things there.
#pragma once

#include <string_view>

namespace outpost::conf {

std::string_view CompiledConfigDirectory();   // "/etc/outpost"
std::string_view CompiledQueueDirectory();    // "/var/spool/outpost"
std::string_view CompiledDaemonDirectory();   // "/usr/libexec/outpost": outpost-pickup and its like
std::string_view CompiledCommandDirectory();  // "/usr/sbin": sendmail, outpost
std::string_view Version();                   // "0.1.0"

}  // namespace outpost::conf
