// The settings that queue-runner decides by, in the shape in which its parts use them. One instance lives as long as
// the process; a reload assigns to it, so nobody keeps copies of its members.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "conf/settings.h"
#include "lib/sys/log.h"
#include "queue-runner/circuit.h"
#include "queue-runner/resolve.h"
#include "queue-runner/schedule.h"
#include "queue-runner/user_rates.h"
#include "queue-runner/window.h"

namespace outpost::queue_runner {

struct Policy {
  RoutingRules routing;
  int64_t generation = 0;  // of `routing`
  ScheduleRules schedule;
  WindowRules window;
  CircuitRules circuit;
  size_t recipients_a_delivery = 50;
  size_t active_messages = 20000;
  size_t recipients_in_memory = 20000;        // that wait to be chosen, of all destinations together
  size_t recipients_in_memory_at_least = 10;  // of each destination
  size_t connections_in_all = 100;
  std::chrono::seconds destination_rate_delay{};  // after a delivery, which then has no other beside it
  std::chrono::seconds transport_rate_delay{};    // between the beginnings of two
  bool waits_for_flush = false;                   // mail of the transport smtp does
  bool tells_feedback = false;
  std::chrono::seconds tell_of_waiting_interval{300};  // 0: never
  conf::NoticeSettings notices;
  uint64_t minimum_free_bytes = 0;
  std::string myhostname;
  std::string myorigin;
  std::string mail_name;
  std::chrono::seconds max_idle{100};
  std::chrono::seconds daemon_timeout{18000};
  std::chrono::seconds history_retention_time{};
  uint64_t history_size_limit = 0;
  RateRules rate;
  uint64_t queue_share_limit = 0;  // messages of one user that wait; 0: none
};

Policy MakePolicy(const conf::QueueRunnerSettings& settings);

// What is wrong with the settings that have been read, and does not stop the mailer.
void LogWarnings(const conf::Configuration& configuration, const sys::Log& log);

}  // namespace outpost::queue_runner
