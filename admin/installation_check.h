// What is installed, against what the configuration says: programs, and the queue directory's owners and modes as
// packaging/manifest has them.
#pragma once

#include <string>
#include <string_view>

#include "conf/configuration.h"
#include "conf/settings.h"
#include "conf/tables/file_rights.h"
#include "lib/spool/paths.h"

namespace outpost::admin {

// What a main.cf brought along from another mailer wants for a parameter that is best left alone: "; take it out of
// main.cf: ...", where main.cf sets it; else `otherwise`.
std::string HowToUnset(const conf::Configuration& configuration, std::string_view parameter,
                       std::string_view otherwise = "");

// Findings go to `configuration`. `shared`: the queue takes other users' mail, through the set-gid outpost-drop.
void CheckPrograms(conf::Configuration& configuration, const conf::QueueRunnerSettings& settings, bool shared);

// What is not there yet is made when the mailer starts; what is there must be safe, and `mailer`'s.
void CheckSpool(conf::Configuration& configuration, const spool::SpoolPaths& paths, const conf::FileReader& mailer);

}  // namespace outpost::admin
