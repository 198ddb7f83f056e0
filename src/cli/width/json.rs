//! An answer for programs.

use serde_json::{Value, json};

use super::{Args, words};
use crate::report::{width_claims, width_json};
use crate::study::questions::WidthQuestion;

impl Args {
    /// One object; of several `kinds` of network `cells` and what was not begun, and `claims` of the built-in study.
    pub fn json(&self, asked: &WidthQuestion, kinds: usize) -> serde_json::Result<Value> {
        let objects = asked.cells.iter().map(|answer| width_json(asked, answer, kinds > 1));
        let mut objects = objects.collect::<Result<Vec<Value>, _>>()?;
        let undecided = words::not_begun(kinds - objects.len());
        Ok(match (kinds, self.words.is_some()) {
            (1, _) => objects.pop().unwrap_or(Value::Null),
            (_, false) => json!({ "cells": objects, "undecided": undecided }),
            (_, true) => json!({ "cells": objects, "undecided": undecided, "claims": width_claims(asked) }),
        })
    }
}
