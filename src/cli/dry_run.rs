//! `eoc run --dry-run`: what a study will cost here, before it starts.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::context::Context;
use super::escape::shown;
use super::failure::{Failure, Status};
use super::refused::refused;
use super::stored::describe;
use super::terminal;
use super::units::{are, bytes, counted, duration};
use super::watchdog::Watchdog;
use crate::report::{Align, Layout, paragraph};
use crate::study::forecast::{Forecast, forecast};
use crate::study::run::{Computing, Settings};
use crate::study::store::{CellRecord, LimitRecord, Reader};
use crate::study::{Need, Plan, STORE};

/// Time of the calibration.
const BUDGET: Duration = Duration::from_secs(1);
/// Most cells that are listed one by one.
const LISTED: usize = 40;

/// What becomes of it at the first Ctrl-C.
pub const ON_STOP: &str = ": nothing is written";

/// The end of it in a step that does not hear signals.
pub fn watchdog(ctx: &Context) -> Watchdog {
    let time_limit = ctx.time_limit_flag();
    Watchdog::over(ctx, move || interrupted().at_a_time_limit(time_limit.load(Ordering::Relaxed)))
}

fn interrupted() -> Failure {
    let what = "interrupted while the time of a sample was measured; nothing was written";
    Failure { error: Some(anyhow::Error::msg(what)), ..Failure::interrupted() }
}

/// Prints cells, cost, memory and the time to expect of what is still to run.
pub fn execute(plan: &Plan, out: &Path, computing: &Computing, ctx: &Context) -> Result<Status, Failure> {
    let settings = computing.settings;
    let shard = settings.shard;
    let missing = match out.join(STORE).exists() {
        true => {
            let reader = Reader::open(out).map_err(Failure::unusable)?;
            reader.missing_of(plan, shard).map_err(Failure::unusable)?
        }
        false => {
            (0..plan.cells().len()).map(|cell| plan.asked().need(cell, shard)).map(Need::missing).collect()
        }
    };
    let forecast = forecast(plan, &missing, computing, BUDGET);
    ctx.check().map_err(|_| interrupted())?;
    let forecast = forecast.map_err(refused)?;
    let done: u128 = missing.iter().map(|m| u128::from(m.rows)).sum();
    let what = format!(
        "{}, seeds {}{}; {} there",
        counted(plan.cells().len(), "cell"),
        plan.asked(),
        if shard.is_whole() { String::new() } else { format!(", shard {shard}") },
        are(done, "sample"),
    );
    let head = format!("Study {}: ", plan.directory_name());
    let mut text = paragraph(&head, &what, terminal::columns()) + "\n";
    text += &cells(plan, &forecast);
    text += &totals(&forecast, settings);
    text += &format!("\nDirectory: {} (nothing was written)\n", shown(out));
    ctx.print(&text)?;
    Ok(Status::Done)
}

fn cells(plan: &Plan, forecast: &Forecast) -> String {
    let mut table = Layout::new(vec!["cell".to_owned()], vec![Align::Right]).group([
        ("seeds to run", Align::Right),
        ("a seed", Align::Right),
        ("memory", Align::Right),
    ]);
    let mut names = String::new();
    let room = terminal::columns();
    for (index, (cell, cost)) in plan.cells().iter().zip(&forecast.cells).enumerate().take(LISTED) {
        let name = describe(&CellRecord::of(cell, LimitRecord::default()));
        let time = format!("{:.3} ms", 1e3 * cost.seconds);
        let memory = bytes(cost.estimate.bytes);
        table.push(vec![index.to_string(), span((cost.seeds.0.into(), cost.seeds.1.into())), time, memory]);
        names += &paragraph(&format!("{index:>6}  "), &name, room);
    }
    if forecast.cells.len() > LISTED {
        names += &format!("        and {} more\n", forecast.cells.len() - LISTED);
    }
    format!("{}\n  cell  network\n{names}", table.text(room))
}

fn totals(forecast: &Forecast, settings: &Settings) -> String {
    let least = forecast.cells.iter().map(|c| u128::from(c.seeds.0)).sum::<u128>();
    let most = forecast.cells.iter().map(|c| u128::from(c.seeds.1)).sum::<u128>();
    let (low, high) = forecast.seconds();
    let time = match least == most {
        true => format!("about {}", duration(low)),
        false => format!("{} at least, {} if every cell needs its most seeds", duration(low), duration(high)),
    };
    let cost = format!(
        "{:.2e} operations, {:.2e} normal deviates{}",
        forecast.total(|e| e.operations),
        forecast.total(|e| e.normals),
        if least == most { "" } else { " at least" },
    );
    let time = format!(
        "{time} on {} with {}, {}",
        settings.device,
        counted(settings.threads, "thread"),
        if forecast.calibrated { "were they idle" } else { "uncalibrated: one seed takes too long to try" },
    );
    let lines = [
        ("Samples:   ", span((least, most))),
        ("Cost:      ", cost),
        ("Memory:    ", bytes(forecast.bytes)),
        ("Time:      ", time),
    ];
    let room = terminal::columns();
    lines.iter().fold("\n".to_owned(), |text, (head, line)| text + &paragraph(head, line, room))
}

fn span((least, most): (u128, u128)) -> String {
    if least == most { least.to_string() } else { format!("{least}..{most}") }
}
