"""Parity cases: what Snowflake's documentation says, as data, run through official clients.

`python -m tests.account.parity` runs all cases against an account of its own. From the results it writes
docs/parity.md and the counts in the account's README; with names of areas (`… parity service job`) it only
runs those and writes their sections again. `tests/account/parity/test_parity.py` runs the same and fails when
a case behaves otherwise than it says, or when a page is not what the results give.

What the account should have is counted against a list that the cases do not choose: `reference/` has the
statement pages of Snowflake's SQL reference, line by line. A case says which lines it covers.

**Add a case** to the file of its area, `cases/<area>.yaml`:

    area: Compute pools             # heading on the page
    part: statements                # statements | privileges | snow | other: where the page counts it
    source: https://docs.…          # the page that was followed; a case may have its own
    verified: docs 2026-11-23
    order: 10                       # place on the page
    files: {spec.yaml: …}           # for commands, in their working directory <<folder>>
    setup: [CREATE …]               # once, as ACCOUNTADMIN, in the area's own schema PARITY.<FILE NAME>
    cleanup: [DROP …]               # the same, afterwards; errors are ignored
    cases:
      - form: CREATE COMPUTE POOL … AUTO_RESUME    # as the page shows it; unique in the file
        covers: [AUTO_RESUME]                      # lines of the reference's page `source` that this shows
        run: CREATE COMPUTE POOL P …               # what is sent; a list: the last one is judged

What is judged, all of it optional except that one must be there (or `then`):

    status: Statement executed successfully.   # the one cell `status`
    columns: name state min_nodes:fixed        # exactly these, in this order; types (default text) as well
    row: {state: SUSPENDED, comment: null}     # cells of the first row, others are not looked at
    rows: [{name: A}, {name: B}]               # exactly so many rows, in this order; [] for none
    has: {name: A}                             # some row has these cells
    text: /Running/                            # the only cell, or all that a command printed
    error: "002003 02000 does not exist"       # Snowflake's own refusal: number, SQL state, part of the text
    refused: Unsupported feature 'UNSET'       # 000002 or 001003: not supported here, and says so by name

A cell is compared as text: exactly, or as a regular expression for the whole cell between slashes (`/.+/` is
anything but NULL), or `null`. `<<pool>>`, `<<image>>` … stand for what the world has (world.py).

    evidence: recorded     # recorded, report or documentation (default): where the expectation comes from;
                           # what was recorded of real Snowflake goes before the documentation
    outside: tasks         # refused because the account is not for this: one of OUTSIDE in cases.py
    role: GUEST            # ADMIN (ACCOUNTADMIN, default), OWNER (may make services), GUEST (sees the schema)
    setup / cleanup: [GRANT …, {OWNER: CREATE SERVICE …}]   # around this case, as ACCOUNTADMIN or as named
    then: [{run: SHOW …, row: …}]              # more steps that must hold; not counted by themselves
    wait: true                                 # ask again until it holds, 40 s at most
    client: snow                               # `run` is a command line of snow (default in snow_*.yaml)

An error case covers nothing: it does not show that something works. A refused case covers the lines that it
is about, and those alone. A statement that was refused by name and now works: put what it gives in the place
of `refused`, and make the pages again.
"""
