"""Under Spark the answers are those of pandas, each address is answered once, and live sources stay on the driver."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pandas
import pytest

pytest.importorskip("pyspark", reason="pyspark is needed for Spark")
if shutil.which("java") is None:
    pytest.skip("Spark needs Java", allow_module_level=True)

pytestmark = pytest.mark.filterwarnings("default")  # pyspark's own

from frames import demo_events, demo_ground  # noqa: E402

from ipthreat.dossier import Evidence, SourceKind, Status  # noqa: E402
from ipthreat.errors import InputError  # noqa: E402

ROOT = Path(__file__).parents[1]
NAMES = (
    "verdict",
    "confidence",
    "severity",
    "priority",
    "status",
    "asn",
    "org",
    "network",
    "country",
    "rir",
    "reasons",
)


@pytest.fixture(scope="module")
def spark():
    from pyspark.sql import SparkSession

    paths = [str(ROOT / "lib"), str(ROOT / "tests" / "support"), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    settings = {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "2", "spark.driver.host": "127.0.0.1",
                "spark.driver.bindAddress": "127.0.0.1", "spark.sql.session.timeZone": "Asia/Tokyo"}  # fmt: skip
    builder = SparkSession.builder.master("local[2]").appName("tests")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


def plain(frame: pandas.DataFrame, names=NAMES) -> list:
    """The rows as plain values, in an order of their own."""
    rows = frame[["row", *(f"ti_{name}" for name in names)]].to_dict("records")
    return sorted(tuple(_plain(value) for value in row.values()) for row in rows)


def _plain(value):
    if isinstance(value, (list, tuple)) or hasattr(value, "tolist"):
        return tuple(value)
    return (
        ""
        if value is None or pandas.isna(value)
        else str(int(value))
        if isinstance(value, (int, float))
        else str(value)
    )


def events() -> pandas.DataFrame:
    frame = demo_events()[["src_ip", "http_user_agent", "request", "status"]].head(240)
    frame.loc[:3, "src_ip"] = [None, "rubbish", "10.0.0.1", "18.237.3[.]202"]
    frame["http_user_agent"] = frame["http_user_agent"].where(frame.index % 9 > 0, None)
    return frame.assign(status=frame["status"].astype(int), row=range(len(frame)))


def test_every_row_has_the_values_that_pandas_gives(spark):
    from ipthreat.spark import enrich

    frame, ground = events(), demo_ground()
    told = {"user_agent": "http_user_agent", "request": "request", "status": "status"}
    expected = frame.ipthreat.enrich("src_ip", on=ground, **told)
    made = enrich(spark.createDataFrame(frame), "src_ip", on=ground, **told)
    assert made.columns == [*frame.columns, *(name for name in expected.columns if name.startswith("ti_"))]
    assert plain(made.toPandas()) == plain(expected)


def test_fields_have_types_that_spark_can_ask_about(spark):
    from ipthreat.spark import enrich

    made = enrich(spark.createDataFrame(events()), "src_ip", fields="full", on=demo_ground())
    kinds = dict(made.dtypes)
    assert (kinds["ti_confidence"], kinds["ti_asn"], kinds["ti_reasons"]) == ("tinyint", "bigint", "array<string>")
    assert kinds["ti_last_seen"] == "timestamp"
    assert made.where("ti_confidence >= 8").select("ti_address").distinct().count() == 2
    again = enrich(made, "src_ip", fields="full", on=demo_ground())
    assert sorted(again.columns) == sorted(made.columns)


class Vendor:
    """A live source that must not travel to an executor."""

    def __init__(self):
        self.asked = []

    def evidence(self, address):
        self.asked.append(address)
        return (Evidence("vendor", SourceKind.PROVIDER, Status.NOT_FOUND),)

    def __reduce__(self):
        raise AssertionError("a live source was sent to an executor")


def test_live_sources_are_asked_once_per_address_and_by_the_driver_alone(spark):
    from ipthreat.spark import enrich

    vendor, frame = Vendor(), events()
    ground = demo_ground(sources=[vendor])
    made = enrich(spark.createDataFrame(frame), "src_ip", fields="sources,status", on=ground).toPandas()
    assert len(vendor.asked) == len(set(vendor.asked))
    assert not {"10.0.0.1", "rubbish"} & set(vendor.asked)
    expected = frame.ipthreat.enrich("src_ip", fields="sources,status", on=ground)
    assert plain(made, ("sources", "status")) == plain(expected, ("sources", "status"))


def test_the_users_own_lists_and_allow_list_go_with_the_task(spark, tmp_path):
    from ipthreat.paths import lists_path
    from ipthreat.snapshot import ListInput, compile_lists
    from ipthreat.spark import enrich

    allowed = tmp_path / "ours.txt"
    allowed.write_text("18.237.3.202,our scanner\n")
    listed = ListInput("ours", "block", [("14.103.172.199", 0)], date="2023-10-26")
    compile_lists(lists_path(tmp_path), [listed], "2023-10-26")
    ground = demo_ground(allowlist=allowed, environment={"IPTHREAT_HOME": str(tmp_path)})
    made = enrich(spark.createDataFrame(events()), "src_ip", fields="full", on=ground).toPandas()
    expected = events().ipthreat.enrich("src_ip", fields="full", on=ground)
    assert plain(made, ("feeds", "priority", "confidence")) == plain(expected, ("feeds", "priority", "confidence"))
    assert {"ours"} <= {feed for feeds in expected["ti_feeds"] for feed in feeds}


def test_a_column_that_there_is_not_is_one_sentence(spark):
    from ipthreat.spark import enrich

    with pytest.raises(InputError, match="there is no column 'ip'; there are src_ip"):
        enrich(spark.createDataFrame(events()), "ip")
