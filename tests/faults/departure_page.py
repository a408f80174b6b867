"""Writes the table of scenarios into the documentation anew: `python -m tests.faults.departure_page`."""

from tests.faults.departure_scenarios import BEGIN, END, PAGE, table

if __name__ == "__main__":
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}", "utf-8")
