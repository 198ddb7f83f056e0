//! An answer for programs.

use serde_json::{Value, json};

use super::{Args, Found, Stop, words};
use crate::answer;

impl Args {
    /// One object, or `cells` of several kinds of network.
    pub fn json(&self, found: &[Found], several: bool, stopped: Stop) -> Value {
        let one = |f: &Found| {
            let look = |l: &answer::Look| {
                json!({"m": l.width, "seeds": l.seeds, "inside": l.inside, "low": l.low, "high": l.high,
                       "decision": l.decision.name()})
            };
            let undecided = words::undecided(f, stopped).map_or(Value::Null, Value::String);
            let mut object = json!({
                "m_low": f.answer.low,
                "m_high": f.answer.high,
                "tolerance": self.tolerance,
                "confidence": self.confidence,
                "alpha": self.alpha,
                "norm": self.norm.to_string(),
                "looks": f.answer.looks.iter().map(look).collect::<Vec<_>>(),
                "networks": f.answer.networks,
                "exponent": f.answer.exponent,
                "undecided": undecided,
                "seconds": f.seconds,
            });
            if several && let Some(object) = object.as_object_mut() {
                let cell = &f.cell;
                object.insert("activation".into(), json!(cell.activation.to_string()));
                object.insert("depth".into(), json!(cell.depth));
                object.insert("schedule".into(), json!(cell.schedule.to_string()));
                object.insert("outputs".into(), json!(cell.outputs));
                object.insert("constant".into(), json!(f.constant));
                object.insert("theorem".into(), json!(words::theorem(found, f)));
            }
            object
        };
        let mut objects: Vec<Value> = found.iter().map(one).collect();
        match several {
            false => objects.pop().unwrap_or(Value::Null),
            true => json!({ "cells": objects }),
        }
    }
}
