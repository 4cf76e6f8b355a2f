#include "conf/system_defaults.h"

#include <unistd.h>

#include <climits>

#include "conf/compiled_in.h"
#include "conf/value_types.h"
#include "lib/sys/spawn.h"

namespace outpost::conf {
namespace {

bool HoldsPrograms(const std::string& directory) {
  return access((directory + "/outpost-pickup").c_str(), X_OK) == 0;
}

}  // namespace

std::string SystemHostName(const std::string& domain) {
  char name[HOST_NAME_MAX + 1] = {};
  if (gethostname(name, sizeof name - 1) != 0 || !IsHostName(name)) return "localhost.localdomain";
  const std::string host(name);
  return host.find('.') == std::string::npos ? host + "." + domain : host;
}

std::string DomainOf(const std::string& host_name) {
  const size_t dot = host_name.find('.');
  if (dot == std::string::npos || dot + 1 == host_name.size()) return "localdomain";
  return host_name.substr(dot + 1);
}

std::string DefaultDaemonDirectory() {
  const sys::Result<std::string> own = sys::OwnDirectory();
  if (own && HoldsPrograms(*own)) return *own;
  if (own) {
    std::string beside = own->substr(0, own->rfind('/')) + "/libexec/outpost";
    if (HoldsPrograms(beside)) return beside;
  }
  return std::string(CompiledDaemonDirectory());
}

}  // namespace outpost::conf
