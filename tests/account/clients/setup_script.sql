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

-- The image of the service; a guide pushes it with `docker push`.
GRANT USAGE ON DATABASE spcs_db TO ROLE IDENTIFIER($owner_role);
GRANT USAGE ON SCHEMA spcs_db.public TO ROLE IDENTIFIER($owner_role);
GRANT READ ON IMAGE REPOSITORY spcs_db.public.images TO ROLE IDENTIFIER($owner_role);

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

-- A service, and a function that calls it.
CREATE SERVICE IF NOT EXISTS shout IN COMPUTE POOL IDENTIFIER($pool_name) FROM SPECIFICATION $$
spec:
  containers:
  - name: main
    image: /spcs_db/public/images/python:1
    readinessProbe: {port: 8000, path: /}
    command: [python3, -c]
    args:
    - |
      import http.server, json, signal, sys
      signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
      class Handler(http.server.SimpleHTTPRequestHandler):
          def do_POST(self):
              rows = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["data"]
              body = json.dumps({"data": [[number, text.upper()] for number, text in rows]}).encode()
              self.send_response(200)
              self.send_header("Content-Length", str(len(body)))
              self.end_headers()
              self.wfile.write(body)
      http.server.HTTPServer(("", 8000), Handler).serve_forever()
  endpoints:
  - {name: api, port: 8000}
$$;
SELECT SYSTEM$WAIT_FOR_SERVICES(120, 'shout');
CREATE OR REPLACE FUNCTION loud(words VARCHAR) RETURNS VARCHAR SERVICE = shout ENDPOINT = api AS '/';

-- Rows go into a file and from there into another table, through the service.
CREATE OR REPLACE FILE FORMAT lines TYPE = CSV FIELD_OPTIONALLY_ENCLOSED_BY = '"';
COPY INTO @specs/settings.csv FROM settings FILE_FORMAT = (FORMAT_NAME = lines) OVERWRITE = TRUE SINGLE = TRUE;
CREATE OR REPLACE TABLE "loud settings" LIKE settings;
COPY INTO "loud settings" FROM @specs FILES = ('settings.csv') FILE_FORMAT = (FORMAT_NAME = lines);
UPDATE "loud settings" SET value = loud(value);

-- The last statement says whether all went well.
SELECT LISTAGG(name || '=' || value, ', ') WITHIN GROUP (ORDER BY name) AS found,
    ENDSWITH($repository_url, '/guide_db/app/images') AS has_repository
FROM IDENTIFIER('"loud settings"');
