"""Names, types and values between Snowflake and the data engine; no tables are looked up here."""
