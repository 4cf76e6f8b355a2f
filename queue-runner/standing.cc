#include "queue-runner/standing.h"

#include "lib/mail/date.h"
#include "lib/mail/explanation.h"
#include "lib/sys/clock.h"
#include "lib/sys/text.h"

namespace outpost::queue_runner {
namespace {

using sys::Cat;

constexpr std::string_view kSenderKey = "from ";  // and the address: queue::Destination::account of a held sender
constexpr std::string_view kHeld = "held";        // its circuit
constexpr std::string_view kCertificateGood = "verified";

AdministratorNotice SenderNotice(const std::string& relay, const std::string& sender, const mail::Deferred& why) {
  const mail::Explanation explanation = mail::Explain(why.status, why.why);
  AdministratorNotice notice;
  notice.notice_class = conf::NoticeClass::kResource;
  notice.subject = Cat("mail from ", sender.empty() ? "<>" : sender, " is not taken by ", relay);
  notice.paragraphs = {
      Cat("Mail from <", sender, "> waits, because ", relay, " does not take it from this sender. ",
          explanation.sentence, explanation.remedy.empty() ? "" : " ", explanation.remedy),
      Cat("What happened, in the mailer's own words: ", why.why),
      "Nothing is lost and nothing is returned, and all other mail goes on. This sender's mail is tried again from "
      "time to time; `outpost flush` tries it at once. You are told of this once."};
  return notice;
}

}  // namespace

void Standing::Resume(const queue::Destination& remembered) {
  outage_ = Outage::Restore(remembered);
  verified_on_ = remembered.certificate;
}

// --- the outage

void Standing::OnStopped(const mail::Deferred& why, bool offline, bool amid_mail,
                         const std::vector<std::string>& session) {
  const bool was_on = outage_.is_on();
  const bool was_accounts = outage_.was_accounts();
  amid_mail_ = amid_mail_ || amid_mail;
  const Microseconds now = sys::WallClock();
  outage_.GoOn(why, offline, now, session);
  auto notice =
      outage_.TellOfBeginning(route_.next_hop, HasOtherWay(), context_.policy.schedule.minimal_backoff_time, now);
  if (!IsWorthTelling()) notice.reset();
  if (notice) context_.tell_administrator(*notice);
  if (!was_on || was_accounts != outage_.was_accounts() || notice) Remember();
}

void Standing::OnConnected(const ipc::Connected& facts) {
  if (facts.certificate == kCertificateGood && verified_on_ != NetworkNow()) {
    verified_on_ = NetworkNow();
    Remember();
  }
  if (outage_.is_on() && !amid_mail_) End();
}

void Standing::OnDelivery() {
  if (outage_.is_on()) End();
}

bool Standing::IsAgeless(const queue::QueuedMessage& message) const {
  if (outage_.was_accounts() || Holds(message.envelope.sender)) return true;
  if (message.waiting_since >= mended_) return false;
  return context_.queue.waiting_clock() - mended_ < context_.policy.schedule.maximal_queue_lifetime;
}

void Standing::End() {
  amid_mail_ = false;
  if (outage_.was_accounts()) mended_ = context_.queue.waiting_clock();
  const auto counts = context_.queue.Count();
  const bool worth_telling = IsWorthTelling();
  const auto notice = outage_.End(route_.next_hop, counts ? counts->messages : 0,
                                  context_.policy.schedule.minimal_backoff_time, sys::WallClock());
  if (notice && worth_telling) context_.tell_administrator(*notice);
  context_.log.Info(Cat(route_.next_hop, ": takes mail again"));
  Remember();
}

// One of many domains is nobody's relay: its trouble is its mail's.
bool Standing::IsWorthTelling() const {
  return outage_.was_accounts() || !GoesToRecipientsDomains(context_.policy.routing);
}

bool Standing::MayReturnAged() const {
  if (outage_.was_accounts() || HoldsSenders()) return false;
  return mended_ == Microseconds(INT64_MIN) ||
         context_.queue.waiting_clock() - mended_ >= context_.policy.schedule.maximal_queue_lifetime;
}

// The notice would not wait for this relay.
bool Standing::HasOtherWay() const {
  const std::string& recipient = context_.policy.notices.RecipientOf(conf::NoticeClass::kResource);
  return Resolve(recipient, context_.policy.routing) != route_;
}

void Standing::Remember() {
  queue::Destination remembered;
  remembered.next_hop = route_.next_hop;
  remembered.certificate = verified_on_;
  remembered.since = sys::WallClock();
  outage_.Save(remembered);
  Save(std::move(remembered));
}

void Standing::Save(queue::Destination remembered) {
  Batch::Change change;
  change.apply = [&queue = context_.queue, remembered = std::move(remembered)] {
    const bool is_nothing = remembered.circuit.empty() && remembered.certificate.empty();
    if (is_nothing) return queue.ForgetDestination(remembered.next_hop, remembered.account);
    return queue.SaveDestination(remembered);
  };
  change.committed = [] {};
  change.failed = [](const sys::Error&) {};
  context_.batch.Add(std::move(change));
}

// --- senders

std::optional<SenderHolds::Hold> Standing::HoldOf(const std::string& sender) {
  const ScheduleRules& rules = context_.policy.schedule;
  return senders_.MayGo(sender, rules.minimal_backoff_time, rules.maximal_backoff_time, sys::WallClock());
}

void Standing::OnSenderRefused(const queue::QueuedMessage& message, const mail::Deferred& why) {
  const ScheduleRules& rules = context_.policy.schedule;
  const std::string& sender = message.envelope.sender;
  const bool is_new =
      senders_.OnRefused(sender, why, rules.minimal_backoff_time, rules.maximal_backoff_time, sys::WallClock());
  if (!is_new) return;
  const auto known = context_.queue.FindDestination(route_.next_hop, Cat(kSenderKey, sender));
  const bool told_before = known && *known;  // by a runner before this one
  context_.log.Warning(Cat(route_.next_hop, ": mail from <", sender, "> waits: ", why.why, ". ",
                           mail::Explain(why.status, why.why).remedy));
  RememberSender(sender, &why);
  // What the mailer itself says is not told of: the telling would be refused as well.
  if (message.origin == queue::Origin::kSubmission && !told_before)
    context_.tell_administrator(SenderNotice(route_.next_hop, sender, why));
}

void Standing::OnSenderTaken(const std::string& sender) {
  if (!senders_.OnTaken(sender)) return;
  mended_ = context_.queue.waiting_clock();
  context_.log.Info(Cat(route_.next_hop, ": takes mail from <", sender, "> again"));
  RememberSender(sender, nullptr);
}

void Standing::RememberSender(const std::string& sender, const mail::Deferred* why) {
  queue::Destination remembered;
  remembered.next_hop = route_.next_hop;
  remembered.account = Cat(kSenderKey, sender);
  if (why != nullptr) {
    remembered.circuit = kHeld;
    remembered.since = sys::WallClock();
    remembered.last_error = why->why;
  }
  Save(std::move(remembered));
}

// --- the certificate

std::string Standing::NetworkNow() const {
  return context_.network == nullptr ? "one" : Cat(context_.network->ways().digest);
}

bool Standing::IsVerifiedElsewhere() const { return !verified_on_.empty() && verified_on_ != NetworkNow(); }

}  // namespace outpost::queue_runner
