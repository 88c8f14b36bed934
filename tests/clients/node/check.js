// A client of the local account made with Snowflake's Node.js driver: it does what programs do and prints, as
// JSON, what came of it. The connection's settings come as JSON on standard input.
'use strict';

const fs = require('fs');
const path = require('path');
const snowflake = require('snowflake-sdk');

snowflake.configure({ logLevel: 'OFF', disableOCSPChecks: true });

function connect(given, more = {}) {
  const { account, host, port, user, password, role, database, schema, warehouse } = given;
  const connection = snowflake.createConnection({
    account, host, port, username: user, password, role, database, schema, warehouse,
    protocol: 'http', accessUrl: `http://${host}:${port}`, ...more,
  });
  return new Promise((done, failed) =>
    connection.connect((error) => (error ? failed(error) : done(connection))));
}

function ask(connection, sqlText, more = {}) {
  return new Promise((done, failed) => {
    connection.execute({
      sqlText, ...more,
      complete: (error, statement, rows) => (error ? failed(error) : done({ statement, rows })),
    });
  });
}

async function rows(connection, sqlText, binds) {
  return (await ask(connection, sqlText, binds ? { binds } : {})).rows;
}

const steps = {
  session: async (c) => Object.values((await rows(c,
    'SELECT CURRENT_USER(), CURRENT_ROLE(), CURRENT_DATABASE(), CURRENT_SCHEMA(), CURRENT_WAREHOUSE()'))[0]),

  // Values written with bindings, read as JavaScript's types.
  rows: async (c) => {
    await rows(c, 'CREATE OR REPLACE TABLE "node rows" ("id" INTEGER, NAME VARCHAR, MADE TIMESTAMP_NTZ, OK BOOLEAN, '
      + 'DATA VARIANT, RAW BINARY, SCORE FLOAT)');
    const made = await ask(c, 'INSERT INTO "node rows" SELECT ?, ?, ?, ?, PARSE_JSON(?), TO_BINARY(?), ?', {
      binds: [7, "süß; $$ 'quoted'\n", '2026-05-04 03:02:01.5', true, '{"a": [1, null]}', 'BEEF', 0.1],
    });
    await rows(c, 'INSERT INTO "node rows" ("id") VALUES (8)');
    const [first, second] = await rows(c, 'SELECT * FROM "node rows" ORDER BY "id"');
    return {
      changed: made.statement.getNumUpdatedRows(), names: Object.keys(first), id: first.id, name: first.NAME,
      made: first.MADE.toISOString(), ok: first.OK, data: first.DATA, raw: first.RAW.toString('hex'),
      score: first.SCORE, nulls: Object.values(second).filter((value) => value === null).length,
    };
  },

  // Many rows of bindings at once.
  batch: async (c) => {
    await rows(c, 'CREATE OR REPLACE TABLE NODE_BATCH (ID INTEGER, NAME VARCHAR)');
    const binds = Array.from({ length: 1000 }, (_, index) => [index, `name ${index}`]);
    await rows(c, 'INSERT INTO NODE_BATCH VALUES (?, ?)', binds);
    return Object.values((await rows(c, 'SELECT COUNT(*), SUM(ID), MAX(NAME) FROM NODE_BATCH'))[0]);
  },

  large: async (c) => {
    const { statement } = await ask(c, 'SELECT SEQ4() AS N, RPAD(\'x\', 20) AS T FROM TABLE(GENERATOR(ROWCOUNT => 100000))',
      { streamResult: true });
    let count = 0;
    for await (const row of statement.streamRows()) count += row.T.length === 20 ? 1 : 0;
    return count;
  },

  empty: async (c) => {
    const found = await ask(c, 'SELECT "id" AS A, NAME FROM "node rows" WHERE FALSE');
    return [found.rows.length, found.statement.getColumns().map((column) => [column.getName(), column.getType()])];
  },

  shown: async (c) => [
    (await rows(c, "SHOW TABLES LIKE 'node rows'"))[0].name,
    (await rows(c, "SHOW OBJECTS LIKE 'NODE_BATCH'"))[0].kind,
  ],

  several: async (c) => new Promise((done, failed) => {
    const found = [];
    c.execute({
      sqlText: 'SET NODE_N = 5; SELECT $NODE_N AS N; SELECT 2 AS N', parameters: { MULTI_STATEMENT_COUNT: 3 },
      complete: (error, statement, answer) => {
        if (error) return failed(error);
        found.push(answer.map((row) => Object.values(row)[0])[0]);
        return statement.hasNext() ? statement.NextResult() : done(found.slice(1));
      },
    });
  }),

  // A statement that runs on the server while the client does something else.
  async: async (c) => {
    const { statement } = await ask(c, 'SELECT COUNT(*) AS N FROM NODE_BATCH', { asyncExec: true });
    const found = await c.getResultsFromQueryId({ queryId: statement.getQueryId() });
    for await (const row of found.streamRows()) return row.N;
    return null;
  },

  cancelled: async (c) => new Promise((done) => {
    const statement = c.execute({
      sqlText: 'CALL SYSTEM$WAIT(60)', complete: (error) => done(Number(error.code)),
    });
    const timer = setInterval(() => statement.cancel((error) => { if (!error) clearInterval(timer); }), 100);
  }),

  error: async (c) => {
    try {
      await rows(c, 'DROP STAGE NO_SUCH_STAGE');
      return 'no error';
    } catch (error) {
      return [Number(error.code), error.sqlState, Boolean(error.data.queryId)];
    }
  },

  // Files in a stage of each kind of encryption: uploaded, replaced by a shorter one, and downloaded.
  files: async (c, given) => {
    const found = [];
    for (const [name, type] of [['NODE_FULL', 'SNOWFLAKE_FULL'], ['NODE_SSE', 'SNOWFLAKE_SSE']]) {
      await rows(c, `CREATE OR REPLACE STAGE ${name} ENCRYPTION = (TYPE = '${type}')`);
      const folder = path.join(given.folder, name);
      fs.mkdirSync(folder);
      const source = path.join(folder, 'notes.txt');
      for (const text of ['a longer first text', 'short']) {
        fs.writeFileSync(source, text);
        await rows(c, `PUT file://${source} @${name} AUTO_COMPRESS=FALSE OVERWRITE=TRUE`);
      }
      const target = path.join(folder, 'got');
      fs.mkdirSync(target);
      await rows(c, `GET @${name}/notes.txt file://${target}/`);
      found.push(fs.readFileSync(path.join(target, 'notes.txt'), 'utf8'));
    }
    return found;
  },

  key_pair: async (c, given) => {
    const robot = await connect(given, {
      username: 'NODE_ROBOT', password: undefined, role: undefined,
      authenticator: 'SNOWFLAKE_JWT', privateKey: given.privatekey,
    });
    return (await rows(robot, 'SELECT CURRENT_USER() AS U'))[0].U;
  },
};

async function main() {
  const given = JSON.parse(fs.readFileSync(0, 'utf8'));
  const connection = await connect(given);
  const found = { version: require('snowflake-sdk/package.json').version };
  for (const [name, step] of Object.entries(steps)) {
    try {
      found[name] = await step(connection, given);
    } catch (error) {
      found[name] = `failed: ${error.code} ${error.message}`;
    }
  }
  process.stdout.write(JSON.stringify(found), () => process.exit(0));
}

main().catch((error) => { process.stderr.write(`${error.stack}\n`); process.exit(1); });
