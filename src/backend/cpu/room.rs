//! Vectors of f64 that are used again by the next chunk, layer and seed: fresh pages from the system cost `direct` a
//! quarter of its time at 128 gradient rows.

use std::sync::{Mutex, PoisonError};

/// What was given back, for whichever thread asks next: of each size never more than was in use at one time.
#[derive(Default)]
pub(super) struct Room(Mutex<Vec<Vec<f64>>>);

impl Room {
    /// A vector of so many zeros.
    pub(super) fn zeros(&self, length: usize) -> Vec<f64> {
        let mut vector = self.fitting(length);
        vector.clear();
        vector.resize(length, 0.0);
        vector
    }

    /// A vector of so many numbers, whatever they are.
    pub(super) fn any(&self, length: usize) -> Vec<f64> {
        let mut vector = self.fitting(length);
        vector.resize(length, 0.0);
        vector
    }

    /// The smallest that holds so many and is not twice as large: a layer that keeps a matrix must not keep the place
    /// of a larger one.
    fn fitting(&self, length: usize) -> Vec<f64> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let capacities = all.iter().map(Vec::capacity).enumerate();
        let fits = capacities.filter(|(_, capacity)| (length..2 * length).contains(capacity));
        match fits.min_by_key(|(_, capacity)| *capacity) {
            Some((at, _)) => all.swap_remove(at),
            None => Vec::with_capacity(length),
        }
    }

    /// Takes back a vector that is no longer needed.
    pub(super) fn give(&self, vector: Vec<f64>) {
        if vector.capacity() > 0 {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(vector);
        }
    }

    /// Adds the sums of a block to those before it, and takes them back.
    pub(super) fn add(&self, total: &mut [f64], part: Vec<f64>) {
        for (t, p) in total.iter_mut().zip(&part) {
            *t += p;
        }
        self.give(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_back_is_used_again_where_it_fits_and_is_zero_where_it_must_be() {
        let room = Room::default();
        let mut vector = room.zeros(30);
        vector.fill(7.0);
        let place = vector.as_ptr();
        room.give(vector);
        // Half of it would keep the place of a matrix twice as large.
        let small = room.zeros(15);
        assert!(small.capacity() < 30);
        let again = room.zeros(20);
        assert_eq!((again.as_ptr(), again.as_slice()), (place, &[0.0; 20][..]));
        let mut total = vec![1.0; 20];
        room.add(&mut total, again);
        let again = room.any(30);
        assert_eq!((total, again.as_ptr()), (vec![1.0; 20], place));
    }
}
