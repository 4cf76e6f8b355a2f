// Every path under the queue directory, made here alone; docs/queue.md has the tree.
#pragma once

#include <string>
#include <utility>

#include "lib/mail/queue_id.h"

namespace outpost::spool {

class SpoolPaths {
 public:
  explicit SpoolPaths(std::string queue_directory) : root_(std::move(queue_directory)) {}

  const std::string& root() const { return root_; }
  std::string Maildrop() const { return root_ + "/maildrop"; }  // outpost:outdrop 1770
  std::string MaildropFile(const mail::QueueId& id) const { return Maildrop() + "/" + id.text(); }
  std::string Public() const { return root_ + "/public"; }  // the sockets, 0755
  std::string SubmitSocket() const { return Public() + "/submit"; }
  std::string ControlSocket() const { return Public() + "/control"; }
  std::string Private() const { return root_ + "/private"; }  // all below: outpost alone, 0700
  std::string QueueDatabase() const { return Private() + "/queue.db"; }
  std::string RunnerLock() const { return Private() + "/runner.lock"; }  // held by the one queue-runner
  std::string AgentsLock() const { return Private() + "/agents.lock"; }  // shared by delivery programs
  std::string Temporary() const { return Private() + "/tmp"; }           // large content on its way; swept at start
  std::string Corrupt() const { return root_ + "/corrupt"; }             // what could not be read, 0700

 private:
  std::string root_;
};

}  // namespace outpost::spool
