import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import net.snowflake.client.api.connection.DownloadStreamConfig;
import net.snowflake.client.api.connection.SnowflakeConnection;
import net.snowflake.client.api.connection.UploadStreamConfig;
import net.snowflake.client.api.resultset.SnowflakeResultSet;
import net.snowflake.client.api.statement.SnowflakeStatement;
import net.snowflake.client.jdbc.internal.fasterxml.jackson.databind.ObjectMapper;

/**
 * A client of the local account made with Snowflake's JDBC driver: it does what programs and JDBC tools do and
 * prints, as JSON, what came of it. The connection's settings come as JSON on standard input.
 */
public class Check {
    interface Step {
        Object run(Connection connection, Map<String, Object> given) throws Exception;
    }

    public static void main(String[] arguments) throws Exception {
        @SuppressWarnings("unchecked")
        Map<String, Object> given = new ObjectMapper().readValue(System.in, Map.class);
        Map<String, Step> steps = new LinkedHashMap<>();
        steps.put("session", Check::session);
        steps.put("rows", Check::rows);
        steps.put("batch", Check::batch);
        steps.put("large", Check::large);
        steps.put("empty", Check::empty);
        steps.put("metadata", Check::metadata);
        steps.put("several", Check::several);
        steps.put("async", Check::async);
        steps.put("cancelled", Check::cancelled);
        steps.put("error", Check::refusal);
        steps.put("transaction", Check::transaction);
        steps.put("files", Check::files);
        steps.put("key_pair", Check::keyPair);
        Map<String, Object> found = new LinkedHashMap<>();
        for (String format : List.of("ARROW", "JSON")) {
            Properties more = new Properties();
            more.put("JDBC_QUERY_RESULT_FORMAT", format);
            // The driver sends a java.sql.Timestamp as a moment, which NTZ columns take in the session's zone.
            more.put("TIMEZONE", "Etc/UTC");
            Map<String, Object> answers = new LinkedHashMap<>();
            try (Connection connection = connect(given, more)) {
                answers.put("version", connection.getMetaData().getDriverVersion());
                for (Map.Entry<String, Step> step : steps.entrySet()) {
                    try {
                        answers.put(step.getKey(), step.getValue().run(connection, given));
                    } catch (Exception error) {
                        answers.put(step.getKey(), "failed: " + error);
                    }
                }
            }
            found.put(format, answers);
        }
        System.out.println(new ObjectMapper().writeValueAsString(found));
        System.exit(0);
    }

    static Connection connect(Map<String, Object> given, Properties more) throws SQLException {
        Properties properties = new Properties();
        for (String name : List.of("account", "user", "password", "role", "database", "schema", "warehouse")) {
            properties.put(name, given.get(name));
        }
        properties.put("ssl", "off");
        properties.putAll(more);
        return DriverManager.getConnection("jdbc:snowflake://" + given.get("host") + ":" + given.get("port"), properties);
    }

    static List<Object> list(ResultSet answer, String... names) throws SQLException {
        List<Object> found = new ArrayList<>();
        while (answer.next()) {
            List<Object> row = new ArrayList<>();
            for (String name : names) {
                row.add(answer.getObject(name));
            }
            found.add(row);
        }
        return found;
    }

    static Object session(Connection c, Map<String, Object> given) throws SQLException {
        try (ResultSet answer = c.createStatement().executeQuery(
                "SELECT CURRENT_USER(), CURRENT_ROLE(), CURRENT_DATABASE(), CURRENT_SCHEMA(), CURRENT_WAREHOUSE()")) {
            answer.next();
            List<String> found = new ArrayList<>();
            for (int index = 1; index <= 5; index++) {
                found.add(answer.getString(index));
            }
            return found;
        }
    }

    /** Values written with bindings, read as Java's types. */
    static Object rows(Connection c, Map<String, Object> given) throws SQLException {
        c.createStatement().execute("CREATE OR REPLACE TABLE \"jdbc rows\" (\"id\" INTEGER PRIMARY KEY, NAME VARCHAR(40) NOT NULL, "
                + "MADE TIMESTAMP_NTZ, DAY DATE, OK BOOLEAN, PRICE NUMBER(38, 2), SCORE FLOAT, RAW BINARY, DATA VARIANT)");
        try (PreparedStatement insert = c.prepareStatement(
                "INSERT INTO \"jdbc rows\" SELECT ?, ?, ?, ?, ?, ?, ?, ?, PARSE_JSON(?)")) {
            insert.setInt(1, 7);
            insert.setString(2, "süß; $$ 'quoted'\n");
            insert.setTimestamp(3, Timestamp.valueOf("2026-05-04 03:02:01.5"));
            insert.setDate(4, Date.valueOf("2026-05-04"));
            insert.setBoolean(5, true);
            insert.setBigDecimal(6, new BigDecimal("123456789012345678901234567890.12"));
            insert.setDouble(7, 0.1);
            insert.setBytes(8, new byte[] {(byte) 0xBE, (byte) 0xEF});
            insert.setString(9, "{\"a\": [1, null]}");
            insert.executeUpdate();
        }
        int changed = c.createStatement().executeUpdate("INSERT INTO \"jdbc rows\" (\"id\", NAME) VALUES (8, 'b'), (9, 'c')");
        try (ResultSet answer = c.createStatement().executeQuery("SELECT * FROM \"jdbc rows\" ORDER BY \"id\"")) {
            answer.next();
            Map<String, Object> found = new LinkedHashMap<>();
            found.put("changed", changed);
            found.put("id", answer.getInt("id"));
            found.put("name", answer.getString("NAME"));
            found.put("made", answer.getTimestamp("MADE").toString());
            found.put("day", answer.getDate("DAY").toString());
            found.put("ok", answer.getBoolean("OK"));
            found.put("price", answer.getBigDecimal("PRICE").toPlainString());
            found.put("score", answer.getDouble("SCORE"));
            found.put("raw", Arrays.toString(answer.getBytes("RAW")));
            found.put("data", answer.getString("DATA").replaceAll("\\s", ""));
            answer.next();
            found.put("null", answer.getObject("PRICE") == null && answer.wasNull());
            return found;
        }
    }

