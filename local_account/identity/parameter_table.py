"""The table of parameters: name; type or allowed words; where it can be set; default; meaning.

Where: A account, U user, N session, D database, S schema, W warehouse; `!` marks a parameter that this
account does not act on, so that it keeps its default.
"""

ROWS = """
ABORT_DETACHED_QUERY; bool; AUN!; false; End statements whose client has lost its connection
ALLOWED_SPCS_WORKLOAD_TYPES; list:ALL|USER|NOTEBOOK|STREAMLIT|MODEL_SERVING|ML_JOB; A; ALL; What may run
AUTOCOMMIT; bool; AUN; true; Each statement is a transaction of its own
BINARY_INPUT_FORMAT; text; AUN!; HEX; How text is read as binary
BINARY_OUTPUT_FORMAT; HEX|BASE64; AUN!; HEX; How binary is shown
CATALOG; text; ADS; ; Catalog integration of Iceberg tables
CLIENT_MEMORY_LIMIT; int; AUN; 1536; MB that a client may use for results
CLIENT_METADATA_REQUEST_USE_CONNECTION_CTX; bool; AUN; false; Drivers list only the current database
CLIENT_PREFETCH_THREADS; int; AUN; 4; Threads with which a client fetches results
CLIENT_RESULT_CHUNK_SIZE; int; AUN; 160; MB of one piece of a result
CLIENT_RESULT_COLUMN_CASE_INSENSITIVE; bool; AUN; false; Drivers match column names in any case
CLIENT_SESSION_KEEP_ALIVE; bool; AUN; false; Drivers keep idle sessions open
CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY; int; AUN; 3600; Seconds between a driver's signs of life
CLIENT_TIMESTAMP_TYPE_MAPPING; TIMESTAMP_LTZ|TIMESTAMP_NTZ; AUN; TIMESTAMP_LTZ; Type of bound timestamps
DATA_RETENTION_TIME_IN_DAYS; int; ADS; 1; Days that old data can be seen
DATE_INPUT_FORMAT; text; AUN!; AUTO; How text is read as a date
DATE_OUTPUT_FORMAT; text; AUN; YYYY-MM-DD; How dates are shown
DEFAULT_DDL_COLLATION; text; ADS; ; Collation of new text columns
DEFAULT_NOTEBOOK_COMPUTE_POOL_CPU; text; ADS; SYSTEM_COMPUTE_POOL_CPU; Compute pool of new notebooks
DEFAULT_NOTEBOOK_COMPUTE_POOL_GPU; text; ADS; SYSTEM_COMPUTE_POOL_GPU; Compute pool of new notebooks with GPU
DISALLOWED_SPCS_WORKLOAD_TYPES; list:ALL|USER|NOTEBOOK|STREAMLIT|MODEL_SERVING|ML_JOB; A; ; What may not run
ENABLE_CONSOLE_OUTPUT; bool; ADS; false; Procedures write to the console
ENABLE_UNLOAD_PHYSICAL_TYPE_OPTIMIZATION; bool; AUN; true; Smaller types in unloaded Parquet files
ENABLE_UNREDACTED_QUERY_SYNTAX_ERROR; bool; AU; false; Failed statements are shown in full in histories
ERROR_ON_NONDETERMINISTIC_MERGE; bool; AUN!; true; MERGE with several matches fails
ERROR_ON_NONDETERMINISTIC_UPDATE; bool; AUN!; false; UPDATE with several matches fails
EXTERNAL_VOLUME; text; ADS; ; Volume of Iceberg tables
GEOGRAPHY_OUTPUT_FORMAT; text; AUN!; GeoJSON; How geographies are shown
GEOMETRY_OUTPUT_FORMAT; text; AUN!; GeoJSON; How geometries are shown
JDBC_TREAT_DECIMAL_AS_INT; bool; AUN; true; JDBC gives whole decimals as integers
JDBC_TREAT_TIMESTAMP_NTZ_AS_UTC; bool; AUN; false; JDBC reads timestamps without zone as UTC
JDBC_USE_SESSION_TIMEZONE; bool; AUN; true; JDBC shows times in the session's zone
JSON_INDENT; int; AUN!; 2; Blanks per level in shown JSON
LOCK_TIMEOUT; int; AUN!; 43200; Seconds that a statement waits for a lock
EVENT_TABLE; text; AD; snowflake.telemetry.events; Where telemetry of services can be read
LOG_EVENT_LEVEL; TRACE|DEBUG|INFO|WARN|ERROR|FATAL|OFF; AUNDS; OFF; Least severity of events that are kept
LOG_LEVEL; TRACE|DEBUG|INFO|WARN|ERROR|FATAL|OFF; AUNDS; OFF; Least severity of messages that are kept
MAX_CONCURRENCY_LEVEL; int; AW; 8; Statements that a warehouse runs at once
MAX_DATA_EXTENSION_TIME_IN_DAYS; int; ADS; 14; Days that retention may grow by for streams
MULTI_STATEMENT_COUNT; int; AUN; 1; Statements in one request
NETWORK_POLICY; text; AU; ; Network policy in force
NOORDER_SEQUENCE_AS_DEFAULT; bool; AUN; true; Sequences need not be in order
OAUTH_ADD_PRIVILEGED_ROLES_TO_BLOCKED_LIST; bool; A; true; OAuth clients cannot use administrator roles
ODBC_TREAT_DECIMAL_AS_INT; bool; AUN; false; ODBC gives whole decimals as integers
PIPE_EXECUTION_PAUSED; bool; AS; false; Pipes are paused
PREVENT_UNLOAD_TO_INTERNAL_STAGES; bool; AU; false; No unloading to internal stages
PYTHON_CONNECTOR_QUERY_RESULT_FORMAT; ARROW|ARROW_FORCE|JSON; AUN; ARROW; Form of results for Python
QUERY_TAG; text; AUN; ; Text that marks the session's statements
QUOTED_IDENTIFIERS_IGNORE_CASE; bool; AUNDS!; false; Quoted names are folded to upper case
REPLACE_INVALID_CHARACTERS; bool; ADS; false; Iceberg tables get a mark in place of bad UTF-8
ROWS_PER_RESULTSET; int; AUN!; 0; Most rows of a result, 0 for all
S3_STAGE_VPCE_DNS_NAME; text; AUN!; ; Private endpoint of stages
SEARCH_PATH; text; AUN!; $current, $public; Schemas in which unqualified names are looked up
SIMULATED_DATA_SHARING_CONSUMER; text; AUN!; ; Account whose view of shared data is tried
STATEMENT_QUEUED_TIMEOUT_IN_SECONDS; int; AUNW; 0; Seconds that a statement may wait to run, 0 for ever
STATEMENT_TIMEOUT_IN_SECONDS; int; AUNW; 172800; Seconds that a statement may run, 0 for seven days
STORAGE_SERIALIZATION_POLICY; COMPATIBLE|OPTIMIZED; ADS; OPTIMIZED; How Iceberg tables are written
STRICT_JSON_OUTPUT; bool; AUN!; false; JSON output keeps to the standard
SUSPEND_TASK_AFTER_NUM_FAILURES; int; ADS; 10; Failures in a row that suspend a task
TASK_AUTO_RETRY_ATTEMPTS; int; ADS; 0; Times that a failed task is tried again
TIMESTAMP_DAY_IS_ALWAYS_24H; bool; AUN!; false; A day has 24 hours when the clocks change
TIMESTAMP_INPUT_FORMAT; text; AUN!; AUTO; How text is read as a timestamp
TIMESTAMP_LTZ_OUTPUT_FORMAT; text; AUN; ; How timestamps in local time are shown
TIMESTAMP_NTZ_OUTPUT_FORMAT; text; AUN; YYYY-MM-DD HH24:MI:SS.FF3; How timestamps without zone are shown
TIMESTAMP_OUTPUT_FORMAT; text; AUN; YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM; How timestamps are shown
TIMESTAMP_TYPE_MAPPING; TIMESTAMP_LTZ|TIMESTAMP_NTZ|TIMESTAMP_TZ; AUN; TIMESTAMP_NTZ; What TIMESTAMP means
TIMESTAMP_TZ_OUTPUT_FORMAT; text; AUN; ; How timestamps with zone are shown
TIMEZONE; zone; AUN; America/Los_Angeles; Time zone of the session
TIME_INPUT_FORMAT; text; AUN!; AUTO; How text is read as a time
TIME_OUTPUT_FORMAT; text; AUN; HH24:MI:SS; How times are shown
TRACE_LEVEL; ALWAYS|ON_EVENT|PROPAGATE|OFF; AUNDS; OFF; Which trace events are kept
TRANSACTION_ABORT_ON_ERROR; bool; AUN; false; A failed statement ends its transaction
TRANSACTION_DEFAULT_ISOLATION_LEVEL; READ COMMITTED; AUN; READ COMMITTED; Isolation of transactions
TWO_DIGIT_CENTURY_START; int; AUN!; 1970; First year that two digits can mean
UNSUPPORTED_DDL_ACTION; IGNORE|FAIL; AUN; ignore; What becomes of clauses without meaning
USER_TASK_MANAGED_INITIAL_WAREHOUSE_SIZE; text; ADS; Medium; First size of a serverless task's warehouse
USER_TASK_MINIMUM_TRIGGER_INTERVAL_IN_SECONDS; int; ADS; 30; Least seconds between runs of a triggered task
USER_TASK_TIMEOUT_MS; int; ADS; 3600000; Milliseconds that a task may run
USE_CACHED_RESULT; bool; AUN; true; Results of earlier statements are used again
WEEK_OF_YEAR_POLICY; int; AUN!; 0; How weeks of a year are counted
WEEK_START; int; AUN!; 0; First day of the week
"""
