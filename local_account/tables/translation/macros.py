"""Functions of Snowflake that the data engine lacks, as macros of the engine.

An argument's type is known only to the engine. So a macro that differs by type asks for the type, and reads
the value from its text form, which every type has. A lambda gives the argument a name: an argument that stood
twice in a macro would double with each nesting.
"""

from __future__ import annotations

SCHEMA = "_fs_global.main"
# Names of the account's own functions in the engine begin so; clients cannot call them.
OWN_NAMES = "LOCAL_ACCOUNT_"
NOT_HEXADECIMAL = "The following string is not a legal hex-encoded value: "
TOO_LONG = " is too long and would be truncated"
# The offset of a TIMESTAMP_TZ is part of its value, and the engine's own type has none.
TIMESTAMP_TZ = "STRUCT(moment TIMESTAMPTZ, zone SMALLINT)"
# How the engine writes that type begins so.
ZONED_TYPE = "STRUCT(moment TIMESTAMP WITH TIME ZONE"
_OFFSET = r"([+-]\d\d:?\d\d|[+-]\d\d|Z)$"
# Output formats: see https://docs.snowflake.com/en/sql-reference/parameters
NTZ_FORMAT, LTZ_FORMAT = "%Y-%m-%d %H:%M:%S.%g", "%Y-%m-%d %H:%M:%S.%g "

