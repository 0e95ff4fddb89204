//! PINs: read from a body, compared in constant time, and shown to nobody but the purchaser.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use subtle::ConstantTimeEq;

/// The most digits that a PIN has.
pub(crate) const PIN_DIGITS_MAX: usize = 12;

/// The PIN of a gift card: 1 to 12 digits.
///
/// It is never part of a request's fingerprint, and neither `Debug` nor the fault of a body that
/// is malformed shows it.
#[derive(Clone)]
pub struct Pin(String);

impl Pin {
    pub(crate) fn new(digits: String) -> Self {
        Self(digits)
    }

    /// The digits, for the one answer that tells a purchaser.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether both are the same, in a time that does not tell how much of them is.
    pub fn is(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(…)")
    }
}

impl<'de> Deserialize<'de> for Pin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PinVisitor;

        impl PinVisitor {
            fn fault<T, E: de::Error>() -> Result<T, E> {
                Err(E::custom(format_args!("must be a string of 1 to {PIN_DIGITS_MAX} digits")))
            }
        }

        // Whatever else is there might be a PIN, and serde's own faults would repeat it.
        impl<'de> Visitor<'de> for PinVisitor {
            type Value = Pin;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string of digits")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Pin, E> {
                let is_pin = (1..=PIN_DIGITS_MAX).contains(&text.len())
                    && text.bytes().all(|byte| byte.is_ascii_digit());
                if is_pin { Ok(Pin(text.to_owned())) } else { Self::fault() }
            }

            fn visit_bool<E: de::Error>(self, _: bool) -> Result<Pin, E> {
                Self::fault()
            }

            fn visit_i64<E: de::Error>(self, _: i64) -> Result<Pin, E> {
                Self::fault()
            }

            fn visit_u64<E: de::Error>(self, _: u64) -> Result<Pin, E> {
                Self::fault()
            }

            #[expect(clippy::disallowed_types, reason = "what serde calls for a number like that")]
            fn visit_f64<E: de::Error>(self, _: f64) -> Result<Pin, E> {
                Self::fault()
            }

            fn visit_unit<E: de::Error>(self) -> Result<Pin, E> {
                Self::fault()
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, _: A) -> Result<Pin, A::Error> {
                Self::fault()
            }

            fn visit_map<A: de::MapAccess<'de>>(self, _: A) -> Result<Pin, A::Error> {
                Self::fault()
            }
        }

        deserializer.deserialize_any(PinVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pin_is_read_from_digits_and_no_fault_repeats_it() {
        for good in ["\"4\"", "\"482913\"", "\"000000000000\""] {
            assert!(serde_json::from_str::<Pin>(good).is_ok(), "{good}");
        }
        for bad in [
            "482913",
            "-482913",
            "4829.13",
            "true",
            "null",
            "[482913]",
            "{\"482913\":1}",
            "\"\"",
            "\"4829130000000\"",
            "\"482913x\"",
        ] {
            let fault = serde_json::from_str::<Pin>(bad).unwrap_err().to_string();
            assert!(fault.starts_with("must be a string of 1 to 12 digits"), "{fault}");
            assert!(!fault.contains("4829"), "{fault}");
        }
    }

    #[test]
    fn pin_is_equal_only_to_itself_and_hidden() {
        let pin = |text: &str| Pin::new(text.to_owned());
        assert!(pin("482913").is(&pin("482913")));
        for other in ["482914", "48291", "4829130", ""] {
            assert!(!pin("482913").is(&pin(other)), "{other}");
        }
        assert_eq!(format!("{:?}", pin("482913")), "Pin(…)");
    }
}
