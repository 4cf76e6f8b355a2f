#include "admin/environment.h"

#include <unistd.h>

#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::admin {

std::optional<Environment> MakeEnvironment(const std::optional<std::string>& directory_option) {
  auto location = conf::Locate(directory_option);
  if (!location) {
    PrintError(location.error().text());
    return std::nullopt;
  }
  auto configuration = conf::Configuration::Load(*location);
  auto common = conf::ReadCommonSettings(configuration);
  spool::SpoolPaths paths(common.queue_directory);
  return Environment{std::move(configuration), std::move(common), std::move(paths), directory_option.value_or("")};
}

void PrintFindings(const conf::Configuration& configuration) {
  for (const auto severity : {conf::Finding::Severity::kWarning, conf::Finding::Severity::kError}) {
    for (const auto& finding : configuration.findings()) {
      if (finding.severity == severity) PrintError(finding.ToString());
    }
  }
}

void PrintOut(std::string_view text) {
  // A reader that has gone (`outpost queue list | head`) is no error of ours.
  static_cast<void>(sys::WriteAll(sys::FdView(STDOUT_FILENO), text, "standard output"));
}

void PrintError(std::string_view text) {
  static_cast<void>(sys::WriteAll(sys::FdView(STDERR_FILENO), sys::Cat("outpost: ", text, "\n"), "standard error"));
}

}  // namespace outpost::admin
