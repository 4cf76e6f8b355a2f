// What a notice says to people: what happened, to whom, what the relay said, what they can do. Pure.
#pragma once

#include <string>

#include "queue-runner/bounce.h"

namespace outpost::queue_runner {

// The first part's text: the template's, or a first paragraph of our own; then every recipient with its reason. Lines end
// in LF.
std::string WordsOf(const ReportRequest& request, const Policy& policy);

// The template of main.cf for this kind of notice, if there is one.
const std::optional<conf::NoticeTemplate>& TemplateOf(queue::ReportKind kind, const Policy& policy);

bool IsForAdministrator(const ReportRequest& request);

// The relay's own words in a reason, "550 5.1.1 ..." of "host H said: 550 5.1.1 ... (in reply to RCPT TO command)"; else
// `text` as it is.
std::string_view RelayWords(std::string_view text);

// "host" of "host[address]:port".
std::string_view HostOf(std::string_view relay);

}  // namespace outpost::queue_runner
