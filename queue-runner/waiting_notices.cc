#include "queue-runner/waiting_notices.h"

#include <algorithm>
#include <utility>

#include "lib/sys/text.h"

namespace outpost::queue_runner {
namespace {

// What makes two notices the same; a transcript differs by a time or a number.
std::string TextOf(const AdministratorNotice& notice) {
  std::string text = sys::Cat(conf::ToString(notice.notice_class), "\n", notice.subject);
  for (const auto& paragraph : notice.paragraphs) text += sys::Cat("\n", paragraph);
  return text;
}

}  // namespace

void WaitingNotices::Forget(Microseconds now) {
  std::erase_if(told_, [now](const auto& entry) { return entry.second + kHour <= now; });
  for (auto& [recipient, times] : mails_) {
    while (!times.empty() && times.front() + kHour <= now) times.pop_front();
  }
  std::erase_if(mails_, [](const auto& entry) { return entry.second.empty(); });
}

void WaitingNotices::Add(AdministratorNotice notice, Microseconds wall, Microseconds now) {
  Forget(now);
  const std::string text = TextOf(notice);
  const auto same =
      std::ranges::find_if(waiting_, [&](const Waiting& one) { return TextOf(one.what.notice) == text; });
  if (same != waiting_.end()) {
    ++same->what.times;
    same->what.last = wall;
    return;
  }
  if (waiting_.size() >= kMostWaiting) {
    ++left_out_;
    return;
  }
  const auto told = told_.find(text);
  const Microseconds not_before = told == told_.end() ? now : told->second + kHour;
  waiting_.push_back({{std::move(notice), 1, wall, wall}, not_before});
}

Microseconds WaitingNotices::NotBefore(const Waiting& one, const conf::NoticeSettings& settings) const {
  const auto mails = mails_.find(settings.RecipientOf(one.what.notice.notice_class));
  if (mails == mails_.end() || mails->second.size() < kMailsAnHour) return one.not_before;
  return std::max(one.not_before, mails->second.front() + kHour);
}

std::vector<WaitingNotices::Mail> WaitingNotices::Take(const conf::NoticeSettings& settings, Microseconds now) {
  Forget(now);
  std::map<std::string, Mail> by_recipient;
  std::vector<Waiting> kept;
  for (Waiting& one : waiting_) {
    if (NotBefore(one, settings) > now) {
      kept.push_back(std::move(one));
      continue;
    }
    Mail& mail = by_recipient[settings.RecipientOf(one.what.notice.notice_class)];
    if (told_.size() < kMostWaiting * kMailsAnHour) told_[TextOf(one.what.notice)] = now;
    mail.notices.push_back(std::move(one.what));
  }
  waiting_ = std::move(kept);
  std::vector<Mail> mails;
  for (auto& [recipient, mail] : by_recipient) {
    mails_[recipient].push_back(now);
    mail.recipient = recipient;
    mail.left_out = std::exchange(left_out_, 0);
    mails.push_back(std::move(mail));
  }
  return mails;
}

void WaitingNotices::PutBack(Mail mail) {
  left_out_ += mail.left_out;
  const auto mails = mails_.find(mail.recipient);
  if (mails != mails_.end() && !mails->second.empty()) mails->second.pop_back();
  for (auto& what : mail.notices) {
    told_.erase(TextOf(what.notice));
    waiting_.push_back({std::move(what), {}});
  }
}

std::optional<Microseconds> WaitingNotices::NextTime(const conf::NoticeSettings& settings, Microseconds now) const {
  std::optional<Microseconds> next;
  for (const Waiting& one : waiting_) {
    const Microseconds time = std::max(NotBefore(one, settings), now);
    if (!next || time < *next) next = time;
  }
  return next;
}

}  // namespace outpost::queue_runner
