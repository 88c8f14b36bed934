USE ROLE echo_owner;
DROP SERVICE echo_db.public.echo;
USE ROLE ACCOUNTADMIN;
DROP USER echo_visitor;
DROP COMPUTE POOL echo_pool;
DROP DATABASE echo_db;
DROP ROLE echo_visitor;
DROP ROLE echo_owner;
