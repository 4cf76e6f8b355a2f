// What every command of `outpost` begins with: which configuration, and the way to speak to people.
#pragma once

#include <optional>
#include <string>

#include "conf/configuration.h"
#include "conf/settings.h"
#include "lib/spool/paths.h"

namespace outpost::admin {

struct Environment {
  conf::Configuration configuration;
  conf::CommonSettings common;
  spool::SpoolPaths paths;
  std::string directory_option;  // -C as given, "" when not
};

// Never fails for what main.cf says: the findings are in the configuration. Nothing when there is no place for a
// configuration at all, or none can be opened in the place that -C or MAIL_CONFIG names; the reason is on stderr.
std::optional<Environment> MakeEnvironment(const std::optional<std::string>& directory_option);

// Prints the findings to stderr: errors last, each kind by file and line.
void PrintFindings(const conf::Configuration& configuration);

void PrintOut(std::string_view text);
// "outpost: TEXT" on stderr; postmap and postalias say their own names.
void PrintError(std::string_view text);

}  // namespace outpost::admin
