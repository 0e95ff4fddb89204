//! The ratios, as bars.

use std::error::Error;
use std::path::Path;

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordi32;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::report::{COLD_MAX, OTHERS_MIN, WARM_MAX};
use crate::rounds::{Contender, Row};

const SIZE: (u32, u32) = (1000, 760);
const MARGIN: (i32, i32) = (56, 44);
/// The width of a function's bars and the room between them and the next.
const GROUP: i32 = 100;
const DARK: RGBColor = RGBColor(38, 70, 110);
const LIGHT: RGBColor = RGBColor(120, 170, 215);
const TARGET: RGBColor = RGBColor(190, 60, 40);
const GRID: RGBColor = RGBColor(225, 225, 225);

type Panel<'a> = DrawingArea<SVGBackend<'a>, Cartesian2d<RangedCoordi32, RangedCoordi32>>;

/// Two bars for each function.
struct Bars {
    title: &'static str,
    /// What the two are, and the line that each is to stay under, or over, in thousandths.
    series: [(&'static str, RGBColor, Option<u128>); 2],
    /// Of each function, in thousandths.
    values: Vec<(&'static str, [u128; 2])>,
    /// Between two lines of the grid, in thousandths.
    step: i32,
}

/// Draws them.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn draw(rows: &[Row], path: &Path) -> Result<(), Box<dyn Error>> {
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let (upper, lower) = root.split_vertically(SIZE.1 / 2);
    let beside_probe = |row: &Row| {
        [row.beside(|it| it.cold, Contender::Probe), row.beside(|it| it.warm, Contender::Probe)]
    };
    let others = |row: &Row| [Contender::Node, Contender::Python].map(|it| row.sooner_than(it));
    Bars {
        title: "Time of each function, of what the bare probe takes with as many calls (less is better)",
        series: [("cold", DARK, Some(COLD_MAX)), ("warm", LIGHT, Some(WARM_MAX))],
        values: rows.iter().map(|row| (row.name, beside_probe(row))).collect(),
        step: 250,
    }
    .draw(&upper)?;
    Bars {
        title: "How many times as long Node and Python take to the first answer, with as many calls",
        series: [("Node", DARK, Some(OTHERS_MIN)), ("Python", LIGHT, None)],
        values: rows.iter().map(|row| (row.name, others(row))).collect(),
        step: 10_000,
    }
    .draw(&lower)?;
    root.present()?;
    Ok(())
}

impl Bars {
    fn draw(&self, area: &DrawingArea<SVGBackend<'_>, Shift>) -> Result<(), Box<dyn Error>> {
        let targets = self.series.iter().filter_map(|(_, _, target)| *target);
        let values = self.values.iter().flat_map(|(_, values)| *values);
        let most = i32::try_from(values.chain(targets).max().unwrap_or_default())?;
        let top = (most / self.step + 1) * self.step;
        let right = i32::try_from(self.values.len())? * GROUP;
        let (columns, lines) = area.get_pixel_range();
        let (across, down) = MARGIN;
        // From below: values grow upwards.
        let (below, above) = (lines.end - down / 2 - 8, lines.start + down);
        let pixels = (columns.start + across..columns.end - 100, below..above);
        let panel = area.apply_coord_spec(Cartesian2d::<RangedCoordi32, RangedCoordi32>::new(
            0..right,
            0..top,
            pixels,
        ));
        let text = |size: i32| ("sans-serif", size).into_font().color(&BLACK);
        let title = text(16).pos(Pos::new(HPos::Left, VPos::Bottom));
        panel.draw(&(EmptyElement::at((0, top)) + Text::new(self.title, (0, -14), title)))?;
        for line in (0..=top).step_by(usize::try_from(self.step)?) {
            panel.draw(&PathElement::new([(0, line), (right, line)], GRID))?;
            let label = text(12).pos(Pos::new(HPos::Right, VPos::Center));
            panel.draw(&Text::new(written(line), (-right / 120, line), label))?;
        }
        self.draw_bars(&panel)?;
        self.draw_targets(&panel, right)?;
        Ok(())
    }

    fn draw_bars(&self, panel: &Panel<'_>) -> Result<(), Box<dyn Error>> {
        let mut left = 0;
        for (name, values) in &self.values {
            for (place, (value, (_, colour, _))) in (0..).zip(values.iter().zip(&self.series)) {
                let (from, value) = (left + 14 + place * 37, i32::try_from(*value)?);
                let to = from + 35;
                panel.draw(&Rectangle::new([(from, 0), (to, value)], colour.filled()))?;
                let label = ("sans-serif", 11).into_font().color(&BLACK);
                let label = label.pos(Pos::new(HPos::Center, VPos::Bottom));
                let above = EmptyElement::at((i32::midpoint(from, to), value));
                panel.draw(&(above + Text::new(written(value), (0, -2), label)))?;
            }
            let label = ("sans-serif", 14).into_font().color(&BLACK);
            let label = label.pos(Pos::new(HPos::Center, VPos::Top));
            let below = EmptyElement::at((left + GROUP / 2, 0));
            panel.draw(&(below + Text::new(*name, (0, 5), label)))?;
            left += GROUP;
        }
        Ok(())
    }

    /// The lines to stay under or over, and beside them what the bars are.
    fn draw_targets(&self, panel: &Panel<'_>, right: i32) -> Result<(), Box<dyn Error>> {
        for (place, (name, colour, target)) in (0..).zip(&self.series) {
            let key = EmptyElement::at((right, 0));
            let label = ("sans-serif", 13).into_font().color(&BLACK);
            let label = label.pos(Pos::new(HPos::Left, VPos::Center));
            let down = -50 + place * 20;
            panel.draw(
                &(key
                    + Rectangle::new([(10, down - 6), (22, down + 6)], colour.filled())
                    + Text::new(*name, (28, down), label)),
            )?;
            let Some(target) = target else { continue };
            let target = i32::try_from(*target)?;
            let line = TARGET.stroke_width(2);
            panel.draw(&PathElement::new([(0, target), (right, target)], line))?;
            let label = ("sans-serif", 12).into_font().color(&TARGET);
            let label = label.pos(Pos::new(HPos::Left, VPos::Center));
            let said = format!("target {}", written(target));
            panel.draw(&(EmptyElement::at((right, target)) + Text::new(said, (6, 0), label)))?;
        }
        Ok(())
    }
}

fn written(thousandths: i32) -> String {
    if thousandths < 5_000 {
        let hundredths = (thousandths + 9) / 10;
        format!("{}.{:02}", hundredths / 100, hundredths % 100)
    } else {
        (thousandths / 1000).to_string()
    }
}