    static Object batch(Connection c, Map<String, Object> given) throws SQLException {
        c.createStatement().execute("CREATE OR REPLACE TABLE JDBC_BATCH (ID INTEGER, NAME VARCHAR)");
        try (PreparedStatement insert = c.prepareStatement("INSERT INTO JDBC_BATCH VALUES (?, ?)")) {
            for (int index = 0; index < 1000; index++) {
                insert.setInt(1, index);
                insert.setString(2, "name " + index);
                insert.addBatch();
            }
            int done = Arrays.stream(insert.executeBatch()).sum();
            // So many that the driver sends them as files.
            for (int index = 1000; index < 36000; index++) {
                insert.setInt(1, 0);
                insert.setString(2, index % 2 == 0 ? null : "\"" + index + "\",\n\\");
                insert.addBatch();
            }
            done += insert.executeBatch().length;
            try (ResultSet answer = c.createStatement().executeQuery("SELECT COUNT(NAME) N, SUM(ID) S, MIN(NAME) M FROM JDBC_BATCH")) {
                answer.next();
                return List.of(done, answer.getInt("N"), answer.getInt("S"), answer.getString("M"));
            }
        }
    }

    static Object large(Connection c, Map<String, Object> given) throws SQLException {
        try (ResultSet answer = c.createStatement().executeQuery(
                "SELECT SEQ4() AS N, RPAD('x', 20) AS T FROM TABLE(GENERATOR(ROWCOUNT => 100000))")) {
            int count = 0;
            while (answer.next()) {
                count += answer.getString("T").length() == 20 ? 1 : 0;
            }
            return count;
        }
    }

    static Object empty(Connection c, Map<String, Object> given) throws SQLException {
        try (ResultSet answer = c.createStatement().executeQuery("SELECT ID, NAME FROM JDBC_BATCH WHERE FALSE")) {
            return List.of(answer.next(), answer.getMetaData().getColumnTypeName(1), answer.getMetaData().getColumnTypeName(2));
        }
    }

    /** What JDBC tools ask to show a database. */
    static Object metadata(Connection c, Map<String, Object> given) throws SQLException {
        DatabaseMetaData data = c.getMetaData();
        String database = (String) given.get("database");
        c.createStatement().execute("CREATE OR REPLACE TABLE JDBC_CHILD (ID INTEGER, "
                + "FOREIGN KEY (ID) REFERENCES \"jdbc rows\" (\"id\"))");
        c.createStatement().execute("CREATE OR REPLACE VIEW JDBC_VIEW AS SELECT ID FROM JDBC_BATCH");
        Map<String, Object> found = new LinkedHashMap<>();
        found.put("catalogs", list(data.getCatalogs(), "TABLE_CAT").contains(List.of(database)));
        found.put("schemas", list(data.getSchemas(database, "PUBLIC"), "TABLE_SCHEM"));
        found.put("tables", list(data.getTables(database, "PUBLIC", "%dbc%", null), "TABLE_NAME", "TABLE_TYPE"));
        found.put("views", list(data.getTables(database, "PUBLIC", "JDBC%", new String[] {"VIEW"}), "TABLE_NAME"));
        found.put("columns", list(data.getColumns(database, "PUBLIC", "jdbc rows", "%"),
                "COLUMN_NAME", "TYPE_NAME", "COLUMN_SIZE", "IS_NULLABLE"));
        found.put("primary", list(data.getPrimaryKeys(database, "PUBLIC", "jdbc rows"), "COLUMN_NAME"));
        found.put("imported", list(data.getImportedKeys(database, "PUBLIC", "JDBC_CHILD"), "PKTABLE_NAME", "FKCOLUMN_NAME"));
        found.put("exported", list(data.getExportedKeys(database, "PUBLIC", "jdbc rows"), "FKTABLE_NAME"));
        found.put("procedures", list(data.getProcedures(database, "PUBLIC", "%"), "PROCEDURE_NAME"));
        found.put("functions", list(data.getFunctions(database, "PUBLIC", "%"), "FUNCTION_NAME"));
        found.put("types", list(data.getTypeInfo(), "TYPE_NAME").size() > 5);
        return found;
    }

