// The runs of the index recipient_waiting, each found by a search however many recipients the runs before it have.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "lib/queue/queue.h"
#include "lib/queue/statement.h"

namespace outpost::queue {

// The recipients of one user that wait for one route, as one configuration decided it, in one lane.
using Group = DuePlace;

class Groups {
 public:
  explicit Groups(Connection& connection);

  // The group after `group`; nothing at the end.
  Result<std::optional<Group>> Next(const Group& group);
  // The same among those of the same generation, route and lane.
  Result<std::optional<Group>> NextUser(const Group& group);
  Result<std::optional<int64_t>> NextGeneration(int64_t at_least);
  // The earliest next_attempt later than `after`; the latest of all.
  Result<std::optional<Microseconds>> FirstAttempt(const Group& group, Microseconds after);
  Result<std::optional<Microseconds>> LastAttempt(const Group& group);

 private:
  Statement next_user_;
  Statement next_lane_;
  Statement next_hop_;
  Statement next_transport_;
  Statement next_generation_group_;
  Statement next_generation_;
  Statement first_attempt_;
  Statement last_attempt_;
};

}  // namespace outpost::queue
