//! The body of a capture or refund: so much of the lines, or so much money.

use scrip_domain::amount::Minor;
use scrip_domain::currency::Currency;
use scrip_domain::id::LineId;
use scrip_edge::{Object, Problem, require_lines};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartBody {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lines: Option<Vec<Object<LineBody>>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LineBody {
    id: LineId,
    amount: String,
}

/// What the body says, in minor units of the redemption's currency.
pub(crate) enum Part {
    Everything,
    Amount(Minor),
    Lines(Vec<(LineId, Minor)>),
}

impl PartBody {
    /// Whether it says nothing: everything.
    pub(crate) fn is_empty(&self) -> bool {
        self.amount.is_none() && self.lines.is_none()
    }

    /// Requires one form at most, and of lines 1 to 200 with unique ids.
    pub(crate) fn require_form(&self) -> Result<(), Problem> {
        match &self.lines {
            Some(_) if self.amount.is_some() => {
                Err(Problem::invalid("amount", "and `lines` cannot both be given"))
            }
            Some(lines) => require_lines(lines.iter().map(|Object(line)| &line.id)),
            None => Ok(()),
        }
    }

    /// Its amounts, each of which `require` has accepted: it says what is wrong with one.
    pub(crate) fn part(
        &self,
        currency: Currency,
        require: impl Fn(Minor) -> Result<(), &'static str>,
    ) -> Result<Part, Problem> {
        let money = |field: &str, text: &str| -> Result<Minor, Problem> {
            let amount = currency.parse_amount(text);
            let amount = amount.map_err(|error| Problem::invalid(field, error))?;
            require(amount).map_err(|fault| Problem::invalid(field, fault))?;
            Ok(amount)
        };
        if let Some(text) = &self.amount {
            return Ok(Part::Amount(money("amount", text)?));
        }
        let Some(lines) = &self.lines else {
            return Ok(Part::Everything);
        };
        let lines = lines.iter().enumerate().map(|(index, Object(line))| {
            Ok((line.id.clone(), money(&format!("lines[{index}].amount"), &line.amount)?))
        });
        Ok(Part::Lines(lines.collect::<Result<_, Problem>>()?))
    }
}