    static Object several(Connection c, Map<String, Object> given) throws SQLException {
        try (Statement statement = c.createStatement()) {
            statement.unwrap(SnowflakeStatement.class).setParameter("MULTI_STATEMENT_COUNT", 3);
            statement.execute("SET JDBC_N = 5; SELECT $JDBC_N; SELECT 2");
            List<Integer> found = new ArrayList<>();
            while (statement.getMoreResults()) {
                statement.getResultSet().next();
                found.add(statement.getResultSet().getInt(1));
            }
            return found;
        }
    }

    /** A statement that runs on the server while the client does something else; its result by its id. */
    static Object async(Connection c, Map<String, Object> given) throws Exception {
        try (Statement statement = c.createStatement()) {
            ResultSet answer = statement.unwrap(SnowflakeStatement.class).executeAsyncQuery("SELECT COUNT(*) FROM JDBC_BATCH");
            String id = answer.unwrap(SnowflakeResultSet.class).getQueryID();
            try (ResultSet again = c.unwrap(SnowflakeConnection.class).createResultSet(id)) {
                again.next();
                return again.getInt(1);
            }
        }
    }

    static Object cancelled(Connection c, Map<String, Object> given) throws Exception {
        Statement statement = c.createStatement();
        Thread other = new Thread(() -> {
            for (int attempt = 0; attempt < 100; attempt++) {
                try {
                    Thread.sleep(100);
                    statement.cancel();
                } catch (Exception tooEarly) {
                    continue;
                }
            }
        });
        other.setDaemon(true);
        other.start();
        try {
            statement.execute("CALL SYSTEM$WAIT(60)");
            return "no error";
        } catch (SQLException error) {
            other.interrupt();
            return error.getErrorCode();
        }
    }

    static Object refusal(Connection c, Map<String, Object> given) {
        try {
            c.createStatement().execute("DROP STAGE NO_SUCH_STAGE");
            return "no error";
        } catch (SQLException error) {
            return List.of(error.getErrorCode(), error.getSQLState());
        }
    }

    static Object transaction(Connection c, Map<String, Object> given) throws SQLException {
        c.setAutoCommit(false);
        c.createStatement().execute("DELETE FROM JDBC_BATCH");
        c.rollback();
        c.createStatement().execute("DELETE FROM JDBC_BATCH WHERE ID > 1");
        c.commit();
        c.setAutoCommit(true);
        try (ResultSet answer = c.createStatement().executeQuery("SELECT COUNT(*) FROM JDBC_BATCH")) {
            answer.next();
            return answer.getInt(1);
        }
    }

    /** Files in a stage of each kind of encryption, by PUT and GET and as streams. */
    static Object files(Connection c, Map<String, Object> given) throws Exception {
        List<String> found = new ArrayList<>();
        UploadStreamConfig below = UploadStreamConfig.builder().setDestPrefix("more").build();
        DownloadStreamConfig unzipped = DownloadStreamConfig.builder().setDecompress(true).build();
        for (String[] stage : new String[][] {{"JDBC_FULL", "SNOWFLAKE_FULL"}, {"JDBC_SSE", "SNOWFLAKE_SSE"}}) {
            c.createStatement().execute("CREATE OR REPLACE STAGE " + stage[0] + " ENCRYPTION = (TYPE = '" + stage[1] + "')");
            Path folder = Files.createTempDirectory(Path.of((String) given.get("folder")), stage[0]);
            Path source = folder.resolve("notes.txt");
            for (String text : List.of("a longer first text", "short")) {
                Files.writeString(source, text);
                c.createStatement().execute("PUT file://" + source + " @" + stage[0] + " AUTO_COMPRESS=FALSE OVERWRITE=TRUE");
            }
            Path target = Files.createDirectory(folder.resolve("got"));
            c.createStatement().execute("GET @" + stage[0] + "/notes.txt file://" + target + "/");
            found.add(Files.readString(target.resolve("notes.txt")));
            SnowflakeConnection streams = c.unwrap(SnowflakeConnection.class);
            InputStream text = new ByteArrayInputStream("a stream".getBytes(StandardCharsets.UTF_8));
            streams.uploadStream("@" + stage[0], "stream.txt", text, below);
            try (InputStream back = streams.downloadStream("@" + stage[0], "more/stream.txt.gz", unzipped)) {
                found.add(new String(back.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
        return found;
    }

    static Object keyPair(Connection c, Map<String, Object> given) throws Exception {
        String body = ((String) given.get("privatekey")).replaceAll("-----[A-Z ]+-----|\\s", "");
        Properties more = new Properties();
        more.put("user", "JDBC_ROBOT");
        more.put("role", "PUBLIC");
        more.put("privateKey", KeyFactory.getInstance("RSA").generatePrivate(
                new PKCS8EncodedKeySpec(Base64.getDecoder().decode(body))));
        try (Connection robot = connect(given, more);
                ResultSet answer = robot.createStatement().executeQuery("SELECT CURRENT_USER()")) {
            answer.next();
            return answer.getString(1);
        }
    }
}
