"""What Snowflake's dialect of SQLAlchemy, and pandas with it, must be able to do with an account.

Reads the connection's settings as JSON from stdin, prints what was found as JSON.
"""

from __future__ import annotations

import datetime
import decimal
import json
import sys
from collections.abc import Callable
from typing import Any

import pandas
import snowflake.sqlalchemy
import sqlalchemy
from snowflake.connector.pandas_tools import pd_writer
from snowflake.sqlalchemy import URL, VARIANT
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Numeric, String, Table, func, select
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "alchemy_author"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(40), nullable=False, comment="as on the cover")
    books: Mapped[list[Book]] = relationship(back_populates="author")


class Book(Base):
    __tablename__ = "Alchemy Book"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column("Title", String)
    price: Mapped[decimal.Decimal] = mapped_column(Numeric(10, 2))
    day: Mapped[datetime.date]
    author_id: Mapped[int] = mapped_column(ForeignKey("alchemy_author.id"))
    author: Mapped[Author] = relationship(back_populates="books")


def main() -> None:
    settings = json.load(sys.stdin)
    host, port = settings.pop("host"), settings.pop("port")
    address = URL(**{name: settings[name] for name in ("account", "user", "password", "role", "warehouse")})
    engine = sqlalchemy.create_engine(
        address,
        connect_args={
            "host": host,
            "port": port,
            "protocol": "http",
            "database": settings["database"],
            "schema": settings["schema"],
        },
    )
    steps: dict[str, Callable[[Engine], Any]] = {
        "orm": orm,
        "inspected": inspected,
        "reflected": reflected,
        "pandas": pandas_tables,
        "merged": merged,
        "variant": variant,
        "rolled back": rolled_back,
        "error": refused,
    }
    found: dict[str, Any] = {"version": snowflake.sqlalchemy.__version__}
    for name, step in steps.items():
        try:
            found[name] = step(engine)
        except Exception as error:
            found[name] = f"failed: {' '.join(str(error).split())}"
    engine.dispose()
    json.dump(found, sys.stdout, default=str)


def orm(engine: Engine) -> Any:
    """Objects and their relations, written and read."""
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Author(id=1, name="Ada"))
        session.flush()
        day = datetime.date(2026, 5, 4)
        session.add_all(
            Book(id=n, title=f"Volume {n}", price=decimal.Decimal("12.50"), day=day, author_id=1)
            for n in range(1, 4)
        )
        session.commit()
        rows = session.execute(
            select(Author.name, func.count(Book.id), func.sum(Book.price)).join(Book).group_by(Author.name)
        ).all()
        first = session.execute(select(Book).order_by(Book.id)).scalars().first()
        assert first is not None
        return [*rows[0], first.title, first.day, first.author.name]


def inspected(engine: Engine) -> Any:
    """What tools ask about a schema."""
    inspector = sqlalchemy.inspect(engine)
    columns = inspector.get_columns("Alchemy Book")
    return {
        "tables": sorted(set(inspector.get_table_names()) & {"alchemy_author", "Alchemy Book"}),
        "columns": [[column["name"], str(column["type"]), column["nullable"]] for column in columns],
        "comment": inspector.get_columns("alchemy_author")[1]["comment"],
        "key": inspector.get_pk_constraint("Alchemy Book")["constrained_columns"],
        "foreign": [
            [key["constrained_columns"], key["referred_table"], key["referred_columns"]]
            for key in inspector.get_foreign_keys("Alchemy Book")
        ],
        "views": inspector.get_view_names(),
        "schema": "public" in inspector.get_schema_names(),
    }


def reflected(engine: Engine) -> Any:
    """A table's definition read from the account."""
    table = Table("alchemy_author", MetaData(), autoload_with=engine)
    with engine.connect() as connection:
        return [list(table.columns.keys()), connection.execute(select(table.c.name)).scalars().all()]


def pandas_tables(engine: Engine) -> Any:
    """Data frames written row by row and through files, and read."""
    frame = pandas.DataFrame({"id": [1, 2], "Text": ["a", None], "score": [0.5, 1.5]})
    frame.to_sql("alchemy_frame", engine, index=False, if_exists="replace")
    # Through files, names are taken as they are, so they are those of the table that the dialect has made.
    upper = frame.rename(columns=str.upper)
    upper.to_sql("alchemy_frame_2", engine, index=False, if_exists="replace", method=pd_writer)
    with engine.connect() as connection:
        one = pandas.read_sql_query("SELECT * FROM alchemy_frame ORDER BY id", connection)
        two = pandas.read_sql_table("alchemy_frame_2", connection)
    return [one.columns.tolist(), one["score"].sum(), two.columns.tolist(), two.to_dict("records")[0]]


def merged(engine: Engine) -> Any:
    """The dialect's MERGE."""
    metadata = MetaData()
    target = Table("alchemy_target", metadata, Column("id", Integer), Column("n", Integer))
    source = Table("alchemy_source", metadata, Column("id", Integer), Column("n", Integer))
    metadata.drop_all(engine)
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(target.insert(), [{"id": 1, "n": 1}, {"id": 2, "n": 2}])
        connection.execute(source.insert(), [{"id": 2, "n": 20}, {"id": 3, "n": 30}])
        merge = snowflake.sqlalchemy.MergeInto(target=target, source=source, on=target.c.id == source.c.id)
        merge.when_matched_then_update().values(n=source.c.n)
        merge.when_not_matched_then_insert().values(id=source.c.id, n=source.c.n)
        connection.execute(merge)
        return [list(row) for row in connection.execute(select(target).order_by(target.c.id))]


def variant(engine: Engine) -> Any:
    """Semi-structured data."""
    table = Table("alchemy_json", MetaData(), Column("data", VARIANT))
    table.drop(engine, checkfirst=True)
    table.create(engine)
    with engine.begin() as connection:
        connection.execute(
            sqlalchemy.text("INSERT INTO alchemy_json SELECT PARSE_JSON(:data)"), {"data": '{"a": 5}'}
        )
        return connection.execute(select(table.c.data)).scalar_one()


def rolled_back(engine: Engine) -> int:
    """Rows after a transaction that was rolled back."""
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("DELETE FROM alchemy_target"))
        connection.rollback()
        return _count(connection, "alchemy_target")


def _count(connection: Connection, table: str) -> int:
    return connection.execute(sqlalchemy.text(f"SELECT COUNT(*) FROM {table}")).scalar_one()


def refused(engine: Engine) -> Any:
    try:
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text("SELECT * FROM absent"))
    except DBAPIError as error:
        return getattr(error.orig, "errno", None)
    return "no error"


if __name__ == "__main__":
    main()
