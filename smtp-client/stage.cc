#include "smtp-client/stage.h"

namespace outpost::smtp_client {

std::string_view CommandName(Stage stage) {
  switch (stage) {
    case Stage::kGreeting:
      return "connect";
    case Stage::kEhlo:
      return "EHLO";
    case Stage::kHelo:
      return "HELO";
    case Stage::kStartTls:
      return "STARTTLS";
    case Stage::kAuth:
      return "AUTH";
    case Stage::kMail:
      return "MAIL FROM";
    case Stage::kRcpt:
      return "RCPT TO";
    case Stage::kData:
      return "DATA";
    case Stage::kContent:
    case Stage::kEndOfData:
      return "end of DATA";
    case Stage::kReset:
      return "RSET";
    case Stage::kQuit:
      return "QUIT";
  }
  return "";
}

std::string_view Activity(Stage stage) {
  switch (stage) {
    case Stage::kGreeting:
      return "receiving the initial server greeting";
    case Stage::kEhlo:
      return "performing the EHLO handshake";
    case Stage::kHelo:
      return "performing the HELO handshake";
    case Stage::kStartTls:
      return "performing the STARTTLS handshake";
    case Stage::kAuth:
      return "logging in";
    case Stage::kMail:
      return "sending MAIL FROM";
    case Stage::kRcpt:
      return "sending RCPT TO";
    case Stage::kData:
      return "sending DATA command";
    case Stage::kContent:
      return "sending message body";
    case Stage::kEndOfData:
      return "sending end of data -- message may be sent more than once";
    case Stage::kReset:
      return "sending RSET";
    case Stage::kQuit:
      return "sending QUIT";
  }
  return "";
}

std::chrono::seconds TimeLimit(Stage stage, const conf::SmtpClientSettings& settings) {
  switch (stage) {
    case Stage::kGreeting:
    case Stage::kEhlo:
    case Stage::kHelo:
    case Stage::kAuth:
      return settings.smtp_helo_timeout;
    case Stage::kStartTls:
      return settings.smtp_starttls_timeout;
    case Stage::kMail:
      return settings.smtp_mail_timeout;
    case Stage::kRcpt:
      return settings.smtp_rcpt_timeout;
    case Stage::kData:
      return settings.smtp_data_init_timeout;
    case Stage::kContent:
      return settings.smtp_data_xfer_timeout;
    case Stage::kEndOfData:
      return settings.smtp_data_done_timeout;
    case Stage::kReset:
      return settings.smtp_rset_timeout;
    case Stage::kQuit:
      return settings.smtp_quit_timeout;
  }
  return settings.smtp_mail_timeout;
}

}  // namespace outpost::smtp_client
