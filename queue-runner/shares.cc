#include "queue-runner/shares.h"

#include <algorithm>

namespace outpost::queue_runner {

size_t MostBulk(size_t width) { return width < 2 ? 1 : width - std::max<size_t>(width / 4, 1); }

size_t LeastBulk(size_t width) { return std::max<size_t>(width / 4, 1); }

std::optional<queue::Lane> ChooseLane(const LaneChoice& choice) {
  if (!choice.light_may && !choice.bulk_may) return std::nullopt;
  if (!choice.bulk_may) return queue::Lane::kLight;
  if (!choice.light_may) return queue::Lane::kBulk;
  const bool bulk_first =
      choice.width < 2 ? !choice.bulk_was_last : choice.bulk_connections < LeastBulk(choice.width);
  return bulk_first ? queue::Lane::kBulk : queue::Lane::kLight;
}

}  // namespace outpost::queue_runner
