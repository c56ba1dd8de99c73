-- As the role that owns the tables, after `bailiwick init` and after every `bailiwick store migrate`:
--   psql -d bailiwick -U bailiwick_owner -f grants.sql
-- May be run again at any time. A test serves, and runs every command on the store, with exactly these.
\set ON_ERROR_STOP on
BEGIN;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO bailiwick;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM bailiwick;

-- The logs. A change that is written is never rewritten, nor taken away: nobody but the owner could.
GRANT SELECT, INSERT ON change TO bailiwick;
-- Erasing an object for good takes its bodies away.
GRANT SELECT, INSERT, DELETE ON body, object, locator TO bailiwick;
GRANT SELECT, INSERT, UPDATE ON head TO bailiwick;
-- UPDATE: turning the master key encrypts them anew; `FOR SHARE` wants it of a setting.
GRANT SELECT, INSERT, UPDATE, DELETE ON secret, idempotency, setting TO bailiwick;

-- The activity, of which the oldest goes.
GRANT SELECT, INSERT, DELETE ON batch, event, credential_use TO bailiwick;
-- INSERT: it begins with its log.
GRANT SELECT, INSERT, UPDATE ON activity_head TO bailiwick;
-- UPDATE: `FOR UPDATE` wants it.
GRANT SELECT, INSERT, UPDATE, DELETE ON note TO bailiwick;

-- Which schema it is; only read.
GRANT SELECT ON logs_revision, activity_revision TO bailiwick;
COMMIT;
