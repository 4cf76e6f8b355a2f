// Prints the source of outpost.cf(5) when the manual pages are built (cmake/install_rules.cmake); not installed.
#include <cstdio>

#include "conf/manual.h"

int main() {
  const std::string source = outpost::conf::ManualSource();
  return std::fwrite(source.data(), 1, source.size(), stdout) == source.size() && std::fflush(stdout) == 0 ? 0 : 1;
}
