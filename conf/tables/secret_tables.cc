#include "conf/tables/secret_tables.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <signal.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "conf/value_types.h"
#include "lib/sys/clock.h"
#include "lib/sys/file.h"
#include "lib/sys/spawn.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

constexpr std::chrono::seconds kCommandTime{30};

// What programs that hold secrets need to find them: pass, gpg, secret-tool, `outpost oauth2`.
std::vector<std::string> Environment() {
  std::vector<std::string> environment{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                       "LC_ALL=C.UTF-8"};
  for (const char* const name : {"HOME", "USER", "LOGNAME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR",
                                 "DBUS_SESSION_BUS_ADDRESS", "CREDENTIALS_DIRECTORY", "MAIL_CONFIG"}) {
    if (const char* const value = getenv(name)) environment.push_back(sys::Cat(name, "=", value));
  }
  return environment;
}

sys::Result<void> CheckProgram(const std::string& path) {
  struct stat status {};
  if (!path.starts_with('/')) return sys::Error("a program is named by its absolute path");
  if (stat(path.c_str(), &status) != 0) return sys::Error::FromErrno(sys::Cat("find ", path));
  if (!S_ISREG(status.st_mode)) return sys::Error(sys::Cat(path, " is no program"));
  if (status.st_uid != 0 && status.st_uid != geteuid()) {
    return sys::Error(sys::Cat(path, " belongs to another user, who could change it: it is not run"));
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return sys::Error(sys::Cat(path, " may be written by others; mend it with: chmod go-w ", path));
  }
  if (access(path.c_str(), X_OK) != 0) return sys::Error::FromErrno(sys::Cat("run ", path));
  return {};
}

struct Pipe {
  sys::UniqueFd read_end;
  sys::UniqueFd write_end;
};

sys::Result<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return sys::Error::FromErrno("make a pipe");
  return Pipe{sys::UniqueFd(ends[0]), sys::UniqueFd(ends[1])};
}

// Waits until `fd` is readable or has ended.
sys::Result<void> WaitFor(sys::FdView fd, sys::Microseconds deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - sys::MonotonicClock());
    if (left.count() <= 0) return sys::Error(sys::Cat("takes longer than ", kCommandTime.count(), " s"));
    pollfd wanted{fd.get(), POLLIN, 0};
    const int ready = poll(&wanted, 1, static_cast<int>(left.count()));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return sys::Error::FromErrno("wait for a program");
  }
}

// All that is written to `fd` until everybody has closed it.
sys::Result<std::string> ReadOutput(sys::FdView fd, sys::Microseconds deadline) {
  std::string output;
  std::array<char, 4096> buffer;
  while (true) {
    if (auto ready = WaitFor(fd, deadline); !ready) return ready.error();
    const auto count = sys::ReadSome(fd, buffer);
    if (!count) return count.error();
    if (*count == 0) return output;
    output.append(buffer.data(), *count);
    if (output.size() > kMaxCommandOutput)
      return sys::Error(sys::Cat("writes more than ", kMaxCommandOutput, " bytes"));
  }
}

// "value\n" -> the value; nothing where nothing was written.
Found ValueOf(std::string output) {
  if (output.ends_with('\n')) output.pop_back();
  if (output.ends_with('\r')) output.pop_back();
  if (output.empty()) return std::optional<std::string>();
  if (!IsLine(output)) return sys::Error("writes more than one line");
  return std::optional(std::move(output));
}

class CommandTable : public Table {
 public:
  explicit CommandTable(std::vector<std::string> argv) : argv_(std::move(argv)) {}

  Found Find(std::string_view key) override {
    if (key.starts_with('-') || !sys::IsCleanText(key)) return std::optional<std::string>();
    Found found = Run(std::string(key));
    if (!found) return found.error().Within(argv_[0]);
    return found;
  }

 private:
  Found Run(std::string key) const {
    if (auto checked = CheckProgram(argv_[0]); !checked) return checked.error();
    auto pipe = MakePipe();
    if (!pipe) return pipe.error();
    sys::SpawnRequest request{argv_, {{pipe->write_end, 1}}, Environment(), true};
    request.argv.push_back(std::move(key));
    auto process = sys::Spawn(request);
    if (!process) return process.error();
    pipe->write_end.reset();
    const auto deadline = sys::MonotonicClock() + kCommandTime;
    auto output = ReadOutput(pipe->read_end, deadline);
    const auto ended = output ? WaitFor(process->pidfd, deadline) : output.error();
    if (!ended) kill(-process->pid, SIGKILL);  // its session: itself and what it started
    const auto status = sys::Reap(*process);
    if (!ended) return ended.error();
    if (!status) return status.error();
    if (status->signalled || status->number != 0) return sys::Error(sys::Describe(*status));
    return ValueOf(std::move(*output));
  }

  std::vector<std::string> argv_;
};

}  // namespace

sys::Result<std::unique_ptr<Table>> OpenCommandTable(std::string_view name) {
  std::vector<std::string> argv{std::string(name)};
  if (name.starts_with('{')) {
    auto words = SplitBracedList(name);
    if (!words) return words.error();
    argv = std::move(*words);
  }
  if (argv.empty()) return sys::Error("a program is missing");
  if (auto checked = CheckProgram(argv[0]); !checked) return checked.error();
  return std::unique_ptr<Table>(std::make_unique<CommandTable>(std::move(argv)));
}

sys::Result<std::string> CredentialPath(std::string_view name) {
  const char* const directory = secure_getenv("CREDENTIALS_DIRECTORY");
  if (name.empty() || name.starts_with('.') || name.find('/') != std::string_view::npos) {
    return sys::Error("the name of a credential is expected, without a directory");
  }
  if (directory == nullptr || *directory != '/') {
    return sys::Error(
        "systemd gives no credentials here ($CREDENTIALS_DIRECTORY is not set; LoadCredential= in the unit)");
  }
  return sys::Cat(directory, "/", name);
}

}  // namespace outpost::conf
