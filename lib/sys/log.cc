#include "lib/sys/log.h"

#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::sys {
namespace {

constexpr size_t kMaxLine = 8000;

int Severity(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return LOG_INFO;
    case LogLevel::kWarning:
      return LOG_WARNING;
    case LogLevel::kError:
      return LOG_ERR;
  }
  return LOG_ERR;
}

std::string_view Prefix(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return "";
    case LogLevel::kWarning:
      return "warning: ";
    case LogLevel::kError:
      return "error: ";
  }
  return "";
}

bool ConnectToSyslog(FdView fd) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, "/dev/log", sizeof address.sun_path - 1);
  return connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

// Often as root: no link is followed to another file, no reader of a pipe waited for.
Result<UniqueFd> OpenLogFile(const std::string& path) {
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK;
  auto fd = OpenFile(path, kFlags, 0600);
  if (!fd && fd.error().code() == ELOOP) return Error(Cat("open ", path, ": is a symbolic link"), ELOOP);
  if (!fd && fd.error().code() == ENXIO) return Error(Cat("open ", path, ": is a pipe or socket"), ENXIO);
  if (!fd) return fd.error();
  struct stat status {};
  if (fstat(fd->get(), &status) != 0) return Error::FromErrno(Cat("inspect ", path));
  if (!S_ISREG(status.st_mode) && !S_ISCHR(status.st_mode)) {
    return Error(Cat("open ", path, ": is neither a file nor a device"), EINVAL);
  }
  return fd;
}

std::string TimeStamp() {
  const time_t now = time(nullptr);
  tm local{};
  localtime_r(&now, &local);
  char text[32];
  strftime(text, sizeof text, "%b %e %H:%M:%S ", &local);
  return text;
}

}  // namespace

Log Log::ToSyslog(std::string_view syslog_name, std::string_view program) {
  UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd) ConnectToSyslog(fd);
  return Log(std::move(fd), true, syslog_name, program);
}

Log Log::ToDescriptor(UniqueFd fd, std::string_view syslog_name, std::string_view program) {
  return Log(std::move(fd), false, syslog_name, program);
}

Result<UniqueFd> Log::OpenTarget(const std::string& path) {
  const int own = path == "/dev/stdout" ? STDOUT_FILENO : path == "/dev/stderr" ? STDERR_FILENO : -1;
  if (own < 0) return OpenLogFile(path);
  UniqueFd fd(fcntl(own, F_DUPFD_CLOEXEC, 3));
  if (!fd) return sys::Error::FromErrno(Cat("open ", path));
  return fd;
}

void Log::WriteAs(std::string_view program, LogLevel level, std::string_view text) const {
  if (!fd_) return;
  const std::string line =
      Cat(syslog_name_, "/", program, "[", getpid(), "]: ", Prefix(level), Printable(text, kMaxLine));
  if (!syslog_) {
    char host[65] = "localhost";
    gethostname(host, sizeof host - 1);
    // One write a line: O_APPEND keeps the lines of several processes apart. A full disk must not stop mail.
    static_cast<void>(WriteAll(fd_, Cat(TimeStamp(), host, " ", line, "\n"), "log"));
    return;
  }
  const std::string packet = Cat("<", LOG_MAIL | Severity(level), ">", TimeStamp(), line);
  if (send(fd_.get(), packet.data(), packet.size(), MSG_NOSIGNAL) < 0 && errno != EAGAIN && ConnectToSyslog(fd_)) {
    static_cast<void>(send(fd_.get(), packet.data(), packet.size(), MSG_NOSIGNAL));
  }
}

}  // namespace outpost::sys
