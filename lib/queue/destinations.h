// What is remembered of destinations.
#pragma once

#include "lib/queue/queue.h"
#include "lib/queue/statement.h"

namespace outpost::queue {

class Destinations {
 public:
  explicit Destinations(Connection& connection);

  // As in Queue. What cannot be true is not remembered: the destination begins anew.
  Result<std::optional<Destination>> Find(std::string_view next_hop, std::string_view account);
  Result<void> Save(const Destination& destination);
  Result<void> Forget(std::string_view next_hop, std::string_view account);
  Result<void> ForgetBefore(Microseconds before);

 private:
  Statement find_;
  Statement save_;
  Statement forget_;
  Statement forget_before_;
};

}  // namespace outpost::queue
