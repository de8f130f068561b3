"""Whatever a column can hold arrives as it was: one small table for each group of types."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from airflow_mydump.engine.errors import MydumpError
from tests.integration.contents import assert_same_contents, assert_same_definitions, contents
from tests.integration.pair import rows_of

if TYPE_CHECKING:
    from tests.integration.pair import Pair
    from tests.integration.run import Run


@dataclass(frozen=True)
class Case:
    """A table named `t`; `rows` are VALUES lists. Both servers have it unless `only` names one."""

    name: str
    columns: str
    rows: tuple[str, ...] = ()
    only: str = ""
    more: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


EVERY_BYTE = ", ".join(f"({byte}, UNHEX('{byte:02X}'))" for byte in range(256))
EVERY_PAIR_WITH_A_CONTROL_BYTE = ", ".join(
    f"(UNHEX('{first:02X}{second:02X}'))" for first in range(32) for second in range(256)
)
CONTROLS = range(1, 32)
NASTY_TEXTS = (
    "('')",
    "(NULL)",
    r"('\\N')",
    "('NULL')",
    "('null')",
    r"('\\')",
    r"('\\\\')",
    r"('a\\tb')",
    r"('\r\n')",
    r"('\n')",
    r"('\t')",
    r"('\0')",
    r"('a\0b')",
    r"('\Z')",
    "('''')",
    "('\"')",
    "(',')",
    "(' ')",
    "('a  ')",
    "('  a')",
    "('0')",
    "('N')",
    "('#')",
    "('%s %d %%')",
    "('/*!50000 x */ -- y')",
    "('é€😀')",
    "(UNHEX('F09F92A9'))",
    "('e\u0301')",
    "('\u202e\ufeff')",
    "('ſẞıİ')",
)
_dice = random.Random(1)
RANDOM = ", ".join(
    "("
    + ", ".join(f"0x{_dice.choice(CONTROLS):02X}{_dice.randbytes(_dice.randint(0, 8)).hex()}" for _ in range(3))
    + ")"
    for _ in range(2500)
)
DOUBLES = (
    "(0e0)",
    "(-0e0)",
    "(1.7976931348623157e308)",
    "(-1.7976931348623157e308)",
    "(2.2250738585072014e-308)",
    "(5e-324)",
    "(0.1e0)",
    "(0.30000000000000004e0)",
    "(1e0/3e0)",
    "(123456789012345678e0)",
    "(9007199254740993e0)",
    "(1e15)",
    "(1e16)",
    "(-1e-5)",
    "(NULL)",
)
FLOATS = (
    "(0)",
    "(-0e0)",
    "(0.1)",
    "(16777216)",
    "(16777215)",
    "(1.17549435e-38)",
    "(3.40282347e38)",
    "(-3.40282347e38)",
    "(1.4e-45)",
    "(0.123456789)",
    "(123456.789)",
    "(1234567.8)",
    "(1e0/3e0)",
    "(NULL)",
)
TIMES = (
    "('0000-00-00','0000-00-00 00:00:00','0000-00-00 00:00:00','-838:59:59.000000','0000')",
    "('2024-00-00','2024-02-00 00:00:00.000000','1970-01-01 00:00:01','838:59:59','1901')",
    "('2023-02-31','2023-02-31 23:59:59.999999','2038-01-19 03:14:07.999999','-00:00:00.000001','2155')",
    "('9999-12-31','9999-12-31 23:59:59.999999','2024-03-31 01:30:00','-01:02:03.456789','2000')",
    "('1000-01-01','1000-01-01 00:00:00','2024-10-27 00:30:00','00:00:00.000000','1970')",
    "(NULL,NULL,NULL,NULL,NULL)",
)
GEOMETRIES = (
    "(ST_GeomFromText('POINT(1 -2.5)'))",
    "(ST_GeomFromText('LINESTRING(0 0,1e-300 1e300,0.1 0.2)'))",
    "(ST_GeomFromText('POLYGON((0 0,9 0,9 9,0 0),(1 1,2 1,2 2,1 1))'))",
    "(ST_GeomFromText('MULTIPOINT(0 0,1 1)'))",
    "(ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))'))",
    "(NULL)",
)

CASES = (
    Case("every byte in a blob", "id INT PRIMARY KEY, v BLOB", (EVERY_BYTE,)),
    Case("every byte in a varbinary key", "id INT, v VARBINARY(5) PRIMARY KEY", (EVERY_BYTE,)),
    Case("every byte in a latin1 text", "id INT, v TEXT CHARACTER SET latin1", (EVERY_BYTE,)),
    Case("control bytes in pairs, one column", "v VARBINARY(2)", (EVERY_PAIR_WITH_A_CONTROL_BYTE,)),
    Case(
        "fixed binary is padded and not trimmed",
        "a BINARY(4), b BINARY(1) NOT NULL",
        ("(0x00, 0x00)", "(0x20, 0x20)", "('a', 'b')", "(NULL, 0xFF)", "(0xFF00FF00, 0x0A)"),
    ),
    Case("texts in utf8mb4", "v TEXT CHARACTER SET utf8mb4", NASTY_TEXTS),
    Case("texts that are not null", "v LONGTEXT NOT NULL", tuple(text for text in NASTY_TEXTS if text != "(NULL)")),
    Case("texts beside texts", "a VARCHAR(9), b VARCHAR(9)", ("('',NULL)", "(NULL,'')", "('ab','c')", "('a','bc')")),
    Case(
        "characters of many sets",
        "a VARCHAR(9) CHARACTER SET latin1, b VARCHAR(9) CHARACTER SET latin2, c VARCHAR(9) CHARACTER SET utf8mb4"
        " COLLATE utf8mb4_bin, d VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, e VARCHAR(9)"
        " CHARACTER SET ucs2, f VARCHAR(9) CHARACTER SET sjis, g VARCHAR(9) CHARACTER SET utf16,"
        " h VARCHAR(9) CHARACTER SET ascii,"
        " i VARCHAR(9) CHARACTER SET utf32, j VARCHAR(9) CHARACTER SET gb18030, k VARCHAR(9) CHARACTER SET koi8r",
        ("('é','ł','😀','é','é','表','😀','a','😀','é','я')", "('','','','','','','','','','','')"),
        only="mysql",
    ),
    Case(
        "characters of many sets",
        "a VARCHAR(9) CHARACTER SET latin1, b VARCHAR(9) CHARACTER SET latin2, c VARCHAR(9) CHARACTER SET utf8mb4"
        " COLLATE utf8mb4_bin, d VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, e VARCHAR(9)"
        " CHARACTER SET ucs2, f VARCHAR(9) CHARACTER SET sjis, g VARCHAR(9) CHARACTER SET utf16,"
        " h VARCHAR(9) CHARACTER SET ascii,"
        " i VARCHAR(9) CHARACTER SET utf32, j VARCHAR(9) CHARACTER SET cp1250, k VARCHAR(9) CHARACTER SET koi8r",
        ("('é','ł','😀','é','é','表','😀','a','😀','é','я')", "('','','','','','','','','','','')"),
        only="mariadb",
    ),
    Case("random control bytes", "a VARBINARY(9), b VARBINARY(9) NOT NULL, c TEXT CHARACTER SET latin1", (RANDOM,)),
    Case(
        "many columns", ", ".join(f"c{number} INT" for number in range(900)), (f"({', '.join(['1', 'NULL'] * 450)})",)
    ),
    Case("char loses no inner blanks", "v CHAR(6)", ("('a b')", "(' a')", "('')", "('a')", "(NULL)")),
    Case("long values", "v LONGBLOB, w MEDIUMTEXT", ("(REPEAT(0x00FF, 1500000), REPEAT('é', 700000))", "('', '')")),
    Case(
        "integers to their ends",
        "a TINYINT, b SMALLINT UNSIGNED, c MEDIUMINT, d INT UNSIGNED, e BIGINT, f BIGINT UNSIGNED, g INT(6) ZEROFILL",
        (
            "(-128, 0, -8388608, 0, -9223372036854775808, 0, 0)",
            "(NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
            "(127, 65535, 8388607, 4294967295, 9223372036854775807, 18446744073709551615, 42)",
        ),
    ),
    Case(
        "decimals of 65 digits",
        "v DECIMAL(65,30), w DECIMAL(65,0) NOT NULL, x DECIMAL(30,30)",
        (f"({'9' * 35}.{'9' * 30}, -{'9' * 65}, 0.{'0' * 29}1)", f"(-0.{'0' * 29}1, 0, -0.{'9' * 30})", "(NULL, 1, 0)"),
    ),
    Case("doubles to the last digit", "v DOUBLE", DOUBLES),
    Case("floats to the last digit", "v FLOAT", FLOATS),
    Case(
        "floats with decimals", "v FLOAT(10,3), w DOUBLE(20,5)", ("(1234567.891, 123456789012345.12345)", "(0.1, -0.1)")
    ),
    Case(
        "bits",
        "a BIT(1), b BIT(64), c BIT(9) NOT NULL, d BIT(8)",
        (
            "(b'0', 0, b'0', 0)",
            "(b'1', 18446744073709551615, b'111111111', 0x2C)",
            "(NULL, NULL, b'100000000', NULL)",
            "(b'1', 0x0A0D0900275C, b'1010', 0x0A)",
        ),
    ),
    Case(
        "dates that do not exist, negative times",
        "a DATE, b DATETIME(6), c TIMESTAMP(6) NULL, d TIME(6), e YEAR",
        TIMES,
    ),
    Case("zero dates that are not null", "a DATE NOT NULL, b DATETIME NOT NULL, c YEAR NOT NULL", ("(0, 0, 0)",)),
    Case(
        "enums and sets",
        "a ENUM('x','',',','it''s','NULL','é€'), b SET('p','q','',  'é'), c ENUM('0','1','2')",
        ("('x','p,q','0')", "('','','1')", "(',','q','2')", "('it''s','é,p',2)", "(NULL,NULL,NULL)", "('é€','p','0')"),
    ),
    Case(
        "json with characters of four bytes",
        "v JSON, w JSON NOT NULL",
        (
            """('{"a": "😀", "b": [1, 2.5, null, true, "\\\\\\\\n"]}', '{}')""",
            "('null', '[]')",
            "(NULL, '\"\"')",
            "('1e100', '12345678901234567890')",
            """('"\\\\\\\\u0000"', '" "')""",
        ),
    ),
    Case("shapes", "v GEOMETRY", GEOMETRIES),
    Case("points that are not null", "v POINT NOT NULL", ("(POINT(1, 2))", "(POINT(-0e0, 5e-324))")),
    Case(
        "shapes on the earth",
        "v GEOMETRY NOT NULL SRID 4326, w POINT SRID 0, x GEOMETRY, SPATIAL KEY (v)",
        (
            "(ST_GeomFromText('POINT(52.5 13.4)', 4326), POINT(1,2), ST_GeomFromText('POINT(1 2)', 3857))",
            "(ST_GeomFromText('LINESTRING(0 0, 1 1)', 4326), NULL, NULL)",
        ),
        only="mysql",
    ),
    Case("vectors", "v VECTOR(3)", ("(TO_VECTOR('[1,-2.5,3e38]'))", "(TO_VECTOR('[0,0,0]'))", "(NULL)"), only="mysql"),
    Case(
        "uuids and addresses",
        "a UUID, b INET6, c INET4, d UUID NOT NULL DEFAULT UUID()",
        (
            "('00112233-4455-6677-8899-aabbccddeeff', '::ffff:192.0.2.1', '255.255.255.255', UUID())",
            "('00000000-0000-0000-0000-000000000000', '::', '0.0.0.0', UUID())",
            "(NULL, NULL, NULL, UUID())",
            "('0a0b0c0d-0e0f-1a09-8001-0a0b0c0d0e0f', '2001:db8::1', '10.13.9.0', UUID())",
        ),
        only="mariadb",
    ),
    Case(
        "generated columns",
        "a INT, b INT AS (a * 2) STORED, c VARCHAR(9) AS (CONCAT('<', a, '>')) VIRTUAL, d INT, KEY (c)",
        ("(1, DEFAULT, DEFAULT, 3)", "(NULL, DEFAULT, DEFAULT, NULL)"),
    ),
    Case(
        "invisible columns",
        "a INT, b INT NOT NULL DEFAULT 7 INVISIBLE, c INT INVISIBLE",
        more=("INSERT INTO t (a, b, c) VALUES (1, 2, 3), (4, 5, NULL)",),
    ),
    Case("key 0 that counts up", "id INT AUTO_INCREMENT PRIMARY KEY, v INT", ("(0, 1)", "(5, 2)", "(-3, 3)")),
    Case(
        "a counter far above the rows",
        "id INT AUTO_INCREMENT PRIMARY KEY",
        ("(1)",),
        more=("ALTER TABLE t AUTO_INCREMENT = 99",),
    ),
    Case("one nullable column", "v INT", ("(NULL)", "(NULL)", "(0)")),
    Case("one text column of empty strings", "v VARCHAR(3)", ("('')", "('')", "(NULL)", "('')")),
    Case("no rows", "id INT PRIMARY KEY, v TEXT"),
    Case("no key and rows that repeat", "a INT, b VARCHAR(3)", ("(1,'x')",) * 5 + ("(NULL,NULL)",) * 3 + ("(2,'x')",)),
    Case(
        "defaults stay out of the way",
        "a INT DEFAULT 5, b TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP",
        ("(NULL, NULL)",),
    ),
    Case("defaults with quotes", "a INT, c VARCHAR(9) DEFAULT 'a\\\\b''c'", ("(1, DEFAULT)",)),
    Case(
        "names with every sign",
        "`a``b` INT, `c d` INT, `e%s` INT, `ü.x` INT, `select` INT, `(` INT, `'` INT",
        ("(1,2,3,4,5,6,7)",),
    ),
    Case(
        "rows in partitions",
        "id INT, v INT, PRIMARY KEY (id)",
        tuple(f"({number}, 1)" for number in range(40)),
        more=("ALTER TABLE t PARTITION BY HASH (id) PARTITIONS 3",),
    ),
    Case(
        "a check that compares",
        "a INT, b INT, CONSTRAINT `less, (than)` CHECK (a < b AND b <> 7)",
        ("(1, 2)", "(NULL, 8)"),
    ),
    Case(
        "a MyISAM table",
        "id INT PRIMARY KEY, v VARCHAR(9)",
        ("(1,'a')", "(2,NULL)"),
        more=("ALTER TABLE t ENGINE=MyISAM",),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_values_arrive_as_they_were(run: Run, pair: Pair, case: Case) -> None:
    if case.only and case.only != pair.flavor:
        pytest.skip(f"types of {case.only} only")
    inserts = [f"INSERT INTO t VALUES {', '.join(case.rows)}"] if case.rows else []
    run.on_source(f"CREATE TABLE t ({case.columns})", *inserts, *case.more)
    before = contents(pair.source, run.database, "t")
    assert bool(before) == bool(case.rows or "INSERT" in str(case.more))

    report = run.copy()

    assert report.rows == sum(before.values())
    assert_same_contents(pair.source, pair.target, run.database)
    assert_same_definitions(pair.source, pair.target, run.database)


@pytest.mark.parametrize(
    "columns, row",
    [
        ("v ENUM('x','y')", "(0)"),
        ("v ENUM('','y') NOT NULL", "(0)"),
        ("v ENUM('x','😀')", "('😀')"),  # SHOW CREATE TABLE prints a question mark: its text is utf8mb3 inside
        ("v VARBINARY(4) NOT NULL DEFAULT 0xFFFE", "(DEFAULT)"),
        ("v INT AS (1)", "(DEFAULT)"),
        ("v VARCHAR(9) CHARACTER SET utf8mb4 DEFAULT '😀' COMMENT '😀'", "(DEFAULT)"),
    ],
)
def test_what_may_not_arrive_whole_is_an_error_and_no_silent_change(
    run: Run, pair: Pair, columns: str, row: str
) -> None:
    run.on_source(f"CREATE TABLE t ({columns})", f"INSERT INTO t VALUES {row}")
    try:
        run.copy()
    except MydumpError as error:
        assert "t" in str(error)
        return
    assert_same_contents(pair.source, pair.target, run.database)
    assert_same_definitions(pair.source, pair.target, run.database)
    default = "SELECT HEX(column_default) FROM information_schema.columns WHERE table_schema = '{}'"
    assert rows_of(pair.source, default.format(run.database)) == rows_of(pair.target, default.format(run.database))


MEMBERS = "CREATE TABLE t (id INT PRIMARY KEY, s SET('', 'a', 'it''s') NULL, e ENUM('', 'x'))"
BITS = "INSERT INTO t VALUES (0, 0, ''), (1, 1, 'x'), (2, 2, 'x'), (3, 3, ''), (4, 7, 'x'), (5, NULL, NULL)"
BY_NUMBER = "SELECT id, s + 0, e + 0 FROM t ORDER BY id"


def test_values_of_a_set_that_print_alike_arrive_as_they_were(run: Run) -> None:
    run.on_source(MEMBERS, BITS)
    run.copy()
    found = [rows_of(server, BY_NUMBER, run.database) for server in (run.pair.source, run.pair.target)]
    assert found[0] == found[1]
    assert [bits for _, bits, _ in found[0]] == [0, 1, 2, 3, 7, None]
