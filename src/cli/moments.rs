//! `eoc export --format npy`: entrywise mean and standard deviation of the kernels of every cell, and heat maps.
//!
//! Kernels are drawn again from the seeds in the store, in ascending order, and pushed one after another: the bytes of
//! the files are a function of the rows, the device and the build, however the run was sharded, killed or batched.
//! Moments kept by the run itself would have to be merged in one fixed order and survive every kill to be that.

use std::fmt::Write;
use std::path::Path;

use super::args::EngineArgs;
use super::context::Context;
use super::escape::shown;
use super::failure::{Failure, Status};
use super::output;
use super::refused::refused;
use super::stored::{self, describe, unusable};
use super::units::counted;
use crate::backend::Precision;
use crate::data::{Output, npy::NpyWriter};
use crate::report::{Kernels, write_figures};
use crate::stats::EntrywiseMoments;
use crate::study::store::{Reader, Rows};
use crate::study::{Limits, Plan, file, run};

/// The table beside the arrays.
const TABLE: &str = "cells.csv";
/// Behind the number of a cell in the names of the files of its heat maps.
const HEAT: &str = "kernel";

/// Draws the kernels of a run again and writes their moments.
pub fn execute(dir: &Path, out: &Path, engine: &EngineArgs, ctx: &Context) -> Result<Status, Failure> {
    let reader = stored::open(dir, ctx).map_err(unusable)?;
    let counts = reader.count_rows().map_err(unusable)?;
    let count: u64 = counts.iter().take(reader.asked_cells()).sum();
    let plan = plan(&reader, dir)?;
    output::check_directory(out, "export of kernels", is_ours)?;
    let precisions: Vec<Precision> = plan.cells().iter().map(|cell| cell.precision).collect();
    let engine = engine.open_heard(&precisions, &engine.threads.start()?, ctx)?;
    // Every cell first: what is refused is refused before anything is written.
    let costs = run::check(&plan, engine.as_ref()).map_err(refused)?;
    ctx.on_stop(": the arrays of finished cells are kept");
    let _made = output::make_directory(out)?;
    let cost = counts.iter().zip(&costs).map(|(&count, cost)| count as f64 * cost.seconds_per_seed).sum();
    let name = format!("{} into {}", shown(dir), shown(out));
    let mut progress = ctx.progress(name, "kernel").over(count, cost);
    let mut table = "cell,seeds,description,relative_sd_diagonal\n".to_owned();
    let mut written = 0;
    let limits = Limits::default();
    for (index, cell) in plan.cells().iter().enumerate() {
        let sampling = engine.open(cell.job())?;
        let q = cell.data.points.n() * cell.network.outputs();
        let mut moments = EntrywiseMoments::identity(q * q);
        let mut first = None;
        let mut rows = reader.rows_of(index, 0);
        loop {
            let seeds = seeds(&mut rows, index, sampling.plan().seeds_per_batch)?;
            if seeds.is_empty() {
                break;
            }
            for (sample, &seed) in sampling.kernels(&seeds, ctx.stop())?.into_iter().zip(&seeds) {
                moments.push(&sample.kernel);
                first.get_or_insert((seed, sample.kernel));
            }
            progress.advance(seeds.len() as u64, seeds.len() as f64 * costs[index].seconds_per_seed);
        }
        ctx.check()?;
        let name = |what: &str| out.join(format!("{index:04}-{what}.npy"));
        if let Some(mean) = moments.mean() {
            save(&name("mean"), q, mean)?;
            written += 1;
        }
        let deviation = moments.standard_deviation();
        if let Some(deviation) = &deviation {
            save(&name("sd"), q, deviation)?;
        }
        let words = describe(&reader.cells()[index]);
        if let Some((seed, kernel)) = &first {
            let limit =
                limits.of(cell).map_err(Failure::unusable)?.limit(cell).expand(cell.network.outputs());
            let (of, deviation, seeds) = (words.clone(), deviation.as_deref(), moments.count());
            let kernels = Kernels { of, rows: q, seed: *seed, kernel, limit: &limit, deviation, seeds };
            let figure = kernels.figure().map_err(Failure::running)?;
            write_figures(&[figure], &[format!("{index:04}-{HEAT}")], out).map_err(Failure::running)?;
        }
        let words = words.replace('"', "\"\"");
        let exact =
            reader.cells()[index].limit.relative_sd_diagonal.map_or(String::new(), |sd| sd.to_string());
        writeln!(table, "{index},{},\"{words}\",{exact}", moments.count()).map_err(Failure::running)?;
    }
    drop(progress);
    let mut file = Output::create(&out.join(TABLE))?;
    file.write(table.as_bytes())?;
    file.finish()?;
    let (of, name) = (plan.cells().len(), engine.info().name.clone());
    let others = match reader.cells().len() - reader.asked_cells() {
        0 => String::new(),
        others => format!(", without {} that the last run did not ask for", counted(others, "cell")),
    };
    ctx.print(&format!(
        "{}: {written} of {}, {} drawn, device {name}{others}\n",
        shown(out),
        counted(of, "cell"),
        counted(count, "kernel")
    ))?;
    Ok(Status::Done)
}

/// The plan of a run directory, with its data loaded; refuses where they are no longer the same.
fn plan(reader: &Reader, dir: &Path) -> Result<Plan, Failure> {
    let of =
        |error: anyhow::Error| Failure::unusable(error.context(format!("the study of {}", dir.display())));
    let spec = file::parse(&reader.manifest().text).map_err(|e| of(e.into()))?;
    let plan = Plan::new(spec).map_err(|e| of(e.into()))?;
    if plan.identity() != reader.manifest().identity {
        return Err(Failure::refused(format!(
            "{} holds study {}, and its data or this eoc now make it {}; bring back the data, or the version of eoc",
            dir.display(),
            reader.manifest().directory_name(),
            plan.directory_name()
        )));
    }
    Ok(plan)
}

/// Whether a file is one of an earlier export.
fn is_ours(name: &str) -> bool {
    let heat = |format: &str| name.ends_with(&format!("-{HEAT}.{format}"));
    name == TABLE
        || ["-mean.npy", "-sd.npy"].iter().any(|end| name.ends_with(end))
        || ["csv", "pdf", "png", "svg"].into_iter().any(heat)
}

/// The next seeds of a cell.
fn seeds(rows: &mut Rows, cell: usize, count: usize) -> Result<Vec<u64>, Failure> {
    let mut seeds = Vec::new();
    while seeds.len() < count.max(1) {
        match rows.next().map_err(Failure::running)? {
            Some(row) if row.cell == cell => seeds.push(row.seed),
            _ => break,
        }
    }
    Ok(seeds)
}

fn save(path: &Path, size: usize, values: &[f64]) -> Result<(), Failure> {
    let mut file = NpyWriter::create(path, &[size, size])?;
    file.write(values)?;
    Ok(file.finish()?)
}
