#include "queue-runner/unanswered.h"

namespace outpost::queue_runner {
namespace {

void End(Verdicts& verdicts, Unit& unit, const auto& settle) {
  for (size_t i = 0; i < unit.answered.size(); ++i) {
    if (unit.answered[i]) continue;
    if (unit.begun) {
      verdicts.OnSilence(unit, i);
    } else {
      settle(i);
    }
  }
  verdicts.OnUnitEnd(unit);
}

}  // namespace

void EndWithoutWord(Verdicts& verdicts, Unit& unit, const mail::Deferred& why) {
  const mail::Deferred own{why.status, why.why, mail::Fault::kMessage};
  End(verdicts, unit, [&](size_t i) { verdicts.OnVerdict(unit, i, own, ""); });
}

void EndUnattempted(Verdicts& verdicts, Unit& unit, const mail::Deferred* why, bool counts) {
  End(verdicts, unit, [&](size_t i) { verdicts.OnNotAttempted(unit, i, why, counts); });
}

}  // namespace outpost::queue_runner
