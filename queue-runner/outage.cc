#include "queue-runner/outage.h"

#include <algorithm>
#include <array>

#include "lib/mail/date.h"
#include "lib/mail/explanation.h"
#include "lib/sys/text.h"

namespace outpost::queue_runner {
namespace {

using sys::Cat;

// The words of queue::Destination::circuit.
constexpr std::string_view kAccount = "open account";
constexpr std::string_view kPath = "open path";
constexpr std::string_view kOffline = "open offline";
constexpr std::string_view kTold = " told";

std::string Counted(int64_t number, std::string_view unit) {
  return Cat(number, " ", unit, number == 1 ? "" : "s");
}

std::string Messages(uint64_t count) { return count == 1 ? "1 message" : Cat(count, " messages"); }

}  // namespace

std::string FormatDuration(Microseconds time) {
  constexpr std::array<std::pair<int64_t, std::string_view>, 4> kUnits = {
      {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}}};
  const int64_t seconds = std::max<int64_t>(std::chrono::duration_cast<std::chrono::seconds>(time).count(), 0);
  for (size_t i = 0; i < kUnits.size(); ++i) {
    const auto [length, unit] = kUnits[i];
    if (seconds < length && i + 1 < kUnits.size()) continue;
    std::string whole = Counted(seconds / length, unit);
    if (i + 1 == kUnits.size()) return whole;
    const int64_t rest = seconds % length / kUnits[i + 1].first;
    return rest == 0 ? whole : Cat(whole, " ", Counted(rest, kUnits[i + 1].second));
  }
  return "";
}

void Outage::GoOn(const mail::Deferred& why, bool offline, Microseconds now,
                  const std::vector<std::string>& session) {
  if (!on_) {
    *this = {};
    on_ = true;
    offline_ = true;
    since_ = now;
  }
  offline_ = offline_ && offline;
  account_ = account_ || why.fault == mail::Fault::kAccount;
  // No network explains nothing of what was wrong before.
  if (offline && !offline_) return;
  reason_ = why;
  transcript_.clear();
  for (const auto& line : session) transcript_ += Cat(line, "\n");
}

std::optional<AdministratorNotice> Outage::TellOfBeginning(const std::string& relay, bool has_other_way,
                                                           Microseconds worth_telling, Microseconds now) {
  if (!on_ || told_ || offline_ || !has_other_way) return std::nullopt;
  if (!account_ && now - since_ < worth_telling) return std::nullopt;
  told_ = true;
  const mail::Explanation explanation = mail::Explain(reason_.status, reason_.why);
  AdministratorNotice notice;
  notice.notice_class = conf::NoticeClass::kResource;
  notice.subject = Cat("no mail can be sent through ", relay);
  notice.paragraphs = {
      Cat("Since ", mail::FormatDate(since_), " no mail can be sent through ", relay, ". ", explanation.sentence,
          explanation.remedy.empty() ? "" : " ", explanation.remedy),
      Cat("What happened, in the mailer's own words: ", reason_.why),
      "Nothing is lost and nothing is returned: the mail waits, and is tried again from time to time. "
      "When the cause is gone, `outpost flush` makes it leave at once. Another notice tells when mail "
      "is sent again."};
  notice.transcript = transcript_;
  return notice;
}

std::optional<AdministratorNotice> Outage::End(const std::string& relay, uint64_t waiting,
                                               Microseconds worth_telling, Microseconds now) {
  if (!on_) return std::nullopt;
  const Microseconds lasted = now - since_;
  bool worth = told_ || account_ || lasted >= worth_telling;
  if (offline_) worth = lasted >= kLongOffline && waiting > 0;
  on_ = false;
  if (!worth) return std::nullopt;
  const mail::Explanation explanation = mail::Explain(reason_.status, reason_.why);
  AdministratorNotice notice;
  notice.notice_class = conf::NoticeClass::kResource;
  notice.subject = Cat("mail is sent through ", relay, " again");
  notice.paragraphs = {
      Cat("From ", mail::FormatDate(since_), " to ", mail::FormatDate(now), " (", FormatDuration(lasted),
          ") no mail could be sent through ", relay, ". ", explanation.sentence),
      Cat("What happened, in the mailer's own words: ", reason_.why)};
  if (!explanation.remedy.empty()) {
    notice.paragraphs.push_back(Cat("Should it come again: ", explanation.remedy));
  }
  notice.paragraphs.push_back(waiting == 0
                                  ? "No mail waited for it."
                                  : Cat(Messages(waiting), " waited, and ", waiting == 1 ? "leaves" : "leave",
                                        " now. Nothing was returned for this reason."));
  if (!told_) notice.transcript = transcript_;
  return notice;
}

void Outage::Save(queue::Destination& remembered) const {
  if (!on_) return;
  remembered.circuit = Cat(account_ ? kAccount : offline_ ? kOffline : kPath, told_ ? kTold : "");
  remembered.since = since_;
  remembered.last_error = Cat(reason_.status.ToString(), " ", reason_.why);
}

Outage Outage::Restore(const queue::Destination& remembered) {
  Outage outage;
  std::string_view word = remembered.circuit;
  if (word.ends_with(kTold)) {
    outage.told_ = true;
    word.remove_suffix(kTold.size());
  }
  outage.account_ = word == kAccount;
  outage.offline_ = word == kOffline;
  outage.on_ = outage.account_ || outage.offline_ || word == kPath;
  if (!outage.on_) return {};
  outage.since_ = remembered.since;
  const std::string_view error = remembered.last_error;
  const size_t blank = std::min(error.find(' '), error.size());
  outage.reason_.why = error.substr(std::min(blank + 1, error.size()));
  outage.reason_.status =
      mail::EnhancedStatus::Parse(error.substr(0, blank)).value_or(mail::EnhancedStatus{4, 3, 0});
  outage.reason_.fault = outage.account_ ? mail::Fault::kAccount : mail::Fault::kPath;
  return outage;
}

}  // namespace outpost::queue_runner
