#include "conf/settings_checks.h"

#include <algorithm>

#include "conf/next_hop.h"
#include "conf/value_types.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

using Severity = Finding::Severity;

std::string Quoted(std::string_view text) { return sys::Cat("\"", sys::Printable(text, 80), "\""); }

}  // namespace

void AddUnknownWord(Configuration& configuration, std::string_view name, std::string_view word,
                    std::string_view known) {
  configuration.AddFinding(Severity::kError, name, sys::Cat(Quoted(word), " is not known; known are ", known));
}

std::string CheckedPath(Configuration& configuration, std::string_view name) {
  std::string path = configuration.String(name);
  if (!path.empty() && !path.starts_with('/')) {
    configuration.AddFinding(Severity::kError, name, sys::Cat(Quoted(path), " is no absolute path"));
  }
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::string CheckedHostName(Configuration& configuration, std::string_view name, std::string value) {
  if (IsHostName(value)) return value;
  // A default is made of other parameters; the one that is wrong has its own finding.
  if (configuration.IsSet(name)) {
    configuration.AddFinding(Severity::kError, name, sys::Cat(Quoted(value), " is no valid host or domain name"));
  }
  return "localhost.localdomain";
}

std::string ReadHostName(Configuration& configuration, std::string_view name) {
  return CheckedHostName(configuration, name, configuration.String(name));
}

std::string ReadCleanText(Configuration& configuration, std::string_view name) {
  std::string text = configuration.String(name);
  if (sys::IsCleanText(text)) return text;
  configuration.AddFinding(Severity::kError, name,
                           sys::Cat(Quoted(text), " holds a control character or is no valid UTF-8"));
  return sys::Printable(text);
}

void CheckNextHop(Configuration& configuration, std::string_view name, std::string_view value) {
  const sys::Result<NextHop> hop = ParseNextHop(value);
  if (!hop) configuration.AddFinding(Severity::kError, name, hop.error().text());
}

std::string ReadRelayhost(Configuration& configuration) {
  std::string relayhost = configuration.String("relayhost");
  const sys::Result<std::vector<std::string>> items = SplitList(relayhost);
  if (items && items->size() > 1) {
    configuration.AddFinding(Severity::kError, "relayhost", "names more than one relay; one is supported");
  } else if (!relayhost.empty()) {
    CheckNextHop(configuration, "relayhost", relayhost);
  }
  return relayhost;
}

}  // namespace outpost::conf
