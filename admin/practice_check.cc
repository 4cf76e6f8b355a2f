#include "admin/practice_check.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <memory>
#include <netinet/in.h>

#include "admin/mail_servers.h"
#include "conf/next_hop.h"
#include "conf/practice.h"
#include "conf/tables/address_keys.h"
#include "conf/tables/table_line.h"
#include "conf/tables/table_name.h"
#include "lib/sys/file.h"

namespace outpost::admin {
namespace {

constexpr size_t kMaxPasswordFile = 1024 * 1024;  // of a larger one no key is judged

std::string TextOf(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address->sa_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text, sizeof text);
  } else if (address->sa_family == AF_INET6) {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text, sizeof text);
  }
  return text;
}

std::vector<std::string> OwnAddresses() {
  ifaddrs* interfaces = nullptr;
  if (getifaddrs(&interfaces) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> freeing(interfaces, freeifaddrs);
  std::vector<std::string> addresses;
  for (const ifaddrs* each = interfaces; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr != nullptr) addresses.push_back(TextOf(each->ifa_addr));
  }
  return addresses;
}

// Of files that this process may read; that the mailer may is another check's affair.
std::vector<conf::PasswordKey> PasswordKeys(const std::vector<std::string>& tables) {
  std::vector<conf::PasswordKey> all;
  for (const std::string& item : tables) {
    const conf::TableName table = conf::ParseTableName(item);
    if (!conf::IsIndexed(table.type) || !table.name.starts_with('/')) continue;
    const auto text = sys::ReadFile(table.name, kMaxPasswordFile);
    if (!text) continue;
    for (const conf::LogicalLine& line : conf::SplitLogicalLines(*text).lines) {
      conf::TableLine read = conf::ParseTableLine(line.text);
      if (!read.key.empty() && !read.value.empty()) all.push_back({std::move(read.key), table.name, line.line});
    }
  }
  return all;
}

// Of the relay, and of another one that default_transport names.
std::vector<std::string> KeysAskedFor(const conf::QueueRunnerSettings& runner,
                                      const conf::SmtpClientSettings& smtp) {
  const std::string_view transport = runner.default_transport;
  const size_t colon = transport.find(':');
  const std::string_view other = colon == std::string_view::npos ? "" : transport.substr(colon + 1);
  std::vector<std::string> keys;
  for (const std::string_view next_hop : {std::string_view(smtp.relayhost), other}) {
    for (conf::LookupKey& key : conf::PasswordKeys(next_hop, static_cast<uint16_t>(smtp.smtp_tcp_port))) {
      keys.push_back(std::move(key.text));
    }
  }
  return keys;
}

bool IsOwnName(const std::string& host, const std::string& myhostname) {
  return host == "localhost" || host == myhostname;
}

conf::MailServers AskAboutRelay(const conf::SmtpClientSettings& smtp) {
  const auto relay = conf::ParseNextHop(smtp.relayhost);
  if (!relay || relay->is_address || smtp.disable_dns_lookups || IsOwnName(relay->host, smtp.myhostname)) return {};
  return AskForMailServers(relay->host);
}

}  // namespace

void CheckPractice(conf::Configuration& configuration, const conf::QueueRunnerSettings& runner,
                   const conf::SmtpClientSettings& smtp, bool may_ask) {
  if (!configuration.was_read()) return;  // defaults are nobody's practice
  conf::PracticeFacts facts;
  facts.smtp = smtp;
  facts.relayhost_is_wrong = !configuration.Expanded("relayhost");
  facts.default_transport = runner.default_transport;
  facts.myorigin = runner.myorigin;
  facts.own_addresses = OwnAddresses();
  facts.password_keys = PasswordKeys(smtp.smtp_sasl_password_maps);
  facts.asked_for = KeysAskedFor(runner, smtp);
  if (may_ask && !smtp.relayhost.empty()) facts.relay = AskAboutRelay(smtp);
  for (conf::PracticeFinding& finding : conf::JudgePractice(facts)) {
    if (finding.file.empty()) {
      configuration.AddFinding(finding.severity, finding.parameter, finding.text);
    } else {
      configuration.AddFinding({finding.severity, std::move(finding.file), finding.line, std::move(finding.text)});
    }
  }
}

}  // namespace outpost::admin
