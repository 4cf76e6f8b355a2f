// Defaults that are computed from the system.
#pragma once

#include <string>

namespace outpost::conf {

// The kernel's host name; one without a dot is completed with `domain`. "localhost.localdomain" when it is no
// valid name.
std::string SystemHostName(const std::string& domain);

// `host_name` without its first label; "localdomain" when nothing is left.
std::string DomainOf(const std::string& host_name);

// Where outpost-pickup is: the folder of the running program, else ../libexec/outpost beside it, else the one
// compiled in.
std::string DefaultDaemonDirectory();

}  // namespace outpost::conf
