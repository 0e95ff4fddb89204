//! Lines across a few named places, as an SVG.

use std::error::Error;
use std::path::Path;

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordi32;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

const SIZE: (u32, u32) = (480, 360);
const COLOURS: [RGBColor; 3] =
    [RGBColor(38, 70, 110), RGBColor(200, 110, 30), RGBColor(90, 150, 90)];
const GRID: RGBColor = RGBColor(225, 225, 225);
/// Between two places.
const STEP: i32 = 100;
/// Lines of the grid.
const GRID_LINES: u64 = 5;

/// One chart. Values are thousandths of what its title names.
pub(crate) struct Chart {
    pub(crate) title: String,
    /// What is along the lower edge, and its places.
    pub(crate) across: (&'static str, Vec<String>),
    /// A value for each place, where there is one.
    pub(crate) series: Vec<(&'static str, Vec<Option<u64>>)>,
}

/// Draws charts beside each other, three in a row.
pub(crate) fn draw(charts: &[Chart], path: &Path) -> Result<(), Box<dyn Error>> {
    let columns = charts.len().clamp(1, 3);
    let rows = charts.len().div_ceil(columns);
    let size = (SIZE.0 * u32::try_from(columns)?, SIZE.1 * u32::try_from(rows)?);
    let root = SVGBackend::new(path, size).into_drawing_area();
    root.fill(&WHITE)?;
    for (chart, area) in charts.iter().zip(root.split_evenly((rows, columns))) {
        chart.draw(&area)?;
    }
    root.present()?;
    Ok(())
}

impl Chart {
    fn draw(&self, area: &DrawingArea<SVGBackend<'_>, Shift>) -> Result<(), Box<dyn Error>> {
        let (columns, rows) = area.get_pixel_range();
        let (edge, places) = &self.across;
        let right = i32::try_from(places.len().saturating_sub(1))? * STEP;
        let values = self.series.iter().flat_map(|(_, values)| values.iter().flatten());
        let grid_step = round(values.max().copied().unwrap_or_default().div_ceil(GRID_LINES));
        let top = i32::try_from(grid_step * GRID_LINES)?;
        let panel = area.apply_coord_spec(Cartesian2d::<RangedCoordi32, RangedCoordi32>::new(
            0..right,
            0..top,
            // From below: values grow upwards.
            (columns.start + 52..columns.end - 112, rows.end - 44..rows.start + 44),
        ));
        let text = |size: i32| ("sans-serif", size).into_font().color(&BLACK);
        let at = |horizontal, vertical| Pos::new(horizontal, vertical);
        let title = text(14).pos(at(HPos::Left, VPos::Bottom));
        panel.draw(
            &(EmptyElement::at((0, top)) + Text::new(self.title.clone(), (-40, -14), title)),
        )?;
        for line in (0..=top).step_by(usize::try_from(grid_step)?) {
            panel.draw(&PathElement::new([(0, line), (right, line)], GRID))?;
            let label = text(12).pos(at(HPos::Right, VPos::Center));
            panel
                .draw(&(EmptyElement::at((0, line)) + Text::new(written(line), (-6, 0), label)))?;
        }
        for (place, name) in (0..).step_by(usize::try_from(STEP)?).zip(places) {
            let label = text(12).pos(at(HPos::Center, VPos::Top));
            panel.draw(&(EmptyElement::at((place, 0)) + Text::new(name.clone(), (0, 6), label)))?;
        }
        let label = text(12).pos(at(HPos::Center, VPos::Top));
        panel.draw(&(EmptyElement::at((right / 2, 0)) + Text::new(*edge, (0, 24), label)))?;
        for ((name, values), colour) in self.series.iter().zip(COLOURS) {
            let mut line = Vec::new();
            for (place, value) in (0..).step_by(usize::try_from(STEP)?).zip(values) {
                let Some(value) = value else { continue };
                line.push((place, i32::try_from(*value)?));
            }
            panel.draw(&PathElement::new(line.clone(), colour.stroke_width(2)))?;
            for point in &line {
                panel.draw(&Circle::new(*point, 3, colour.filled()))?;
            }
            let Some(end) = line.last() else { continue };
            let label = ("sans-serif", 12).into_font().color(&colour);
            let label = label.pos(at(HPos::Left, VPos::Center));
            panel.draw(&(EmptyElement::at(*end) + Text::new(*name, (8, 0), label)))?;
        }
        Ok(())
    }
}

/// The next of 1, 2 and 5 times a power of ten.
fn round(step: u64) -> u64 {
    let mut power = 1;
    loop {
        for digit in [1, 2, 5] {
            if step <= digit * power {
                return digit * power;
            }
        }
        power *= 10;
    }
}

fn written(thousandths: i32) -> String {
    let (whole, tenths) = (thousandths / 1000, thousandths % 1000 / 100);
    if tenths == 0 { whole.to_string() } else { format!("{whole}.{tenths}") }
}
