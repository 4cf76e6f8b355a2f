// The language of main.cf: any bytes are settings and findings, never a crash, and what is found stands in the text.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "conf/configuration.h"
#include "conf/parameters.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using outpost::conf::Configuration;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Configuration configuration = Configuration::Parse({"/etc/outpost", false, "/q"}, "main.cf", text);
  configuration.CheckNames();
  const auto lines = std::ranges::count(text, '\n') + 1;
  for (const auto& finding : configuration.findings()) {
    if (finding.line < 0 || finding.line > lines) std::abort();
  }
  for (const auto& [name, value] : configuration.Explicit()) {
    const auto expanded = configuration.Expanded(name);
    const auto* parameter = outpost::conf::FindParameter(name);
    if (expanded && parameter != nullptr) (void)outpost::conf::CheckValue(parameter->values, *expanded);
  }
  return 0;
}
