// `outpost flush --to` and `--id`: what waits for a domain, or of one message, is due now by today's routes, and the
// destinations that it goes to are tried at once. Nothing else is touched.
//
// No index knows domains: the queue is walked over, a step at each turn of the event loop, so that its depth stalls
// nobody. The walk ends with whoever makes the steps: a person who goes away leaves the rest as it was.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lib/ipc/control.h"
#include "queue-runner/context.h"
#include "queue-runner/dispatch.h"

namespace outpost::queue_runner {

class PartialFlush : public std::enable_shared_from_this<PartialFlush> {
 public:
  // `request` has an id or a domain.
  PartialFlush(Context& context, Dispatch& dispatch, ipc::Request request);
  // Bounded work, and a change of the round's batch. The answer when all is on stable storage; nothing: call again.
  std::optional<ipc::Done> Step();

 private:
  std::optional<ipc::Done> Begin();
  std::optional<ipc::Done> Walk();
  bool IsMeant(const queue::QueuedRecipient& recipient) const;
  void MakeDue(std::vector<queue::QueuedRecipient> recipients);
  void Try(const queue::Route& route);

  Context& context_;
  Dispatch& dispatch_;
  ipc::Request request_;
  std::optional<queue::WalkPlace> next_;
  queue::MessageKey last_ = INT64_MAX;
  bool begun_ = false;
  bool found_ = false;
  bool committing_ = false;
  std::string failure_;
  std::set<std::pair<std::string, std::string>> tried_;  // transport, next hop
};

}  // namespace outpost::queue_runner
