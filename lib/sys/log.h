// The log: one line an event, Postfix's form `outpost/PROGRAM[PID]: TEXT`, to syslog (facility mail) or to the
// file or stream that `maillog_file` names. The descriptor is opened once, before a process confines itself,
// and may be inherited from the process that started it. Lines are made printable here, so nothing from outside
// can forge one.
#pragma once

#include <string>
#include <string_view>

#include "lib/sys/error.h"
#include "lib/sys/unique_fd.h"

namespace outpost::sys {

enum class LogLevel { kInfo, kWarning, kError };  // logged as "TEXT", "warning: TEXT", "error: TEXT"

class Log {
 public:
  // To /dev/log; when nobody listens there, lines are lost until somebody does.
  static Log ToSyslog(std::string_view syslog_name, std::string_view program);
  // To an inherited or opened descriptor, each line with a time stamp, "Nov 21 01:26:00 HOST " as syslog's.
  static Log ToDescriptor(UniqueFd fd, std::string_view syslog_name, std::string_view program);
  // Opens `path` for appending (created 0600; /dev/stdout and /dev/stderr are the process's own): a file or a
  // character device, never through a symbolic link in its place.
  static Result<UniqueFd> OpenTarget(const std::string& path);

  // `text` usually begins with a queue id: "ID: to=<a@b>, ...". Never a secret.
  void Write(LogLevel level, std::string_view text) const { WriteAs(program_, level, text); }
  void Info(std::string_view text) const { Write(LogLevel::kInfo, text); }
  void Warning(std::string_view text) const { Write(LogLevel::kWarning, text); }
  void Error(std::string_view text) const { Write(LogLevel::kError, text); }
  // The same under another program's name, where one process does the part of several of Postfix's.
  void WriteAs(std::string_view program, LogLevel level, std::string_view text) const;

  // What a child program inherits; invalid when the target is syslog.
  FdView descriptor() const { return fd_; }
  bool to_syslog() const { return syslog_; }

 private:
  Log(UniqueFd fd, bool syslog, std::string_view syslog_name, std::string_view program)
      : fd_(std::move(fd)), syslog_(syslog), syslog_name_(syslog_name), program_(program) {}
  UniqueFd fd_;
  bool syslog_;
  std::string syslog_name_;
  std::string program_;
};

}  // namespace outpost::sys
