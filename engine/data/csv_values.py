"""Series that are no bars from CSV files, one a series: `DIR/WALCL.csv` with date,value, or as FRED gives it."""

from dataclasses import dataclass, replace
from pathlib import Path

from engine.data.csv_table import TableForm, read_table
from engine.data.dated_values import RuleOf, observations, published
from engine.data.series_table import FILE_ONLY
from engine.ports import LoadedValues

VALUES = TableForm(row="value", required=("value",), may_be_empty=("value",), folder_key="data.macro_dir")


@dataclass(frozen=True, slots=True)
class CsvValues:
    """The provider `csv` of series.

    Attributes:
        folder: holds `<name>.csv`.
        rule_of: gives each series' rule; a name that it gives the series at the provider `csv` is that of its file.
    """

    folder: Path
    rule_of: RuleOf

    def load(self, name: str) -> LoadedValues:
        """Load a file; a row without a value is no observation.

        Raises:
            DataError: the folder or file is missing or cannot be read, or a row is bad; names the file and line.
        """
        rule = self.rule_of(name)
        # A download of FRED's is a file of this form under other heads: observation_date,WALCL.
        heads = {"observation_date": "date"} | {head.lower(): "value" for head in (name, rule.id) if head}
        table = read_table(self.file_of(name), replace(VALUES, also=heads))
        values = observations(name, days=table.days, value=table.numbers["value"], place=table.place)
        return published(values, rule, source=f"csv {table.path.name}")

    def file_of(self, name: str) -> Path:
        """Give the file of a series."""
        rule = self.rule_of(name)
        return self.folder / f"{(rule.source == FILE_ONLY and rule.id) or name}.csv"
