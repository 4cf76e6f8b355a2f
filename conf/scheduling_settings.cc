// How fast mail may leave (Postfix's qmgr and its SCHEDULER_README): each smtp_ parameter, whose default is the default_
// one of the same name.
#include <algorithm>

#include "conf/settings.h"
#include "conf/settings_checks.h"
#include "conf/value_types.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

Feedback ReadFeedback(Configuration& configuration, std::string_view name) {
  const sys::Result<Feedback> feedback = ParseFeedback(configuration.String(name));
  if (feedback) return *feedback;
  configuration.AddFinding(Finding::Severity::kError, name, feedback.error().text());
  return {};
}

// Whether the transport smtp is among them; the others, which do not exist here, are told.
bool ReadDeferTransports(Configuration& configuration) {
  bool smtp = false;
  for (const std::string& transport : configuration.List("defer_transports")) {
    if (transport == "smtp") {
      smtp = true;
    } else {
      configuration.AddFinding(
          Finding::Severity::kWarning, "defer_transports",
          sys::Cat("there is no transport \"", sys::Printable(transport, 60), "\"; mail leaves by smtp"));
    }
  }
  return smtp;
}

}  // namespace

SchedulingSettings ReadSchedulingSettings(Configuration& configuration) {
  SchedulingSettings settings;
  settings.initial_destination_concurrency = configuration.Integer("smtp_initial_destination_concurrency");
  settings.destination_concurrency_limit = configuration.Integer("smtp_destination_concurrency_limit");
  settings.positive_feedback = ReadFeedback(configuration, "smtp_destination_concurrency_positive_feedback");
  settings.negative_feedback = ReadFeedback(configuration, "smtp_destination_concurrency_negative_feedback");
  settings.failed_cohort_limit = configuration.Integer("smtp_destination_concurrency_failed_cohort_limit");
  settings.feedback_debug = configuration.Bool("destination_concurrency_feedback_debug");
  settings.destination_recipient_limit = configuration.Integer("smtp_destination_recipient_limit");
  settings.destination_rate_delay = configuration.Time("smtp_destination_rate_delay");
  settings.transport_rate_delay = configuration.Time("smtp_transport_rate_delay");
  settings.transport_retry_time = configuration.Time("transport_retry_time");
  settings.defers_smtp = ReadDeferTransports(configuration);
  settings.process_limit = configuration.Integer("default_process_limit");
  settings.message_active_limit = configuration.Integer("qmgr_message_active_limit");
  settings.message_recipient_limit = configuration.Integer("qmgr_message_recipient_limit");
  settings.message_recipient_minimum = configuration.Integer("qmgr_message_recipient_minimum");
  settings.clog_warn_time = configuration.Time("qmgr_clog_warn_time");
  return settings;
}

}  // namespace outpost::conf
