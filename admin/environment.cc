#include "admin/environment.h"

#include <algorithm>
#include <cerrno>
#include <tuple>
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
  // Another place's mailer must not be stopped for a mistyped one. Where nothing was named, what has lost its main.cf
  // can still be looked at and stopped.
  if (location->was_named && access(location->MainCf().c_str(), R_OK) != 0) {
    PrintError(sys::Error::FromErrno(sys::Cat("open ", location->MainCf())).text());
    return std::nullopt;
  }
  auto configuration = conf::Configuration::Load(*location);
  auto common = conf::ReadCommonSettings(configuration);
  spool::SpoolPaths paths(common.queue_directory);
  return Environment{std::move(configuration), std::move(common), std::move(paths), directory_option.value_or("")};
}

void PrintFindings(const conf::Configuration& configuration) {
  std::vector<conf::Finding> findings = configuration.findings();
  std::ranges::stable_sort(findings, {}, [](const conf::Finding& finding) {
    return std::tuple(finding.severity == conf::Finding::Severity::kError, std::string_view(finding.file),
                      finding.line);
  });
  for (const conf::Finding& finding : findings) PrintError(finding.ToString());
}

void PrintOut(std::string_view text) {
  // A reader that has gone (`outpost queue list | head`) is no error of ours.
  static_cast<void>(sys::WriteAll(sys::FdView(STDOUT_FILENO), text, "standard output"));
}

void PrintError(std::string_view text) {
  static_cast<void>(sys::WriteAll(sys::FdView(STDERR_FILENO),
                                  sys::Cat(program_invocation_short_name, ": ", text, "\n"), "standard error"));
}

}  // namespace outpost::admin
