// A client of the local account made with Snowflake's Go driver: it does what programs do and prints, as JSON,
// what came of it. The connection's settings come as JSON on standard input.
package main

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	sf "github.com/snowflakedb/gosnowflake/v2"
)

type settings struct {
	Account, Host, User, Password, Role, Database, Schema, Warehouse string
	Port                                                             int
	PrivateKey                                                       string
	Folder                                                           string
}

func main() {
	var given settings
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		log.Fatal(err)
	}
	found, err := run(given)
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		log.Fatal(err)
	}
}

func run(given settings) (map[string]any, error) {
	db, err := open(given)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	found := map[string]any{"version": sf.SnowflakeGoDriverVersion}
	steps := []struct {
		name string
		run  func(*sql.DB, settings) (any, error)
	}{
		{"session", session}, {"rows", rows}, {"batch", batch}, {"large", large}, {"empty", empty}, {"shown", shown},
		{"several", several}, {"async", async}, {"error", refusal}, {"cancelled", cancelled}, {"files", files},
		{"key_pair", keyPair},
	}
	for _, step := range steps {
		if found[step.name], err = step.run(db, given); err != nil {
			return nil, fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return found, nil
}

func config(given settings) *sf.Config {
	return &sf.Config{
		Account: given.Account, Host: given.Host, Port: given.Port, Protocol: "http",
		User: given.User, Password: given.Password, Role: given.Role,
		Database: given.Database, Schema: given.Schema, Warehouse: given.Warehouse,
		Params: map[string]*string{},
	}
}

func open(given settings) (*sql.DB, error) {
	return connect(config(given))
}

func connect(made *sf.Config) (*sql.DB, error) {
	dsn, err := sf.DSN(made)
	if err != nil {
		return nil, err
	}
	return sql.Open("snowflake", dsn)
}

func session(db *sql.DB, _ settings) (any, error) {
	var user, role, database, schema, warehouse string
	err := db.QueryRow(
		"SELECT CURRENT_USER(), CURRENT_ROLE(), CURRENT_DATABASE(), CURRENT_SCHEMA(), CURRENT_WAREHOUSE()",
	).Scan(&user, &role, &database, &schema, &warehouse)
	return []string{user, role, database, schema, warehouse}, err
}

// rows writes with bound values and reads them back as Go's types.
func rows(db *sql.DB, _ settings) (any, error) {
	if _, err := db.Exec("CREATE OR REPLACE TABLE GO_ROWS (ID INTEGER, NAME VARCHAR, MADE TIMESTAMP_NTZ, OK BOOLEAN)"); err != nil {
		return nil, err
	}
	at := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	done, err := db.Exec("INSERT INTO GO_ROWS SELECT ?, ?, ?, ?", 7, "süß; $$ 'quoted'", sf.DataTypeTimestampNtz, at, true)
	if err != nil {
		return nil, err
	}
	count, err := done.RowsAffected()
	if err != nil {
		return nil, err
	}
	if _, err := db.Exec("INSERT INTO GO_ROWS (ID) VALUES (8)"); err != nil {
		return nil, err
	}
	var id int
	var name string
	var read time.Time
	var ok bool
	if err := db.QueryRow("SELECT ID, NAME, MADE, OK FROM GO_ROWS WHERE ID = ?", 7).Scan(&id, &name, &read, &ok); err != nil {
		return nil, err
	}
	var empty sql.NullString
	if err := db.QueryRow("SELECT NAME FROM GO_ROWS WHERE ID = 8").Scan(&empty); err != nil {
		return nil, err
	}
	return map[string]any{
		"inserted": count, "id": id, "name": name, "at": read.UTC().Format(time.RFC3339), "ok": ok, "null": !empty.Valid,
	}, nil
}

// batch writes many rows with one statement.
func batch(db *sql.DB, _ settings) (any, error) {
	if _, err := db.Exec("CREATE OR REPLACE TABLE GO_BATCH (ID INTEGER, NAME VARCHAR)"); err != nil {
		return nil, err
	}
	ids, names := make([]int, 1000), make([]string, 1000)
	for index := range ids {
		ids[index], names[index] = index, fmt.Sprintf("name %d", index)
	}
	first, err := sf.Array(&ids)
	if err != nil {
		return nil, err
	}
	second, err := sf.Array(&names)
	if err != nil {
		return nil, err
	}
	if _, err := db.Exec("INSERT INTO GO_BATCH VALUES (?, ?)", first, second); err != nil {
		return nil, err
	}
	var count, sum int
	var last string
	err = db.QueryRow("SELECT COUNT(*), SUM(ID), MAX(NAME) FROM GO_BATCH").Scan(&count, &sum, &last)
	return []any{count, sum, last}, err
}

func large(db *sql.DB, _ settings) (any, error) {
	answer, err := db.Query("SELECT SEQ4() AS N, RPAD('x', 20) AS T FROM TABLE(GENERATOR(ROWCOUNT => 100000))")
	if err != nil {
		return nil, err
	}
	defer answer.Close()
	count := 0
	for answer.Next() {
		var number int
		var text string
		if err := answer.Scan(&number, &text); err != nil {
			return nil, err
		}
		if len(text) == 20 {
			count++
		}
	}
	return count, answer.Err()
}

func empty(db *sql.DB, _ settings) (any, error) {
	answer, err := db.Query("SELECT ID, NAME FROM GO_BATCH WHERE FALSE")
	if err != nil {
		return nil, err
	}
	defer answer.Close()
	types, err := answer.ColumnTypes()
	if err != nil {
		return nil, err
	}
	found := []any{answer.Next()}
	for _, one := range types {
		found = append(found, one.Name(), one.DatabaseTypeName())
	}
	return found, nil
}

// several sends three statements in one request.
func several(db *sql.DB, _ settings) (any, error) {
	answer, err := db.QueryContext(sf.WithMultiStatement(context.Background(), 3), "SET GO_N = 5; SELECT $GO_N; SELECT 2")
	if err != nil {
		return nil, err
	}
	defer answer.Close()
	var found []int
	for answer.NextResultSet() {
		for answer.Next() {
			var number int
			if err := answer.Scan(&number); err != nil {
				return nil, err
			}
			found = append(found, number)
		}
	}
	return found, answer.Err()
}

// async lets a statement run on the server, and takes its result by its id.
func async(db *sql.DB, _ settings) (any, error) {
	ids := make(chan string, 1)
	started := sf.WithQueryIDChan(sf.WithAsyncMode(context.Background()), ids)
	answer, err := db.QueryContext(started, "SELECT COUNT(*) FROM GO_BATCH")
	if err != nil {
		return nil, err
	}
	defer answer.Close()
	var count int
	err = db.QueryRowContext(sf.WithFetchResultByID(context.Background(), <-ids), "").Scan(&count)
	return count, err
}

func shown(db *sql.DB, _ settings) (any, error) {
	answer, err := db.Query("SHOW TABLES LIKE 'GO_ROWS'")
	if err != nil {
		return nil, err
	}
	defer answer.Close()
	columns, err := answer.Columns()
	return columns[:4], err
}

func refusal(db *sql.DB, _ settings) (any, error) {
	_, err := db.Exec("DROP STAGE NO_SUCH_STAGE")
	var refused *sf.SnowflakeError
	if !errors.As(err, &refused) {
		return nil, fmt.Errorf("expected a refusal, not %v", err)
	}
	return []any{refused.Number, refused.SQLState, refused.QueryID != ""}, nil
}

// cancelled tells whether a statement ends when its context does.
func cancelled(db *sql.DB, _ settings) (any, error) {
	soon, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	_, err := db.ExecContext(soon, "CALL SYSTEM$WAIT(60)")
	return errors.Is(err, context.DeadlineExceeded) || strings.Contains(fmt.Sprint(err), "ancel"), nil
}

// files puts a file into a stage, overwrites it with a shorter one, and gets it back.
func files(db *sql.DB, given settings) (any, error) {
	source := filepath.Join(given.Folder, "notes.txt")
	put := fmt.Sprintf("PUT file://%s @GO_FILES AUTO_COMPRESS=FALSE OVERWRITE=TRUE", source)
	if _, err := db.Exec("CREATE OR REPLACE STAGE GO_FILES"); err != nil {
		return nil, err
	}
	for _, text := range []string{"a longer first text", "short"} {
		if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
			return nil, err
		}
		if _, err := db.Exec(put); err != nil {
			return nil, err
		}
	}
	target := filepath.Join(given.Folder, "got")
	if err := os.MkdirAll(target, 0o700); err != nil {
		return nil, err
	}
	if _, err := db.Exec(fmt.Sprintf("GET @GO_FILES/notes.txt file://%s/", target)); err != nil {
		return nil, err
	}
	content, err := os.ReadFile(filepath.Join(target, "notes.txt"))
	return string(content), err
}

// keyPair signs in as another user, by private key.
func keyPair(_ *sql.DB, given settings) (any, error) {
	block, _ := pem.Decode([]byte(given.PrivateKey))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	made := config(given)
	made.User, made.Password, made.Role = "GO_ROBOT", "", ""
	made.Authenticator, made.PrivateKey = sf.AuthTypeJwt, key.(*rsa.PrivateKey)
	db, err := connect(made)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	var user string
	err = db.QueryRow("SELECT CURRENT_USER()").Scan(&user)
	return user, err
}
