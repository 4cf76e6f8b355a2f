#include "queue-runner/policy.h"

#include <algorithm>

#include "lib/sys/text.h"

namespace outpost::queue_runner {
namespace {

size_t AtLeastOne(int64_t number) { return static_cast<size_t>(std::max<int64_t>(number, 1)); }

void SetScheduling(const conf::QueueRunnerSettings& settings, Policy& policy) {
  const conf::SchedulingSettings& scheduling = settings.scheduling;
  const auto cohorts = static_cast<size_t>(std::max<int64_t>(scheduling.failed_cohort_limit, 0));
  policy.connections_in_all = AtLeastOne(scheduling.process_limit);
  policy.window.initial = AtLeastOne(scheduling.initial_destination_concurrency);
  policy.window.limit = scheduling.destination_concurrency_limit == 0
                            ? policy.connections_in_all
                            : AtLeastOne(scheduling.destination_concurrency_limit);
  policy.window.positive = scheduling.positive_feedback;
  policy.window.negative = scheduling.negative_feedback;
  policy.window.failed_cohort_limit = cohorts;
  policy.window.growth_pause = settings.minimal_backoff_time;
  policy.circuit.shortest_probe_interval = settings.minimal_backoff_time;
  policy.circuit.longest_probe_interval = settings.maximal_backoff_time;
  policy.circuit.own_trouble_interval = scheduling.transport_retry_time;
  policy.circuit.cuts_to_open = policy.window.initial * cohorts;
  policy.recipients_a_delivery = AtLeastOne(scheduling.destination_recipient_limit);
  policy.active_messages = AtLeastOne(scheduling.message_active_limit);
  policy.recipients_in_memory = AtLeastOne(scheduling.message_recipient_limit);
  policy.recipients_in_memory_at_least = AtLeastOne(scheduling.message_recipient_minimum);
  policy.destination_rate_delay = scheduling.destination_rate_delay;
  policy.transport_rate_delay = scheduling.transport_rate_delay;
  policy.waits_for_flush = scheduling.defers_smtp;
  policy.tells_feedback = scheduling.feedback_debug;
  policy.tell_of_waiting_interval = scheduling.clog_warn_time;
}

}  // namespace

Policy MakePolicy(const conf::QueueRunnerSettings& settings) {
  Policy policy;
  policy.routing = {settings.relayhost, settings.default_transport, settings.notices.double_bounce_sender};
  policy.generation = Generation(policy.routing);
  policy.schedule = {settings.minimal_backoff_time, settings.maximal_backoff_time, settings.maximal_queue_lifetime,
                     settings.bounce_queue_lifetime};
  SetScheduling(settings, policy);
  policy.notices = settings.notices;
  policy.minimum_free_bytes = settings.queue_minfree;
  policy.myhostname = settings.myhostname;
  policy.myorigin = settings.myorigin;
  policy.mail_name = settings.mail_name;
  policy.max_idle = settings.max_idle;
  policy.daemon_timeout = settings.daemon_timeout;
  policy.history_retention_time = settings.history_retention_time;
  policy.history_size_limit = settings.history_size_limit;
  policy.rate = {static_cast<uint64_t>(settings.submit_rate_limit), settings.submit_rate_time_unit};
  policy.queue_share_limit = static_cast<uint64_t>(settings.queue_share_limit);
  return policy;
}

void LogWarnings(const conf::Configuration& configuration, const sys::Log& log) {
  for (const auto& finding : configuration.findings()) {
    if (finding.severity != conf::Finding::Severity::kWarning) continue;
    log.Warning(
        sys::Printable(sys::Cat(finding.file, finding.file.empty() ? "" : ":", finding.line, ": ", finding.text)));
  }
}

}  // namespace outpost::queue_runner
