// What the parts of queue-runner share, without a runner: a queue of its own, and rounds that the test makes.
#pragma once

#include <optional>

#include <gtest/gtest.h>

#include "lib/sys/file.h"
#include "queue-runner/context.h"
#include "tests/support/temporary_directory.h"

namespace outpost::queue_runner {

class PartsTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(sys::MakeDirectories(paths_.Temporary(), 0700));
    policy_.routing.relayhost = "relay.one";
    policy_.routing.default_transport = "smtp";
    policy_.myhostname = "host.test";
    policy_.mail_name = "Outpost";
    lock_ = std::move(*queue::QueueLock::TryTake(paths_));
    queue_.emplace(std::move(*queue::Queue::Open(paths_, *lock_)));
    batch_.emplace(*queue_, log_);
    loop_.emplace(std::move(*sys::EventLoop::Make()));
    spawner_.emplace(std::move(*Spawner::Start({})));
    scratch_ = std::move(*sys::OpenDirectory(paths_.Temporary()));
    context_.emplace(
        Context{policy_, log_, *loop_, *queue_, *batch_, active_, *spawner_, scratch_, scratch_, [] {}});
  }

  tests::TemporaryDirectory directory_;
  spool::SpoolPaths paths_{directory_.path()};
  Policy policy_;
  sys::Log log_ = sys::Log::ToDescriptor(sys::UniqueFd(), "outpost", "qmgr");
  ActiveMessages active_;
  std::optional<queue::QueueLock> lock_;
  std::optional<queue::Queue> queue_;
  std::optional<Batch> batch_;
  std::optional<sys::EventLoop> loop_;
  std::optional<Spawner> spawner_;
  sys::UniqueFd scratch_;
  std::optional<Context> context_;
};

}  // namespace outpost::queue_runner
