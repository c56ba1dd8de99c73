-- Once, as the server's superuser, in psql, which reads the passwords from files:
--   \set owner_password `cat owner.password`
--   \set password `cat serving.password`
--   \i roles.sql
-- Two roles: one that makes and migrates the tables, and one that serves and may do no more than grants.sql says.
-- SECURITY: not by -v: what a command line says, others on the machine can see.
\set ON_ERROR_STOP on
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';
CREATE ROLE bailiwick_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE bailiwick LOGIN PASSWORD :'password';
CREATE DATABASE bailiwick OWNER bailiwick_owner TEMPLATE template0 ENCODING 'UTF8';
REVOKE ALL ON DATABASE bailiwick FROM PUBLIC;
GRANT CONNECT ON DATABASE bailiwick TO bailiwick;
-- What hangs is ended by Bailiwick itself; this ends what it could not, such as a session of a machine that is gone.
ALTER ROLE bailiwick IN DATABASE bailiwick SET idle_in_transaction_session_timeout = '60s';
