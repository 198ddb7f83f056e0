//! This process, as a store remembers who added rows.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::version::{COMMIT, VERSION};
use crate::backend::DeviceInfo;
use crate::study::store::Session;

/// What is written of it, with the device that computes.
pub fn session(info: &DeviceInfo) -> Session {
    Session {
        started: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs(),
        version: VERSION.to_owned(),
        commit: COMMIT.to_owned(),
        device: info.name.clone(),
        // The manifest says how the device was tuned too.
        driver: match info.tuning.as_str() {
            "" => info.driver.clone(),
            tuning => format!("{}; {tuning}", info.driver),
        },
        threads: info.threads as u64,
    }
}
