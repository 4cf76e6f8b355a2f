#include "queue-runner/reports.h"

#include <algorithm>
#include <cerrno>
#include <unistd.h>

#include "lib/sys/clock.h"
#include "lib/sys/text.h"

namespace outpost::queue_runner {
namespace {

using queue::ReportKind;
using sys::Cat;

constexpr size_t kMostReaders = 1000;
constexpr size_t kMostJoined = 10000;
constexpr size_t kJoinedPage = 600;  // recipients read for one notice
constexpr Microseconds kRetry = std::chrono::seconds(5);

bool IsCopy(ReportKind kind) { return kind == ReportKind::kFailedCopy || kind == ReportKind::kDelayedCopy; }

// Postfix's words for the log.
std::string LineOf(std::string_view id, ReportKind kind, bool for_administrator, const mail::QueueId& notice) {
  std::string_view what = "non-delivery notification";
  if (kind == ReportKind::kDelayed || kind == ReportKind::kDelayedCopy) what = "delay notification";
  if (kind == ReportKind::kRelayed) what = "delivery status notification";
  return Cat(id, ": ", for_administrator ? "postmaster " : "sender ", what, ": ", notice.text());
}

ReportedMessage Reported(const queue::QueuedMessage& message, std::span<const RecipientReport> reports) {
  return {message.id.text(),
          message.envelope.sender,
          message.arrival,
          message.envelope.envelope_id,
          {reports.begin(), reports.end()}};
}

// Recipients of one message that follow each other become one ReportedMessage.
std::vector<ReportedMessage> Group(const std::vector<queue::Untold>& untold,
                                   std::span<const RecipientReport> reports) {
  std::vector<ReportedMessage> messages;
  for (size_t i = 0; i < reports.size(); ++i) {
    const queue::Untold& one = untold[i];
    if (messages.empty() || messages.back().id != one.id) {
      messages.push_back({one.id, one.sender, one.arrival, one.envelope_id, {}});
    }
    messages.back().recipients.push_back(reports[i]);
  }
  return messages;
}

}  // namespace

void Reports::Start() {
  auto untold = context_.queue.SummarizeUntold(kMostJoined);
  if (!untold) return context_.log.Error(untold.error().text());
  const Microseconds wall = sys::WallClock();
  const Microseconds now = sys::MonotonicClock();
  for (const auto& one : *untold) {
    const Microseconds left = std::clamp(one.oldest + kHour - wall, Microseconds::zero(), kHour);
    joined_[{one.reader, one.kind}] = {one.count, now + left};
  }
  Arm();
}

bool Reports::HasSender(const queue::QueuedMessage& message) const {
  const std::string& sender = message.envelope.sender;
  return !sender.empty() && message.origin != queue::Origin::kBounce &&
         !sys::EqualsIgnoringCase(sender, context_.policy.notices.double_bounce_sender);
}

// --- now or later

void Reports::ForgetReaders(Microseconds now) {
  std::erase_if(readers_, [now](const auto& entry) { return entry.second.since + kHour <= now; });
  if (readers_.size() >= kMostReaders) readers_.erase(readers_.begin());
}

// Counted when it is asked for: a batch that is applied twice counts twice, which tells a little later.
bool Reports::MayTellNow(const std::string& reader, const mail::QueueId& message) {
  const Microseconds now = sys::MonotonicClock();
  if (readers_.size() >= kMostReaders && !readers_.contains(reader)) ForgetReaders(now);
  Reader& one = readers_.try_emplace(reader, Reader{now, 0, {}}).first->second;
  if (one.since + kHour <= now) one = {now, 0, {}};
  if (one.told > 0 && one.last == message) return true;
  if (one.told >= kAnHour) return false;
  ++one.told;
  one.last = message;
  return true;
}

sys::Result<void> Reports::Keep(const std::string& reader, ReportKind kind, const queue::QueuedMessage& message,
                                std::span<const RecipientReport> reports) {
  const Microseconds now = sys::MonotonicClock();
  for (const auto& report : reports) {
    queue::Untold untold;
    untold.reader = reader;
    untold.kind = kind;
    untold.since = sys::WallClock();
    untold.id = message.id.text();
    untold.sender = message.envelope.sender;
    untold.arrival = message.arrival;
    untold.envelope_id = message.envelope.envelope_id;
    untold.recipient = report.recipient;
    untold.status = report.status;
    untold.text = report.text;
    untold.relay = report.relay;
    untold.expired = report.expired;
    if (auto kept = context_.queue.KeepUntold(untold); !kept) return kept;
  }
  const auto reader_of = readers_.find(reader);
  const Microseconds since = reader_of == readers_.end() ? now : reader_of->second.since;
  Joined& joined = joined_.try_emplace({reader, kind}, Joined{0, since + kHour}).first->second;
  joined.count += reports.size();
  if (joined.count >= kTellAtOnce) joined.due = now;
  context_.ask_for_round();
  return {};
}

// --- who is told

sys::Result<void> Reports::Tell(const queue::QueuedMessage& message, ReportKind kind,
                                std::span<const RecipientReport> reports, Told& told) {
  if (!HasSender(message)) return {};
  std::vector<RecipientReport> wanted;
  std::ranges::copy_if(reports, std::back_inserter(wanted), [&](const RecipientReport& one) {
    return kind == ReportKind::kRelayed || WantsReport(one.recipient, kind);
  });
  if (wanted.empty()) return {};
  if (auto done = TellReader(message.envelope.sender, kind, message, wanted, told); !done) return done;
  const conf::NoticeSettings& notices = context_.policy.notices;
  if (kind == ReportKind::kFailed && notices.Wants(conf::NoticeClass::kBounce)) {
    return TellReader(notices.bounce_notice_recipient, ReportKind::kFailedCopy, message, wanted, told);
  }
  if (kind == ReportKind::kDelayed && notices.Wants(conf::NoticeClass::kDelay)) {
    return TellReader(notices.delay_notice_recipient, ReportKind::kDelayedCopy, message, wanted, told);
  }
  return {};
}

sys::Result<void> Reports::TellReader(const std::string& reader, ReportKind kind,
                                      const queue::QueuedMessage& message, std::span<const RecipientReport> reports,
                                      Told& told) {
  if (!MayTellNow(reader, message.id)) return Keep(reader, kind, message, reports);
  ReportRequest request;
  request.kind = kind;
  return StoreAll(reader, std::move(request), message, reports, told);
}

sys::Result<bool> Reports::TellDoubleBounce(const queue::QueuedMessage& message,
                                            std::span<const RecipientReport> reports, Told& told) {
  const conf::NoticeSettings& notices = context_.policy.notices;
  const bool may = message.envelope.sender.empty() && notices.Wants(conf::NoticeClass::kDoubleBounce) &&
                   MayTellNow(notices.double_bounce_notice_recipient, message.id);
  if (!may) return false;
  ReportRequest request;
  request.is_double_bounce = true;
  auto stored = StoreAll(notices.double_bounce_notice_recipient, std::move(request), message, reports, told);
  if (!stored) return stored.error();
  return true;
}

// --- the notices

Microseconds Reports::RetryUntil(const queue::QueuedMessage& message) const {
  const Microseconds age = context_.queue.waiting_clock() - message.waiting_since;
  return sys::WallClock() +
         std::max<Microseconds>(context_.policy.schedule.maximal_queue_lifetime - age, Microseconds::zero());
}

// Nothing of a message that is not all there: a notice that cannot be made would be tried for ever.
sys::Result<Quotation> Reports::Quote(const queue::QueuedMessage& message, const ReportRequest& request) const {
  auto quotation = ChooseQuotation(message, request);
  if (!quotation) return quotation;
  const auto readable = context_.queue.VisitContent(message.key, quotation->bytes,
                                                    [](std::string_view) { return sys::Result<void>(); });
  if (readable) return quotation;
  if (readable.error().code() != EBADMSG) return readable.error();
  quotation->bytes = 0;
  return quotation;
}

// All of a message that is no larger than bounce_size_limit, unless RET=HDRS was asked for; else its header, up to the
// limit and a line's end.
sys::Result<Quotation> Reports::ChooseQuotation(const queue::QueuedMessage& message,
                                                const ReportRequest& request) const {
  const uint64_t limit = context_.policy.notices.bounce_size_limit;
  const bool header_alone = message.envelope.ret == mail::ReturnContent::kHeaders || IsCopy(request.kind) ||
                            request.kind != ReportKind::kFailed;
  Quotation quotation;
  quotation.eight_bit = message.envelope.body == mail::BodyType::k8BitMime || message.envelope.smtputf8;
  quotation.whole = !header_alone && message.content_bytes <= limit;
  if (quotation.whole) {
    quotation.bytes = message.content_bytes;
    return quotation;
  }
  quotation.bytes = std::min(message.header_bytes, limit);
  if (quotation.bytes == message.header_bytes) return quotation;
  const auto head = context_.queue.ContentHead(message.key, static_cast<size_t>(quotation.bytes));
  if (!head) return head.error();
  quotation.bytes = head->rfind('\n') + 1;
  return quotation;
}

sys::Result<void> Reports::StoreAll(const std::string& reader, ReportRequest request,
                                    const queue::QueuedMessage& message, std::span<const RecipientReport> reports,
                                    Told& told) {
  const auto quotation = Quote(message, request);
  if (!quotation) return quotation.error();
  request.quotation = *quotation;
  if (request.kind == ReportKind::kDelayed || request.kind == ReportKind::kDelayedCopy) {
    request.will_retry_until = RetryUntil(message);
  }
  while (!reports.empty()) {
    const size_t count = CountForOneNotice(reports);
    request.messages = {Reported(message, reports.first(count))};
    auto notice = Store(reader, request, &message, told);
    if (!notice) return notice.error();
    const bool administrator = IsCopy(request.kind) || request.is_double_bounce;
    told.lines.push_back(LineOf(message.id.text(), request.kind, administrator, *notice));
    reports = reports.subspan(count);
  }
  return {};
}

sys::Result<mail::QueueId> Reports::Store(const std::string& reader, const ReportRequest& request,
                                          const queue::QueuedMessage* quoted, Told& told) {
  SystemMail mail;
  mail.now = sys::WallClock();
  mail.id = MakeId(mail.now);
  mail.recipient = reader;
  mail.uid = quoted != nullptr && !IsCopy(request.kind) ? quoted->uid : getuid();
  SystemMailText text = FormatReport(request, context_.policy, mail);
  if (quoted != nullptr) text.quoted = quoted->key;
  auto route = StoreSystemMail(context_, mail, text);
  if (!route) return route.error();
  told.routes.push_back(std::move(*route));
  return mail.id;
}

// --- joined

void Reports::Contribute() {
  if (joined_.empty() || context_.batch.in_trouble()) return;
  const Microseconds now = sys::MonotonicClock();
  for (const auto& [key, joined] : joined_) {
    if (joined.due <= now) ContributeJoined(key);
  }
  Arm();
}

void Reports::ContributeJoined(const JoinKey& key) {
  const auto told = std::make_shared<Told>();
  const auto count = std::make_shared<uint64_t>(0);
  Batch::Change change;
  change.apply = [this, key, told, count]() -> sys::Result<void> {
    *told = {};
    auto stored = StoreJoined(key, *told);
    if (!stored) return stored.error();
    *count = *stored;
    return {};
  };
  change.committed = [this, key, told, count] {
    for (const auto& line : told->lines) context_.log.WriteAs("bounce", sys::LogLevel::kInfo, line);
    for (const auto& route : told->routes) due_now_(route);
    Joined& joined = joined_[key];
    joined.count -= std::min(joined.count, *count);
    if (*count == 0 || joined.count == 0) joined_.erase(key);
    context_.ask_for_round();
  };
  change.failed = [this, key](const sys::Error&) {
    joined_[key].due = sys::MonotonicClock() + kRetry;
    Arm();
  };
  context_.batch.Add(std::move(change));
}

// One notice of as many as it holds; how many that were, 0 when there is nothing more.
sys::Result<uint64_t> Reports::StoreJoined(const JoinKey& key, Told& told) {
  const auto untold = context_.queue.ReadUntold(key.first, key.second, kJoinedPage);
  if (!untold) return untold.error();
  if (untold->empty()) return uint64_t{0};
  std::vector<RecipientReport> reports;
  for (const auto& one : *untold) {
    reports.push_back({0, one.recipient, one.status, one.text, one.relay, one.expired});
  }
  const size_t count = CountForOneNotice(reports);
  reports.resize(count);
  ReportRequest request;
  request.kind = key.second;
  request.messages = Group(*untold, reports);
  auto notice = Store(key.first, request, nullptr, told);
  if (!notice) return notice.error();
  for (const auto& message : request.messages) {
    told.lines.push_back(LineOf(message.id, key.second, IsCopy(key.second), *notice));
  }
  if (auto erased = context_.queue.EraseUntold(key.first, key.second, (*untold)[count - 1].key); !erased) {
    return erased.error();
  }
  return uint64_t{count};
}

void Reports::Arm() {
  context_.loop.Cancel(timer_);
  if (joined_.empty()) return;
  const auto first = std::ranges::min_element(joined_, {}, [](const auto& entry) { return entry.second.due; });
  const Microseconds wait = std::max<Microseconds>(first->second.due - sys::MonotonicClock(), Microseconds::zero());
  timer_ = context_.loop.After(wait, [] {});  // a round
}

}  // namespace outpost::queue_runner
