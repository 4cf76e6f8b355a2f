// How light mail (few recipients, little content) and bulk share the connections of one destination, most often the one
// relay. Pure.
//
// A connection that carries bulk is no way out for a short message: it would wait until megabytes have left, or a
// transaction of many recipients has ended. So bulk has most of the connections at most, light mail goes to the others,
// and only where both wait for the same place light mail comes first. While bulk waits it has some connections whatever
// light mail comes, so that neither starves. With one connection in all they take turns.
#pragma once

#include <cstddef>
#include <optional>

#include "lib/queue/queue.h"

namespace outpost::queue_runner {

// Of `width` connections: all but a quarter, and but one at least.
size_t MostBulk(size_t width);
// A quarter, and one at least.
size_t LeastBulk(size_t width);

// Which lane goes next, of those that have something waiting and a place for it; nothing when none has.
struct LaneChoice {
  bool light_may = false;
  bool bulk_may = false;
  size_t width = 1;
  size_t bulk_connections = 0;  // that carry bulk now
  bool bulk_was_last = false;   // had the turn before this one
};
std::optional<queue::Lane> ChooseLane(const LaneChoice& choice);

}  // namespace outpost::queue_runner
