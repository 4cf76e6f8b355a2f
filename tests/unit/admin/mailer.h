// A configuration directory with a queue directory, and a stand-in for the mailer.
#pragma once

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <pwd.h>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "admin/environment.h"
#include "lib/sys/file.h"
#include "lib/sys/socket.h"

namespace outpost::admin {

class MailerTest : public ::testing::Test {
 protected:
  MailerTest() {
    char path[] = "/tmp/outpost-admin-XXXXXX";
    directory_ = mkdtemp(path);
    std::filesystem::create_directories(directory_ + "/spool/public");
  }
  ~MailerTest() override {
    if (server_.joinable()) server_.join();
    std::filesystem::remove_all(directory_);
  }

  // main.cf: the directories, and `more`.
  Environment MakeConfigured(const std::string& more = "") const {
    std::ofstream(directory_ + "/main.cf") << "myhostname = host.example\nrelayhost = [127.0.0.1]:25\n"
                                           << "queue_directory = " << directory_ << "/spool\n"
                                           << "daemon_directory = " << directory_ << "\n"
                                           << "mail_owner = " << getpwuid(geteuid())->pw_name << "\n"
                                           << more;
    return std::move(*MakeEnvironment(directory_));
  }

  // Answers one connection on public/control with `lines`; what was asked is in asked_ once it has been joined.
  void Answer(std::string lines) {
    auto listener = sys::ListenUnix(directory_ + "/spool/public/control", 0600);
    ASSERT_TRUE(listener);
    server_ = std::thread([this, lines = std::move(lines), listener = std::move(*listener)] {
      sys::Result<sys::UniqueFd> peer = sys::Accept(listener);
      while (!peer) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        peer = sys::Accept(listener);
      }
      std::array<char, 1000> buffer;
      while (asked_.find('\n') == std::string::npos) {
        const auto got = sys::ReadSome(*peer, buffer);
        if (got) asked_.append(buffer.data(), *got);
      }
      static_cast<void>(sys::SendAll(*peer, lines, "the test's socket"));
    });
  }

  // outpost-queue-runner, as a shell script.
  void WriteRunner(const std::string& script) const {
    const std::string path = directory_ + "/outpost-queue-runner";
    std::ofstream(path) << "#!/bin/sh\n" << script;
    chmod(path.c_str(), 0755);
  }

  std::string directory_;
  std::string asked_;
  std::thread server_;
};

}  // namespace outpost::admin
