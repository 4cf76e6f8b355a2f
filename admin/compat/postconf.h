// postconf: Postfix's command for main.cf, for the hands and scripts that know it. Output and exit status are Postfix's
// where the meaning is the same.
#pragma once

#include <span>
#include <string>

namespace outpost::admin {

// `arguments` without the program's name. The exit status: 0, also for an unknown name, which is warned of; 1 when the
// command line is wrong, main.cf cannot be read or written, or a value cannot be expanded.
int Postconf(std::span<const std::string> arguments);

}  // namespace outpost::admin
