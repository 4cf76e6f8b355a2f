// The whole of queue-runner as a process, with a pickup and an outpost-smtp that do as they are told (fakes.h).
#pragma once

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <signal.h>
#include <sstream>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "lib/sys/file.h"
#include "lib/sys/socket.h"
#include "lib/sys/text.h"
#include "queue-runner/confinement.h"
#include "queue-runner/runner.h"
#include "queue-runner/startup.h"
#include "tests/unit/queue-runner/fakes.h"

namespace outpost::queue_runner {

using sys::Cat;

inline std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  std::stringstream out;
  out << file.rdbuf();
  return out.str();
}

inline std::vector<std::string> Lines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// Generous: a new runner gives the old one's programs 10 s to end.
inline bool WaitFor(const std::function<bool()>& condition) {
  for (int i = 0; i < 3000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

inline std::string Id(int number) { return mail::QueueId::Make(std::chrono::seconds(number), 7).text(); }

class RunnerTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/outpost-runner-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    root_ = name;
    std::filesystem::create_directory(root_ + "/bin");
    for (const char* program : {"/outpost-pickup", "/outpost-smtp"}) {
      std::filesystem::create_symlink("/proc/self/exe", root_ + "/bin/self");
      std::filesystem::remove(root_ + "/bin/self");
      std::filesystem::create_symlink(std::filesystem::read_symlink("/proc/self/exe"), root_ + "/bin" + program);
    }
    // As root the runner becomes the mail owner, who must be able to write here.
    ASSERT_EQ(chmod(root_.c_str(), 0777), 0);
    Configure("relayhost = relay.one\n");
  }

  void TearDown() override {
    Stop();
    if (HasFailure()) std::fprintf(stderr, "%s\n", ReadAll(root_ + "/log").c_str());
    std::filesystem::remove_all(root_);
  }

  void Configure(const std::string& more) {
    std::ofstream(root_ + "/main.cf") << "myhostname = host.test\nmail_owner = nobody\nsetgid_group = nogroup\n"
                                      << "queue_directory = " << root_ << "/spool\ndaemon_directory = " << root_
                                      << "/bin\nmaillog_file = " << root_ << "/log\n"
                                      << more;
    // As if it had been written a minute ago: what is being written is waited for.
    std::filesystem::last_write_time(root_ + "/main.cf",
                                     std::filesystem::file_time_type::clock::now() - std::chrono::minutes(1));
  }

  void SetMode(const std::string& mode) {
    std::ofstream(root_ + "/mode.new") << mode;
    std::filesystem::rename(root_ + "/mode.new", root_ + kModeFile);
  }

  void Inject(const std::string& line) {
    std::ofstream(root_ + kInjectFile, std::ios::app) << line << "\n";
    if (runner_ > 0) PokeMaildrop();
  }

  void PokeMaildrop() const {
    const std::string file = root_ + "/spool/maildrop/poke";
    std::ofstream(file) << "x";
    std::filesystem::permissions(file, std::filesystem::perms::all);
  }

  // Returns what it said to its notify descriptor.
  std::string Start(bool once = false) {
    if (once) {
      once_ = true;
    }
    int ends[2];
    if (pipe(ends) != 0) return "no pipe";
    runner_ = fork();
    if (runner_ == 0) {
      close(ends[0]);
      _exit(RunRunner(ends[1]));
    }
    close(ends[1]);
    std::string said;
    char byte = 0;
    while (read(ends[0], &byte, 1) == 1) said += byte;
    close(ends[0]);
    if (!once && said == "ready\n") PokeMaildrop();
    return said;
  }

  int RunRunner(int notify) {
    std::vector<std::string> arguments = {"-C", root_, "--notify", Cat(notify)};
    if (once_) arguments.emplace_back("--once");
    auto options = ParseOptions(arguments);
    auto prepared = Prepare(*options);
    if (auto* trouble = std::get_if<Trouble>(&prepared)) {
      Notify(*options, trouble->text);
      return trouble->exit_code;
    }
    auto& ready = std::get<Prepared>(prepared);
    auto confined = confine::Confine(MakeProfile(ready.belongings.paths, root_));
    if (!confined) return 71;
    Runner runner(std::move(ready.belongings), ready.policy, once_, *confined);
    if (!runner.Start()) return 72;
    Notify(*options, "ready");
    return runner.Run() ? 0 : 73;
  }

  int Wait() {
    int status = 0;
    waitpid(std::exchange(runner_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  int Stop() {
    if (runner_ <= 0) return 0;
    kill(runner_, SIGTERM);
    return Wait();
  }

  void Kill() {
    kill(runner_, SIGKILL);
    Wait();
  }

  std::vector<std::string> Delivered() const { return Lines(root_ + kDeliveredFile); }
  std::vector<std::string> Answers() const { return Lines(root_ + kAnswersFile); }
  std::string LogText() const { return ReadAll(root_ + "/log"); }
  bool WaitDelivered(size_t count) {
    return WaitFor([&] { return Delivered().size() >= count; });
  }
  bool WaitLog(const std::string& text, int times = 1) {
    return WaitFor([&] {
      const std::string log = LogText();
      int found = 0;
      for (size_t at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) ++found;
      return found >= times;
    });
  }

  // Until `count` messages are in the queue and none of them is on its way: no connection is left, nor about to be made.
  bool WaitUntilAllWait(size_t count) {
    const auto is_active = [](const std::string& line) { return line.find("\"active\"") != std::string::npos; };
    return WaitFor([&] {
      return Answers().size() == count && std::ranges::none_of(Ask(ipc::Request::Verb::kList), is_active);
    });
  }

  std::vector<std::string> Ask(const std::string& request) const {
    auto socket = sys::ConnectUnix(root_ + "/spool/public/control", std::chrono::seconds(5));
    if (!socket || !sys::SendAll(*socket, request, "control")) return {};
    std::string text;
    std::array<char, 4096> bytes{};
    while (true) {
      const auto count = sys::ReadSome(*socket, bytes);
      if (!count || *count == 0) break;
      text.append(bytes.data(), *count);
    }
    std::istringstream stream(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  }
  std::vector<std::string> Ask(ipc::Request::Verb verb, const std::string& id = "") const {
    return Ask(ipc::Request{verb, id, ""}.Encode());
  }
  std::string AnswerToFlush(const std::string& id, const std::string& domain) const {
    const auto lines = Ask(ipc::Request{ipc::Request::Verb::kFlush, id, domain}.Encode());
    return lines.size() == 1 ? lines[0] : "";
  }

  std::string root_;
  pid_t runner_ = -1;
  bool once_ = false;
};

using Verb = ipc::Request::Verb;

}  // namespace outpost::queue_runner
