#include "conf/tables/table_rules.h"

#include <algorithm>
#include <array>

namespace outpost::conf {
namespace {

constexpr TableRules kSecrets{.secrets = true};
// Their results name transports, next hops, files, commands or users.
constexpr TableRules kFixedResults{.groups = GroupsInResults::kRefused};
constexpr TableRules kAliases{.groups = GroupsInResults::kRefused, .aliases = true};

struct ParameterRules {
  std::string_view parameter;
  TableRules rules;
};
constexpr auto kRules = std::to_array<ParameterRules>({
    {"alias_database", kAliases},
    {"alias_maps", kAliases},
    {"fallback_transport_maps", kFixedResults},
    {"lmtp_sasl_password_maps", kSecrets},
    {"mailbox_command_maps", kFixedResults},
    {"mailbox_transport_maps", kFixedResults},
    {"sender_dependent_default_transport_maps", kFixedResults},
    {"sender_dependent_relayhost_maps", kFixedResults},
    {"smtp_sasl_password_maps", kSecrets},
    {"transport_maps", kFixedResults},
    {"virtual_gid_maps", kFixedResults},
    {"virtual_mailbox_maps", kFixedResults},
    {"virtual_uid_maps", kFixedResults},
});

}  // namespace

TableRules RulesOf(std::string_view parameter) {
  const auto found = std::ranges::find(kRules, parameter, &ParameterRules::parameter);
  return found == kRules.end() ? TableRules() : found->rules;
}

}  // namespace outpost::conf
