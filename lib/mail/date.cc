#include "lib/mail/date.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace outpost::mail {

std::string FormatDate(std::chrono::microseconds since_epoch) {
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const time_t seconds = std::chrono::duration_cast<std::chrono::seconds>(since_epoch).count();
  tm local{};
  localtime_r(&seconds, &local);
  const long offset = local.tm_gmtoff / 60;
  char text[96];
  (void)snprintf(text, sizeof text, "%s, %d %s %d %02d:%02d:%02d %c%02ld%02ld (%s)", kDays[local.tm_wday],
                 local.tm_mday, kMonths[local.tm_mon], local.tm_year + 1900, local.tm_hour, local.tm_min,
                 local.tm_sec, offset < 0 ? '-' : '+', labs(offset) / 60, labs(offset) % 60, local.tm_zone);
  return text;
}

}  // namespace outpost::mail
