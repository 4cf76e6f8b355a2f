// What may be set for each transport by its name: slow_destination_rate_delay for the transport slow. That of the transport
// smtp which is in effect stands in parameters.cc by its whole name.
#include <algorithm>
#include <array>

#include "conf/parameters.h"

namespace outpost::conf {
namespace {

using namespace values;  // NOLINT(google-build-using-namespace): the words of the table
using enum Effect;
using enum Feature;

// clang-format off
constexpr auto kTransportParameters = std::to_array<Parameter>({
    {"transport_delivery_slot_cost", Integer(0), "$default_delivery_slot_cost", kRunner, "default_delivery_slot_cost of one transport.", kSlots, kWarned},
    {"transport_delivery_slot_discount", Integer(0, 100), "$default_delivery_slot_discount", kRunner, "default_delivery_slot_discount of one transport.", kSlots, kWarned},
    {"transport_delivery_slot_loan", Integer(0), "$default_delivery_slot_loan", kRunner, "default_delivery_slot_loan of one transport.", kSlots, kWarned},
    {"transport_destination_concurrency_failed_cohort_limit", Integer(0), "$default_destination_concurrency_failed_cohort_limit", kRunner, "default_destination_concurrency_failed_cohort_limit of one transport.", kTransports, kWarned},
    {"transport_destination_concurrency_limit", Integer(0), "$default_destination_concurrency_limit", kRunner, "default_destination_concurrency_limit of one transport.", kTransports, kWarned},
    {"transport_destination_concurrency_negative_feedback", NonEmpty(), "$default_destination_concurrency_negative_feedback", kRunner, "default_destination_concurrency_negative_feedback of one transport.", kTransports, kWarned},
    {"transport_destination_concurrency_positive_feedback", NonEmpty(), "$default_destination_concurrency_positive_feedback", kRunner, "default_destination_concurrency_positive_feedback of one transport.", kTransports, kWarned},
    {"transport_destination_rate_delay", Time('s', 0), "$default_destination_rate_delay", kRunner, "default_destination_rate_delay of one transport.", kTransports, kWarned},
    {"transport_destination_recipient_limit", Integer(0), "$default_destination_recipient_limit", kRunner, "default_destination_recipient_limit of one transport.", kTransports, kWarned},
    {"transport_extra_recipient_limit", Integer(0), "$default_extra_recipient_limit", kRunner, "default_extra_recipient_limit of one transport.", kSlots, kWarned},
    {"transport_initial_destination_concurrency", Integer(1), "$initial_destination_concurrency", kRunner, "initial_destination_concurrency of one transport.", kTransports, kWarned},
    {"transport_minimum_delivery_slots", Integer(0), "$default_minimum_delivery_slots", kRunner, "default_minimum_delivery_slots of one transport.", kSlots, kWarned},
    {"transport_recipient_limit", Integer(1), "$default_recipient_limit", kRunner, "default_recipient_limit of one transport.", kRefill, kWarned},
    {"transport_recipient_refill_delay", Time('s', 1), "$default_recipient_refill_delay", kRunner, "default_recipient_refill_delay of one transport.", kRefill, kWarned},
    {"transport_recipient_refill_limit", Integer(1), "$default_recipient_refill_limit", kRunner, "default_recipient_refill_limit of one transport.", kRefill, kWarned},
    {"transport_time_limit", Time('s', 1), "$command_time_limit", kLocal, "command_time_limit of one transport.", kTransports, kAccepted},
    {"transport_transport_rate_delay", Time('s', 0), "$default_transport_rate_delay", kRunner, "default_transport_rate_delay of one transport.", kTransports, kWarned},
});
// clang-format on

constexpr std::string_view kAnyTransport = "transport";

// "slow_destination_recipient_limit" ends as two of them do: the longer end is meant.
const Parameter* FindByEnd(std::string_view name) {
  const Parameter* longest = nullptr;
  for (const Parameter& parameter : kTransportParameters) {
    const std::string_view end = parameter.name.substr(kAnyTransport.size());
    if (name.size() <= end.size() || !name.ends_with(end)) continue;
    if (longest == nullptr || longest->name.size() < parameter.name.size()) longest = &parameter;
  }
  return longest;
}

}  // namespace

std::span<const Parameter> TransportParameters() { return kTransportParameters; }

std::optional<TransportParameter> FindTransportParameter(std::string_view name) {
  const Parameter* parameter = FindByEnd(name);
  if (parameter == nullptr) return std::nullopt;
  const size_t end = parameter->name.size() - kAnyTransport.size();
  return TransportParameter{name.substr(0, name.size() - end), parameter};
}

}  // namespace outpost::conf
