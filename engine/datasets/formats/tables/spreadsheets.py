"""Reader of spreadsheets through pandas, where the package for their format is installed."""

from pathlib import Path

from engine.datasets.formats.problems import DataError

PACKAGES = {".xlsx": "openpyxl", ".xls": "xlrd", ".ods": "odfpy"}
"""Package that pandas reads each format with; none of them is required."""


def read_spreadsheet(path: Path) -> list[tuple[str, ...]]:
    """Read the cells of the only sheet that has any, as text. Raises DataError."""
    import pandas

    try:
        sheets = pandas.read_excel(path, sheet_name=None, header=None, dtype=str, keep_default_na=False)
    except ImportError:
        package = PACKAGES[path.suffix.lower()]
        raise DataError(f"{path} is a spreadsheet: save it as CSV, or pip install {package}") from None
    except OSError as error:
        reason = error.strerror or "it is damaged"
        raise DataError(f"{path} cannot be read ({reason}): save it as CSV") from None
    except Exception:  # a damaged file may raise anything while it is parsed
        raise DataError(f"{path} is no spreadsheet that can be read: save it as CSV") from None
    filled = {name: sheet for name, sheet in sheets.items() if not sheet.empty}
    if len(filled) > 1:
        names = ", ".join(map(str, filled))
        raise DataError(f"{path} has several sheets ({names}): save the one of images and labels as CSV")
    rows = [tuple(str(cell).strip() for cell in row) for sheet in filled.values() for row in sheet.to_numpy()]
    return [row for row in rows if any(row)]