_MACROS = f"""
CREATE OR REPLACE MACRO {SCHEMA}.offset_text(zone) AS
  printf('%s%02d%02d', if(zone < 0, '-', '+'), abs(zone) // 60, abs(zone) % 60);

CREATE OR REPLACE MACRO {SCHEMA}.in_utc(moment) AS moment AT TIME ZONE 'UTC';

CREATE OR REPLACE MACRO {SCHEMA}.here(moment) AS moment::TIMESTAMP;

CREATE OR REPLACE MACRO {SCHEMA}.local_zone(moment) AS
  date_diff('minute', moment AT TIME ZONE 'UTC', moment::TIMESTAMP)::SMALLINT;

CREATE OR REPLACE MACRO {SCHEMA}.offset_of(input) AS list_transform([input], lambda v:
  if(typeof(v) IN ('TIMESTAMP', 'DATE'), '+0000', right({SCHEMA}.to_text(v), 5)))[1];

CREATE OR REPLACE MACRO {SCHEMA}.wall_clock(input) AS
  list_transform([input], lambda v: (v.moment AT TIME ZONE 'UTC') + to_minutes(v.zone))[1];

CREATE OR REPLACE MACRO {SCHEMA}.zoned_text(input) AS list_transform([input], lambda v:
  strftime((v.moment AT TIME ZONE 'UTC') + to_minutes(v.zone), '{LTZ_FORMAT}')
  || {SCHEMA}.offset_text(v.zone))[1];

CREATE OR REPLACE MACRO {SCHEMA}.to_timestamp_tz(input) AS list_transform([input::VARCHAR], lambda t: CASE
  WHEN t IS NULL THEN NULL
  WHEN starts_with(t, '{{') THEN t::{TIMESTAMP_TZ}
  WHEN regexp_full_match(t, '-?\\d{{1,18}}') THEN struct_pack(
    moment := to_timestamp(t::BIGINT), zone := {SCHEMA}.local_zone(to_timestamp(t::BIGINT)))
  WHEN regexp_matches(t, ':\\d\\d(\\.\\d+)? ?{_OFFSET}') THEN struct_pack(
    moment := regexp_replace(t, ' ?{_OFFSET}', '\\1')::TIMESTAMPTZ,
    zone := CASE WHEN ends_with(t, 'Z') THEN 0::SMALLINT ELSE (
      if(regexp_matches(t, '-\\d\\d:?(\\d\\d)?$'), -1, 1)
      * (regexp_extract(t, '[+-](\\d\\d):?(\\d\\d)?$', 1)::INTEGER * 60
         + ('0' || regexp_extract(t, '[+-](\\d\\d):?(\\d\\d)?$', 2))::INTEGER))::SMALLINT END)
  ELSE struct_pack(moment := t::TIMESTAMPTZ, zone := {SCHEMA}.local_zone(t::TIMESTAMPTZ))
  END)[1];

CREATE OR REPLACE MACRO {SCHEMA}.try_timestamp_tz(input) AS TRY({SCHEMA}.to_timestamp_tz(input));

CREATE OR REPLACE MACRO {SCHEMA}.in_zone(input, name) AS list_transform([input::TIMESTAMPTZ], lambda v:
  if(v IS NULL, NULL, struct_pack(
    moment := v, zone := date_diff('minute', v AT TIME ZONE 'UTC', v AT TIME ZONE name)::SMALLINT)))[1];

CREATE OR REPLACE MACRO {SCHEMA}.moved(input, wall) AS list_transform([input], lambda v: if(v IS NULL, NULL,
  struct_pack(moment := (wall - to_minutes(v.zone)) AT TIME ZONE 'UTC', zone := v.zone)))[1];

CREATE OR REPLACE MACRO {SCHEMA}.to_text(input) AS list_transform([input], lambda v: CASE typeof(v)
  WHEN 'JSON' THEN json_extract_string(v::VARCHAR, '$')
  WHEN 'BLOB' THEN hex(v::VARCHAR::BLOB)
  WHEN 'DOUBLE' THEN regexp_replace(v::VARCHAR, '\\.0$', '')
  WHEN 'TIME' THEN left(v::VARCHAR, 8)
  WHEN 'TIMESTAMP' THEN strftime(v::VARCHAR::TIMESTAMP, '{NTZ_FORMAT}')
  WHEN 'TIMESTAMP WITH TIME ZONE' THEN strftime(v::VARCHAR::TIMESTAMPTZ::TIMESTAMP, '{LTZ_FORMAT}')
    || {SCHEMA}.offset_text({SCHEMA}.local_zone(v::VARCHAR::TIMESTAMPTZ))
  ELSE CASE WHEN starts_with(typeof(v), '{ZONED_TYPE}')
    THEN {SCHEMA}.zoned_text(v::VARCHAR::{TIMESTAMP_TZ}) ELSE v::VARCHAR END
  END)[1];

CREATE OR REPLACE MACRO {SCHEMA}.to_bytes(input) AS list_transform([input], lambda v: CASE
  WHEN typeof(v) = 'BLOB' THEN v::VARCHAR::BLOB
  WHEN regexp_full_match(v::VARCHAR, '([0-9A-Fa-f]{{2}})*') THEN unhex(v::VARCHAR)
  WHEN v IS NOT NULL THEN error('{NOT_HEXADECIMAL}''' || v::VARCHAR || '''')
  END)[1];

CREATE OR REPLACE MACRO {SCHEMA}.try_to_bytes(input) AS list_transform([input], lambda v: CASE
  WHEN typeof(v) = 'BLOB' THEN v::VARCHAR::BLOB
  WHEN regexp_full_match(v::VARCHAR, '([0-9A-Fa-f]{{2}})*') THEN unhex(v::VARCHAR)
  END)[1];

CREATE OR REPLACE MACRO {SCHEMA}.epoch(input, scale) AS
  make_timestamp((input * power(10, 6 - scale))::BIGINT) AT TIME ZONE 'UTC';

CREATE OR REPLACE MACRO {SCHEMA}.to_timestamp_ntz(input, scale) AS list_transform([input], lambda v: CASE
  WHEN try_cast(v AS BIGINT) IS NOT NULL
  THEN make_timestamp((try_cast(v AS BIGINT) * power(10, 6 - scale))::BIGINT)
  ELSE CAST(v AS TIMESTAMP) END)[1];

CREATE OR REPLACE MACRO {SCHEMA}.zoned_here(moment) AS
  struct_pack(moment := moment, zone := {SCHEMA}.local_zone(moment));

CREATE OR REPLACE MACRO {SCHEMA}.fitting(input, most) AS list_transform([input], lambda v: CASE
  WHEN length(v) > most THEN error('String ''' || v || '''{TOO_LONG}') ELSE v END)[1];
"""


def creation_sql() -> str:
    """Statements that make all macros."""
    return _MACROS
