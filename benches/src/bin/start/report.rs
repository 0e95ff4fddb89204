//! The figures, as Markdown.

use std::fmt::Write;
use std::time::Duration;

use crate::calls::Plan;
use crate::rounds::{Contender, Medians, Often, Row};

/// The most that a function may take, in thousandths of what its probe does: a first answer, and a
/// later one.
pub(crate) const COLD_MAX: u128 = 1_400;
/// See [`COLD_MAX`].
pub(crate) const WARM_MAX: u128 = 1_250;
/// How many times as long Node and Python are to take to the first answer, at the least, in
/// thousandths.
pub(crate) const OTHERS_MIN: u128 = 15_000;

impl Row {
    /// A function beside another contender, in thousandths of what that takes.
    pub(crate) fn beside(&self, of: impl Fn(&Medians) -> Duration, other: Contender) -> u128 {
        let [function, other] = [Contender::Function, other].map(|who| of(&self.medians[&who]));
        function.as_nanos() * 1000 / other.as_nanos()
    }

    /// How many times as long another contender takes to its first answer, in thousandths.
    pub(crate) fn sooner_than(&self, other: Contender) -> u128 {
        let [function, other] = [Contender::Function, other].map(|who| self.medians[&who].cold);
        other.as_nanos() * 1000 / function.as_nanos()
    }
}

/// The page.
pub(crate) fn page(rows: &[Row], often: Often, machine: &[String], plot: &str) -> String {
    let Often { rounds, warm } = often;
    let mut page = include_str!("../../../start/page.md")
        .replace("{rounds}", &rounds.to_string())
        .replace("{warm}", &(rounds * warm).to_string())
        .replace("{plot}", plot);
    for line in machine {
        writeln!(page, "- {line}").unwrap();
    }
    page += "\n## Ratios\n\n";
    page += &ratios(rows);
    page += "\n## Times\n\n";
    page += &times(rows);
    page += "\n## Sizes\n\n";
    page += &sizes(rows);
    page
}

fn ratios(rows: &[Row]) -> String {
    let mut table = String::from(
        "| function | at each invocation | calls: cold | warm | cold / probe | warm / probe \
         | Node / cold | Python / cold |\n|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let (name, work) = (row.name, row.work);
        let calls = calls(&row.calls.0, &row.calls.1);
        let cold = row.beside(|it| it.cold, Contender::Probe);
        let warm = row.beside(|it| it.warm, Contender::Probe);
        let others = [Contender::Node, Contender::Python].map(|other| row.sooner_than(other));
        writeln!(
            table,
            "| `{name}` | {work} | {calls} | {} | {} | {} | {} |",
            marked(cold, COLD_MAX < cold, hundredths),
            marked(warm, WARM_MAX < warm, hundredths),
            marked(others[0], others[0] < OTHERS_MIN, tenths),
            marked(others[1], others[1] < OTHERS_MIN, tenths),
        )
        .unwrap();
    }
    table
}

fn calls(cold: &Plan, warm: &Plan) -> String {
    let [cold, warm] =
        [cold, warm].map(|plan| format!("{} read, {} write", plan.reads, plan.writes));
    format!("{cold} | {warm}")
}

/// A figure, bold where it misses its target.
fn marked(thousandths: u128, is_missed: bool, written: fn(u128) -> String) -> String {
    let figure = written(thousandths);
    if is_missed { format!("**{figure}**") } else { figure }
}

/// Rounded up: no target is met by rounding.
fn hundredths(thousandths: u128) -> String {
    let hundredths = thousandths.div_ceil(10);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Rounded down, for the same reason.
fn tenths(thousandths: u128) -> String {
    format!("{}.{}", thousandths / 1000, thousandths % 1000 / 100)
}

fn times(rows: &[Row]) -> String {
    let mut table = String::from(
        "| function | cold: function | probe | Node | Python \
         | warm: function | probe | Node | Python |\n|---|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let of = |time: fn(&Medians) -> Duration| {
            Contender::ALL.map(|who| milliseconds(time(&row.medians[&who]))).join(" | ")
        };
        writeln!(table, "| `{}` | {} | {} |", row.name, of(|it| it.cold), of(|it| it.warm))
            .unwrap();
    }
    table
}

fn milliseconds(time: Duration) -> String {
    let hundredths = (time.as_micros() + 5) / 10;
    format!("{}.{:02} ms", hundredths / 100, hundredths % 100)
}

fn sizes(rows: &[Row]) -> String {
    let mut table = String::from(
        "| function | binary | zipped | peak memory: function | probe | Node | Python |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let zipped = megabytes(row.zip_bytes);
        let peak =
            Contender::ALL.map(|who| megabytes(row.medians[&who].peak_kb * 1024)).join(" | ");
        let (name, binary) = (row.name, megabytes(row.binary_bytes));
        writeln!(table, "| `{name}` | {binary} | {zipped} | {peak} |").unwrap();
    }
    table
}

fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figure_on_the_wrong_side_of_a_target_is_not_rounded_across_it() {
        assert_eq!([1_400, 1_401].map(hundredths), ["1.40", "1.41"]);
        assert_eq!([15_000, 14_999].map(tenths), ["15.0", "14.9"]);
    }
}
