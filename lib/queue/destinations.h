// What is remembered of destinations.
#pragma once

#include "lib/queue/queue.h"
#include "lib/queue/statement.h"

namespace outpost::queue {

class Destinations {
 public:
  explicit Destinations(Connection& connection);

  // As in Queue. What cannot be true is not remembered: the destination begins anew.
  Result<std::vector<Destination>> LoadAll(size_t limit);
  Result<void> Save(const Destination& destination);

 private:
  Statement load_all_;
  Statement save_;
};

}  // namespace outpost::queue
