-- A set-up script of the kind that guides for Snowpark Container Services have. It runs from top to bottom,
-- and any number of times. test_python_clients.py runs it with `snow sql -f` and with the Python connector.

USE ROLE ACCOUNTADMIN;
SET project = 'GUIDE';
SET (db, sch, wh) = ($project || '_DB', $project || '_DB.APP', $project || '_WH');
SET owner_role = (SELECT $project || '_ROLE');
SET who = CURRENT_USER();
SET pool_name = $project || '_POOL';
SET size = 'XSMALL';

CREATE ROLE IF NOT EXISTS IDENTIFIER($owner_role) COMMENT = $project;
GRANT ROLE IDENTIFIER($owner_role) TO USER IDENTIFIER($who);
CREATE DATABASE IF NOT EXISTS IDENTIFIER($db);
GRANT OWNERSHIP ON DATABASE IDENTIFIER($db) TO ROLE IDENTIFIER($owner_role) COPY CURRENT GRANTS;
CREATE WAREHOUSE IF NOT EXISTS IDENTIFIER($wh) WAREHOUSE_SIZE = $size AUTO_SUSPEND = 120;
GRANT USAGE ON WAREHOUSE IDENTIFIER($wh) TO ROLE IDENTIFIER($owner_role);
CREATE COMPUTE POOL IF NOT EXISTS IDENTIFIER($pool_name)
    MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_XS INITIALLY_SUSPENDED = TRUE;
GRANT USAGE, MONITOR ON COMPUTE POOL IDENTIFIER($pool_name) TO ROLE IDENTIFIER($owner_role);

USE ROLE IDENTIFIER($owner_role);
USE WAREHOUSE IDENTIFIER($wh);
CREATE SCHEMA IF NOT EXISTS IDENTIFIER($sch);
USE SCHEMA IDENTIFIER($sch);
CREATE IMAGE REPOSITORY IF NOT EXISTS images;
CREATE STAGE IF NOT EXISTS specs DIRECTORY = (ENABLE = TRUE);
CREATE NETWORK RULE IF NOT EXISTS outside TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ('example.com:443');

-- What was made, read back in the two ways that there are.
SHOW IMAGE REPOSITORIES IN SCHEMA IDENTIFIER($sch);
SET repository_url = (SELECT "repository_url" FROM TABLE(RESULT_SCAN(LAST_QUERY_ID())) WHERE "name" = 'IMAGES');
SHOW COMPUTE POOLS LIKE 'GUIDE%' ->> SELECT "name", "state" FROM $1 WHERE "instance_family" = 'CPU_X64_XS';

CREATE OR REPLACE TABLE settings (name VARCHAR, value VARCHAR);
INSERT INTO settings VALUES ('pool', $pool_name), ('price', 'costs $5; or $size'), ('text', $$it's $size$$);
SHOW GRANTS TO ROLE IDENTIFIER($owner_role) ->> INSERT INTO settings
    SELECT "privilege", "name" FROM $1 WHERE "granted_on" = 'COMPUTE_POOL' ORDER BY 1;

-- The last statement says whether all went well.
SELECT LISTAGG(name || '=' || value, ', ') WITHIN GROUP (ORDER BY name) AS found,
    ENDSWITH($repository_url, '/guide_db/app/images') AS has_repository
FROM IDENTIFIER('settings');
