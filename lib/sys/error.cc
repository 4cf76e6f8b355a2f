#include "lib/sys/error.h"

#include <cstring>

namespace outpost::sys {

Error Error::FromErrno(std::string_view attempted, int code) {
  std::string text(attempted);
  text += ": ";
  char buffer[128];
  text += strerror_r(code, buffer, sizeof buffer);
  return Error(std::move(text), code);
}

Error Error::Within(std::string_view context) const {
  std::string text(context);
  text += ": ";
  text += text_;
  return Error(std::move(text), code_);
}

}  // namespace outpost::sys
