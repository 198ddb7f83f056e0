//! Rows of a store in the order of their keys, and samples with all that belongs to them.

use super::StoreError;
use super::reader::Reader;
use super::rows::{Order, Rows, before_seed};
use crate::study::table::{IndependenceRow, LayerRow, Part, Record, Row, Sample, SpectrumRow};

/// Rows that are read in one transaction; between two the writer may commit.
const CHUNK: usize = 8192;

impl Reader {
    /// Reads every sample row in (cell, seed) order, checked with all that the store keeps of the sample; memory does
    /// not grow with their number.
    ///
    /// Rows that a running `eoc run` commits meanwhile may or may not be among them. The error of `each` ends the
    /// reading and is returned.
    pub fn for_each<E: From<StoreError>>(
        &self,
        mut each: impl FnMut(&Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut samples = self.samples(CHUNK);
        while let Some(sample) = samples.next()? {
            each(&sample.row)?;
        }
        Ok(())
    }

    /// The rows of a table in the order of their keys, one after another, of which `chunk` are in memory.
    pub fn rows<R: Record + Clone>(&self, chunk: usize) -> Rows<'_, R> {
        self.in_order(self.order(&self.numbers()), chunk)
    }

    /// The samples in (cell, seed) order, one after another, of which about `chunk` rows are in memory.
    pub fn samples(&self, chunk: usize) -> Samples<'_> {
        self.samples_as(&self.numbers(), chunk)
    }

    /// The samples under other numbers of the cells, one for each, in their order.
    pub(in crate::study) fn samples_as(&self, numbers: &[usize], chunk: usize) -> Samples<'_> {
        let mut cells: Vec<(usize, usize)> = numbers.iter().copied().zip(0..).collect();
        cells.sort_unstable();
        let order = self.order(numbers);
        let details = self.manifest().details;
        let layers = details.layers.then(|| Beside { rows: self.in_order(order.clone(), chunk), next: None });
        let spectrum =
            details.spectrum.then(|| Beside { rows: self.in_order(order.clone(), chunk), next: None });
        let independence =
            details.independence.then(|| Beside { rows: self.in_order(order.clone(), chunk), next: None });
        let rows = self.in_order(order.clone(), chunk);
        Samples { reader: self, rows, order, cells, layers, spectrum, independence, chunk }
    }

    /// The sample rows of one cell from a seed on, in order of their seeds, and those of the cells behind it.
    pub fn rows_of(&self, cell: usize, seed: u64) -> Rows<'_> {
        let Some(&place) = self.places().get(cell) else { return self.in_order(Order::of([], 0), CHUNK) };
        let behind = self.places().iter().copied().zip(0..).skip(cell);
        let order = Order::of(behind, self.places().len());
        self.in_order(order.behind(place, before_seed(place, seed)), CHUNK)
    }

    /// Checks every sample and counts those of every cell.
    pub fn count_rows(&self) -> Result<Vec<u64>, StoreError> {
        let mut counts = vec![0; self.cells().len()];
        self.for_each(|row| {
            counts[row.cell] += 1;
            Ok::<(), StoreError>(())
        })?;
        Ok(counts)
    }

    /// The numbers of the cells, as everywhere outside the store.
    fn numbers(&self) -> Vec<usize> {
        (0..self.cells().len()).collect()
    }

    /// The order of rows under these numbers of the cells.
    fn order(&self, numbers: &[usize]) -> Order {
        let mut cells: Vec<(usize, usize)> =
            self.places().iter().zip(numbers).map(|(&place, &number)| (place, number)).collect();
        cells.sort_by_key(|(_, number)| *number);
        Order::of(cells, self.places().len())
    }
}

/// Samples in the order of their keys, each whole; see [`Reader::samples`].
pub struct Samples<'r> {
    reader: &'r Reader,
    rows: Rows<'r>,
    order: Order,
    /// Every number with the cell of the reader that has it, ascending.
    cells: Vec<(usize, usize)>,
    layers: Option<Beside<'r, LayerRow>>,
    spectrum: Option<Beside<'r, SpectrumRow>>,
    independence: Option<Beside<'r, IndependenceRow>>,
    chunk: usize,
}

/// The rows of a further table, which are read beside those of the samples.
struct Beside<'r, R> {
    rows: Rows<'r, R>,
    /// The first that no sample had yet.
    next: Option<R>,
}

impl Samples<'_> {
    /// The next sample, checked: every row, and that none of them is missing. None behind the last.
    // An iterator's items would be results, which `while let` forgets to look at.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Sample>, StoreError> {
        let Some(row) = self.rows.next()? else { return Ok(None) };
        let mut sample = Sample::from(row);
        if let Some(mut layers) = self.layers.take() {
            self.fill(&mut layers, &mut sample)?;
            self.layers = Some(layers);
        }
        if let Some(mut spectrum) = self.spectrum.take() {
            self.fill(&mut spectrum, &mut sample)?;
            self.spectrum = Some(spectrum);
        }
        if let Some(mut independence) = self.independence.take() {
            self.fill(&mut independence, &mut sample)?;
            self.independence = Some(independence);
        }
        Ok(Some(sample))
    }

    /// Gives a sample its rows of a further table.
    fn fill<'r, R: Part>(&self, beside: &mut Beside<'r, R>, sample: &mut Sample) -> Result<(), StoreError>
    where
        Self: 'r,
    {
        let key = (sample.row.cell, sample.row.seed);
        let cell = self.cells.partition_point(|(number, _)| *number < key.0);
        let cell = self.cells.get(cell).map_or(0, |(_, cell)| *cell);
        let expected = R::per_sample(&self.reader.cells()[cell]);
        let mut found = beside.take(key)?;
        if found.len() as u64 != expected {
            // A sample and what belongs to it are written at once; but it may have been written since these rows were
            // read.
            let place = self.reader.places()[cell];
            let order = self.order.clone().behind(place, before_seed(place, key.1));
            *beside = Beside { rows: self.reader.in_order(order, self.chunk), next: None };
            found = beside.take(key)?;
        }
        if found.len() as u64 != expected {
            let what = format!(
                "cell {cell}, seed {} has {} of {} of the table {}",
                key.1,
                found.len(),
                crate::units::counted(expected, "row"),
                R::TABLE
            );
            return Err(StoreError::damaged(self.reader.path(), what));
        }
        *R::rows_in_mut(sample) = found;
        Ok(())
    }
}

impl<R: Part> Beside<'_, R> {
    /// The rows of this sample; those of samples before it, which nobody asked for, are dropped.
    fn take(&mut self, key: (usize, u64)) -> Result<Vec<R>, StoreError> {
        let mut found = Vec::new();
        loop {
            let next = match self.next.take() {
                None => self.rows.next()?,
                next => next,
            };
            match next {
                Some(row) if row.sample() < key => {}
                Some(row) if row.sample() == key => found.push(row),
                next => {
                    self.next = next;
                    return Ok(found);
                }
            }
        }
    }
}
