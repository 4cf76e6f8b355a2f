// What becomes of a unit in flight that ends while some of its recipients have no answer. Of what had begun to leave
// these are in doubt, whatever the reason; what follows is of what had not.
#pragma once

#include "lib/mail/verdict.h"
#include "queue-runner/verdicts.h"

namespace outpost::queue_runner {

// It was attempted, and may be what the trouble came of: deferred for `why`, as its own fault.
void EndWithoutWord(Verdicts& verdicts, Unit& unit, const mail::Deferred& why);
// It was not attempted: Verdicts::OnNotAttempted for each.
void EndUnattempted(Verdicts& verdicts, Unit& unit, const mail::Deferred* why, bool counts);

}  // namespace outpost::queue_runner
