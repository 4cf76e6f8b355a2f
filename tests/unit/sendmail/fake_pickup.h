// A pickup on public/submit that does, connection by connection, what a test has written down.
#pragma once

#include <chrono>
#include <mutex>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "lib/spool/record.h"
#include "lib/sys/file.h"
#include "lib/sys/socket.h"
#include "lib/sys/text.h"
#include "tests/support/record.h"

namespace outpost::sendmail {

class FakePickup {
 public:
  struct Turn {
    std::string answer;        // "queued" stands for the answer with the record's own id; "" hangs up
    bool read_record = true;   // before that
    bool stay_silent = false;  // keeps the connection, says nothing
  };

  FakePickup(const std::string& path, std::vector<Turn> turns) : turns_(std::move(turns)) {
    auto listener = sys::ListenUnix(path, 0666);
    EXPECT_TRUE(listener);
    listener_ = std::move(*listener);
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    wake_read_ = sys::UniqueFd(ends[0]);
    wake_write_ = sys::UniqueFd(ends[1]);
    thread_ = std::thread([this] { Run(); });
  }
  ~FakePickup() { Stop(); }

  // The records that have come, in order; ends the server.
  std::vector<std::string> Records() {
    Stop();
    return records_;
  }

 private:
  void Stop() {
    wake_write_.reset();
    if (thread_.joinable()) thread_.join();
  }

  bool Await(sys::FdView fd) {
    pollfd waiting[] = {{fd.get(), POLLIN, 0}, {wake_read_.get(), POLLIN, 0}};
    return poll(waiting, 2, -1) > 0 && waiting[1].revents == 0;
  }

  std::string ReadRecord(sys::FdView socket) {
    std::string record;
    while (Await(socket)) {
      char buffer[65536];
      const auto count = sys::ReadSome(socket, buffer);
      if (!count || *count == 0) break;
      record.append(buffer, *count);
      const auto end = tests::HeadLength(record);
      if (!end) continue;
      const auto head = spool::ParseHead(std::string_view(record).substr(0, *end));
      if (!head || record.size() >= *end + head->size_bytes) break;
    }
    return record;
  }

  void Run() {
    for (const Turn& turn : turns_) {
      if (!Await(listener_)) return;
      auto socket = sys::Accept(listener_);
      if (!socket) return;
      std::string record = turn.read_record ? ReadRecord(*socket) : "";
      std::string answer = turn.answer;
      if (answer == "queued") {
        answer = sys::Cat("queued ", record.substr(spool::kFirstLinePrefix.size(), mail::QueueId::kLength), "\n");
      }
      records_.push_back(std::move(record));
      if (!answer.empty()) (void)sys::SendAll(*socket, answer, "answer");
      if (turn.stay_silent) kept_.push_back(std::move(*socket));
    }
  }

  std::vector<Turn> turns_;
  sys::UniqueFd listener_;
  sys::UniqueFd wake_read_;
  sys::UniqueFd wake_write_;
  std::vector<std::string> records_;
  std::vector<sys::UniqueFd> kept_;
  std::thread thread_;
};

}  // namespace outpost::sendmail
