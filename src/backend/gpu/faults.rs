//! What went wrong on a device, collected from its callbacks: errors nobody waits for must not become good results.

use std::sync::{Arc, Mutex, PoisonError};

/// The first fault of a device.
#[derive(Clone, Default)]
pub(super) struct Faults(Arc<Mutex<Option<String>>>);

impl Faults {
    /// Listens to a device from now on.
    pub(super) fn of(device: &wgpu::Device) -> Self {
        let faults = Self::default();
        let lost = faults.clone();
        device.set_device_lost_callback(move |reason, message| {
            let message = message.trim();
            let detail = if message.is_empty() { String::new() } else { format!(" ({message})") };
            let what = match reason {
                wgpu::DeviceLostReason::Destroyed => "the device was closed",
                wgpu::DeviceLostReason::Unknown => "the device was lost",
            };
            lost.record(format!("{what}{detail}"));
        });
        let errors = faults.clone();
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            errors.record(match &error {
                wgpu::Error::OutOfMemory { .. } => "its memory is full".to_owned(),
                other => one_line(&other.to_string()),
            });
        }));
        faults
    }

    /// Keeps the first.
    pub(super) fn record(&self, what: String) {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(what);
    }

    /// The first, if there is one.
    pub(super) fn first(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
