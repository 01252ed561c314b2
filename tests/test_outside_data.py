"""Leaving out tests for want of data hits those tests and no others."""

from pathlib import Path

import pytest

from tests.outside_data import OutsideReading, outside_reading


def reading_of(tmp_path: Path, text: str) -> OutsideReading:
    file = tmp_path / "test_planted.py"
    file.write_text(text, encoding="utf-8")
    return outside_reading(file)


def test_a_file_that_never_names_the_data_is_left_alone(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, "def test_one() -> None:\n    assert 1\n")

    assert reading == OutsideReading(at_import=False, tests=frozenset())


def test_the_data_is_followed_through_constants_functions_and_fixtures(tmp_path: Path) -> None:
    reading = reading_of(
        tmp_path,
        "from tests.paths import SHARED_DATA\n"
        "GOLDEN = SHARED_DATA / 'golden'\n"
        "def load(name):\n    return (GOLDEN / name).read_text()\n"
        "@pytest.fixture\ndef receipt():\n    return load('good')\n"
        "def test_by_fixture(receipt):\n    assert receipt\n"
        "@pytest.mark.parametrize('path', GOLDEN.glob('*'))\ndef test_by_parameter(path):\n    assert path\n"
        "def test_of_its_own():\n    assert 1\n",
    )

    assert reading == OutsideReading(at_import=False, tests=frozenset({"test_by_fixture", "test_by_parameter"}))


@pytest.mark.parametrize(
    "text",
    [
        "TEXT = (SHARED_DATA / 'golden').read_text()\n",
        (
            "def cases():\n    return (SHARED_DATA / 'list').read_text().split()\n"
            "@pytest.mark.parametrize('case', cases())\ndef test_case(case):\n    assert case\n"
        ),
    ],
)
def test_reading_at_import_is_noticed(tmp_path: Path, text: str) -> None:
    assert reading_of(tmp_path, f"from tests.paths import SHARED_DATA\n{text}").at_import
