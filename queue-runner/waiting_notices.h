// What the administrator has still to be told, and when: the same text once an hour, with how often; no more than
// kMailsAnHour mails an hour to one address, and then all that waits in one. Bounded. Pure: times are the caller's,
// `now` by the monotonic clock.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "conf/notice_settings.h"
#include "lib/sys/clock.h"

namespace outpost::queue_runner {

using sys::Microseconds;

// Something that the administrator should know.
struct AdministratorNotice {
  conf::NoticeClass notice_class = conf::NoticeClass::kSoftware;
  std::string subject;                  // one line; "Outpost: " is put before it
  std::vector<std::string> paragraphs;  // the first says what happened, in plain words; they are wrapped later
  std::string transcript;               // shown as it is, at most kMaxTranscript bytes; may be empty
};

constexpr size_t kMaxTranscript = 16 * 1024;

struct WaitingNotice {
  AdministratorNotice notice;
  uint64_t times = 1;
  Microseconds first{};  // wall clock
  Microseconds last{};
};

class WaitingNotices {
 public:
  static constexpr size_t kMailsAnHour = 10;
  static constexpr size_t kMostWaiting = 100;  // different texts; what is more is counted
  static constexpr Microseconds kHour = std::chrono::hours(1);

  // `wall` is when it happened.
  void Add(AdministratorNotice notice, Microseconds wall, Microseconds now);

  struct Mail {
    std::string recipient;
    std::vector<WaitingNotice> notices;  // at least one
    uint64_t left_out = 0;               // there was no room to remember them
  };
  // What may go now. It is taken for told: put back what could not be stored.
  std::vector<Mail> Take(const conf::NoticeSettings& settings, Microseconds now);
  void PutBack(Mail mail);
  // When Take() would give something, if that is known; nothing when nothing waits.
  std::optional<Microseconds> NextTime(const conf::NoticeSettings& settings, Microseconds now) const;

  bool empty() const { return waiting_.empty(); }

 private:
  struct Waiting {
    WaitingNotice what;
    Microseconds not_before{};
  };
  void Forget(Microseconds now);
  Microseconds NotBefore(const Waiting& one, const conf::NoticeSettings& settings) const;

  std::vector<Waiting> waiting_;
  std::map<std::string, Microseconds> told_;               // text -> when, of the last hour
  std::map<std::string, std::deque<Microseconds>> mails_;  // recipient -> when, the same
  uint64_t left_out_ = 0;
};

}  // namespace outpost::queue_runner
