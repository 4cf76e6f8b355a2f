// Why a submission ends without having been kept: what the caller is told, by exit status and in words.
#pragma once

#include <string>
#include <variant>

namespace outpost::sendmail {

struct Failure {
  int exit_code = 0;  // of sysexits.h
  std::string reason;
};

template <typename T>
using Attempt = std::variant<T, Failure>;

}  // namespace outpost::sendmail
