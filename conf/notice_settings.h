// What main.cf says of notices: who is told of what, and by which name the mailer tells it.
#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "conf/bounce_template.h"
#include "conf/configuration.h"

namespace outpost::conf {

// The words of notify_classes.
enum class NoticeClass { kBounce, kDoubleBounce, kDelay, kPolicy, kProtocol, kResource, kSoftware, kData };
std::string_view ToString(NoticeClass notice_class);  // "2bounce"

struct NoticeSettings {
  std::set<NoticeClass> notify_classes;  // "bounce" implies "2bounce"
  // Whole addresses: a bare name is one at myorigin.
  std::string error_notice_recipient;
  std::string bounce_notice_recipient;
  std::string double_bounce_notice_recipient;  // 2bounce_notice_recipient
  std::string delay_notice_recipient;
  std::string double_bounce_sender;
  uint64_t bounce_size_limit = 0;
  std::chrono::seconds delay_warning_time{};  // 0: nobody is warned
  bool confirm_delay_cleared = false;
  bool soft_bounce = false;
  NoticeTemplates templates;

  bool Wants(NoticeClass notice_class) const { return notify_classes.contains(notice_class); }
  const std::string& RecipientOf(NoticeClass notice_class) const;
};

// `myorigin` as it has been read. What is wrong is added to the configuration's findings.
NoticeSettings ReadNoticeSettings(Configuration& configuration, const std::string& myorigin);

}  // namespace outpost::conf
