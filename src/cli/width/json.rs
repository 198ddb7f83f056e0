//! An answer for programs.

use serde_json::{Value, json};

use super::Args;
use crate::report::{width_claims, width_json};
use crate::study::questions::WidthQuestion;

impl Args {
    /// One object, or `cells` of several kinds of network; with them `claims` of the built-in study.
    pub fn json(&self, asked: &WidthQuestion, several: bool) -> serde_json::Result<Value> {
        let objects = asked.cells.iter().map(|answer| width_json(asked, answer, several));
        let mut objects = objects.collect::<Result<Vec<Value>, _>>()?;
        Ok(match (several, self.words.is_some()) {
            (false, _) => objects.pop().unwrap_or(Value::Null),
            (true, false) => json!({ "cells": objects }),
            (true, true) => json!({ "cells": objects, "claims": width_claims(asked) }),
        })
    }
}
