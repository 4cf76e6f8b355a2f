#include "queue-runner/control.h"

#include <algorithm>
#include <sysexits.h>
#include <unistd.h>
#include <utility>

#include "lib/sys/clock.h"
#include "lib/sys/text.h"

namespace outpost::queue_runner {
namespace {

constexpr size_t kClients = 64;
constexpr size_t kClientsAUser = 16;
constexpr size_t kPage = 50;
constexpr Microseconds kPause = std::chrono::milliseconds(100);

bool IsOrder(ipc::Request::Verb verb) {
  using Verb = ipc::Request::Verb;
  return verb == Verb::kFlush || verb == Verb::kReload || verb == Verb::kStop;
}

bool IsInCharge(const sys::Credentials& peer) { return peer.uid == 0 || peer.uid == geteuid(); }

ControlClient::Producer Only(std::string text) {
  return [text = std::move(text)](std::string& out) {
    out += text;
    return false;
  };
}

ControlClient::Producer Refusal(std::string why, int exit_code) {
  return Only(ipc::Done{std::move(why), exit_code}.Encode());
}

}  // namespace

Control::Control(Context& context, sys::FdView socket, Listener listener)
    : context_(context), socket_(socket), listener_(std::move(listener)) {
  client_listener_ = {
      [this](const ipc::Request& request, const sys::Credentials& peer) { return Answer(request, peer); },
      [this](ControlClient&) { context_.ask_for_round(); }};
}

Control::~Control() { Stop(); }

sys::Result<void> Control::Start() {
  auto watch = context_.loop.Watch(socket_, [this] { OnConnection(); });
  if (!watch) return watch.error();
  watch_ = *watch;
  return {};
}

void Control::Stop() {
  if (watch_ != 0) context_.loop.Unwatch(std::exchange(watch_, 0));
  context_.loop.Cancel(std::exchange(pause_, 0));
}

void Control::Sweep() {
  std::erase_if(clients_, [](const auto& client) { return client->has_ended(); });
}

void Control::OnConnection() {
  auto socket = sys::Accept(socket_);
  if (socket) return Admit(std::move(*socket));
  if (socket.error().code() == EAGAIN || socket.error().code() == ECONNABORTED) return;
  // No descriptors left, or the like: the connection stays in the backlog for a moment.
  context_.loop.Unwatch(std::exchange(watch_, 0));
  pause_ = context_.loop.After(kPause, [this] {
    if (!Start()) context_.log.Error("cannot watch public/control");
  });
}

void Control::Admit(sys::UniqueFd socket) {
  const auto peer = sys::PeerCredentials(socket);
  if (!peer) return;
  const auto same = std::ranges::count_if(clients_, [&](const auto& one) { return one->uid() == peer->uid; });
  // Root and the owner always find a place: others cannot lock them out.
  const bool full = clients_.size() >= kClients || static_cast<size_t>(same) >= kClientsAUser;
  if (full && !IsInCharge(*peer)) {
    const ipc::Done refusal{"too many ask at once; try again in a moment", EX_TEMPFAIL};
    (void)sys::SendAll(socket, refusal.Encode(), "public/control");
    return;
  }
  auto client = std::make_unique<ControlClient>(context_.loop, std::move(socket), *peer, client_listener_);
  if (client->Start()) clients_.push_back(std::move(client));
}

ControlClient::Producer Control::Answer(const ipc::Request& request, const sys::Credentials& peer) {
  using Verb = ipc::Request::Verb;
  if (IsOrder(request.verb) && !IsInCharge(peer)) {
    return Refusal("only root and the mail owner may do that", EX_NOPERM);
  }
  switch (request.verb) {
    case Verb::kStatus:
      return Only(listener_.status().Encode() + ipc::Done{}.Encode());
    case Verb::kList:
      return List(peer);
    case Verb::kTrace:
      return Trace(request, peer);
    case Verb::kFlush:
      return Flush(request);
    case Verb::kReload:
      return Only(listener_.reload().Encode());
    case Verb::kStop:
      return Only(listener_.stop().Encode());
  }
  return nullptr;
}

ControlClient::Producer Control::Flush(const ipc::Request& request) {
  if (request.id.empty() && request.domain.empty()) return Only(listener_.flush().Encode());
  return [step = listener_.flush_some(request)](std::string& out) {
    const auto done = step();
    if (done) out += done->Encode();
    return !done;
  };
}

ControlClient::Producer Control::List(const sys::Credentials& peer) {
  return [this, peer, after = queue::MessageKey{0}](std::string& out) mutable {
    auto page = context_.queue.List(after, kPage, ipc::kListedRecipients);
    if (!page) {
      out += ipc::Done{page.error().text(), EX_IOERR}.Encode();
      return false;
    }
    for (const auto& listed : *page) {
      after = listed.message.key;
      if (IsInCharge(peer) || listed.message.uid == peer.uid) out += Describe(listed).Encode();
    }
    if (page->size() == kPage) return true;
    out += ipc::Done{}.Encode();
    return false;
  };
}

ipc::ListedMessage Control::Describe(const queue::Listed& listed) const {
  ipc::ListedMessage message;
  message.id = listed.message.id.text();
  message.sender = listed.message.envelope.sender;
  message.size = listed.message.content_bytes;
  message.arrival_us = listed.message.arrival.count();
  message.uid = listed.message.uid;
  message.state = queue::Summarize(listed, sys::WallClock());
  message.recipients_total = listed.unfinished;
  bool all_stopped = !listed.recipients.empty();
  for (const auto& recipient : listed.recipients) {
    ipc::ListedRecipient shown{recipient.recipient.address, std::string(queue::ToString(recipient.state)),
                               recipient.last_text, recipient.next_attempt.count()};
    // Behind an open circuit no recipient is tried: its reason is theirs.
    const bool waits =
        recipient.state == queue::RecipientState::kQueued || recipient.state == queue::RecipientState::kInDoubt;
    const Waiting stopped = waits ? listener_.why_waiting(recipient.route) : Waiting{};
    const bool is_due = recipient.next_attempt <= sys::WallClock();
    if (!stopped.why.empty() && (!stopped.is_slowed || is_due)) {
      shown.reason = stopped.why;
      shown.next_attempt_us = std::max(shown.next_attempt_us, stopped.until.count());
    }
    all_stopped = all_stopped && !stopped.why.empty() && !stopped.is_slowed;
    message.recipients.push_back(std::move(shown));
  }
  if (all_stopped && message.state == "active") message.state = "deferred";
  return message;
}

ControlClient::Producer Control::Trace(const ipc::Request& request, const sys::Credentials& peer) {
  const auto unknown = [&] { return Refusal(sys::Cat(request.id, ": no such message"), EX_DATAERR); };
  const auto id = mail::QueueId::Parse(request.id);
  if (!id) return unknown();
  const auto submitter = context_.queue.Submitter(*id);
  // Others' messages look as if they were not there.
  if (!submitter || !*submitter || (!IsInCharge(peer) && **submitter != peer.uid)) return unknown();
  const auto events = context_.queue.Trace(*id);
  if (!events) return Refusal(events.error().text(), EX_IOERR);
  if (events->empty()) return unknown();
  std::string text;
  for (const auto& event : *events) {
    text += ipc::TraceLine{event.first.count(), event.last.count(), event.count, event.kind,
                           event.recipient,     event.text,         event.relay}
                .Encode();
  }
  return Only(text + ipc::Done{}.Encode());
}

}  // namespace outpost::queue_runner
