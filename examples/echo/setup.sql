-- What the echo service needs in an account: an owner, a place, a compute pool, and somebody who visits it.
USE ROLE ACCOUNTADMIN;
CREATE ROLE echo_owner;
GRANT ROLE echo_owner TO ROLE SYSADMIN;
GRANT BIND SERVICE ENDPOINT ON ACCOUNT TO ROLE echo_owner;
CREATE COMPUTE POOL echo_pool MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_XS;
GRANT USAGE, MONITOR ON COMPUTE POOL echo_pool TO ROLE echo_owner;
CREATE DATABASE echo_db;
GRANT OWNERSHIP ON SCHEMA echo_db.public TO ROLE echo_owner;
GRANT OWNERSHIP ON DATABASE echo_db TO ROLE echo_owner;

CREATE ROLE echo_visitor;
CREATE USER echo_visitor PASSWORD = '<% password %>' DEFAULT_ROLE = echo_visitor;
GRANT ROLE echo_visitor TO USER echo_visitor;

USE ROLE echo_owner;
CREATE IMAGE REPOSITORY echo_db.public.images;
GRANT USAGE ON DATABASE echo_db TO ROLE echo_visitor;
GRANT USAGE ON SCHEMA echo_db.public TO ROLE echo_visitor;
