-- A queue as version 1 of the schema kept it: one message deferred, one dispatched when its runner was killed (one of
-- its recipients was sent before), one removed.
PRAGMA page_size = 4096;
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
PRAGMA application_id = 1333097584;
PRAGMA user_version = 1;
BEGIN;
CREATE TABLE message(
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  state TEXT NOT NULL,
  origin TEXT NOT NULL,
  sender TEXT NOT NULL,
  arrival INTEGER NOT NULL,
  waited INTEGER NOT NULL,
  size INTEGER NOT NULL,
  header_size INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  envid TEXT NOT NULL,
  ret TEXT NOT NULL,
  is_8bit INTEGER NOT NULL,
  smtputf8 INTEGER NOT NULL
) STRICT;
CREATE INDEX message_arrival ON message((sender = ''), arrival);
CREATE INDEX message_hidden ON message(state) WHERE state <> 'queued';

CREATE TABLE content(
  key INTEGER PRIMARY KEY,
  bytes BLOB NOT NULL
) STRICT;

CREATE TABLE recipient(
  message INTEGER NOT NULL REFERENCES message(key),
  number INTEGER NOT NULL,
  address TEXT NOT NULL,
  original TEXT NOT NULL,
  notify TEXT NOT NULL,
  orcpt TEXT NOT NULL,
  state TEXT NOT NULL,
  since INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  transport TEXT NOT NULL,
  next_hop TEXT NOT NULL,
  next_attempt INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  last_status TEXT NOT NULL,
  last_text TEXT NOT NULL,
  PRIMARY KEY(message, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX recipient_waiting ON recipient(generation, transport, next_hop, next_attempt)
  WHERE state IN ('queued', 'in doubt');
CREATE INDEX recipient_dispatched ON recipient(state) WHERE state = 'dispatched';

CREATE TABLE intake(
  id TEXT PRIMARY KEY,
  uid INTEGER NOT NULL,
  token TEXT NOT NULL,
  size INTEGER NOT NULL,
  digest TEXT NOT NULL,
  maildrop INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX intake_token ON intake(token);

CREATE TABLE history(
  id TEXT PRIMARY KEY,
  message INTEGER NOT NULL,
  removed INTEGER,
  arrival INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  sender TEXT NOT NULL,
  size INTEGER NOT NULL,
  recipients INTEGER NOT NULL,
  message_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX history_removed ON history(removed) WHERE removed IS NOT NULL;

CREATE TABLE event(
  id TEXT NOT NULL REFERENCES history(id),
  number INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  count INTEGER NOT NULL,
  kind TEXT NOT NULL,
  recipient TEXT NOT NULL,
  status TEXT NOT NULL,
  text TEXT NOT NULL,
  relay TEXT NOT NULL,
  PRIMARY KEY(id, number, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE destination(
  next_hop TEXT NOT NULL,
  account TEXT NOT NULL,
  window REAL NOT NULL,
  circuit TEXT NOT NULL,
  since INTEGER NOT NULL,
  depth INTEGER NOT NULL,
  certificate TEXT NOT NULL,
  last_error TEXT NOT NULL,
  PRIMARY KEY(next_hop, account)
) STRICT, WITHOUT ROWID;

CREATE TABLE total(
  messages INTEGER NOT NULL,
  dead INTEGER NOT NULL,
  history_bytes INTEGER NOT NULL
) STRICT;

INSERT INTO message VALUES(1, '0QnW9LwHqFzJbQ1Lt', 'queued', 'submission', 'sender@example.com', 1767225600000000, 0, 14, 9,
  1000, '', '', 0, 0);
INSERT INTO message VALUES(2, '0QnW9LwHqFzJbQ1Lv', 'queued', 'submission', 'sender@example.com', 1767225601000000, 0, 15, 9,
  1000, 'QQ314159', 'HDRS', 1, 0);
INSERT INTO content VALUES(1 << 20, CAST('Subject: one' || char(10) || char(10) AS BLOB));
INSERT INTO content VALUES(2 << 20, CAST('Subject: two' || char(10) || char(10) || 'x' AS BLOB));
INSERT INTO recipient VALUES(1, 0, 'one@example.net', 'one@example.net', '', '', 'queued', 1767225600000000, 1, 'smtp',
  '[relay.example.org]:587', 1767225900000000, 3, '4.4.1', 'connection refused');
INSERT INTO recipient VALUES(2, 0, 'sent@example.net', '', 'FAILURE,DELAY', 'rfc822;sent@example.net', 'sent',
  1767225602000000, 1, 'smtp', '[relay.example.org]:587', 0, 1, '2.0.0', '250 ok');
INSERT INTO recipient VALUES(2, 1, 'two@example.net', '', 'NEVER', '', 'dispatched', 1767225602000000, 1, 'smtp',
  '[relay.example.org]:587', 1767225601000000, 0, '', '');
INSERT INTO intake VALUES('0QnW9LwHqFzJbQ1Lt', 1000, 'token-1', 14, 'digest', 0);
INSERT INTO history VALUES('0QnW9LwHqFzJbQ1Ls', 99, 1767225500000000, 1767225400000000, 1000, 'sender@example.com', 9, 1, '');
INSERT INTO history VALUES('0QnW9LwHqFzJbQ1Lt', 1, NULL, 1767225600000000, 1000, 'sender@example.com', 14, 1, '<1@x>');
INSERT INTO history VALUES('0QnW9LwHqFzJbQ1Lv', 2, NULL, 1767225601000000, 1000, 'sender@example.com', 15, 2, '<2@x>');
INSERT INTO event VALUES('0QnW9LwHqFzJbQ1Lv', 0, 0, 1767225602000000, 1767225602000000, 1, 'sent', 'sent@example.net',
  '2.0.0', '250 ok', 'relay.example.org[192.0.2.1]:587');
INSERT INTO destination VALUES('[relay.example.org]:587', '', 5.0, 'closed', 0, 20, '', '');
INSERT INTO total VALUES(2, 0, 700);
COMMIT;
