//! Figures and the page: their numbers are those of the stored rows, and nothing that comes from a file is markup.

mod parts;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::support::study::{cell, first, main_figure, record};
use eoc_ntk::report::{Analysis, CellSummary, Figure, Page, StudySummary, figures, write_report};

/// The rows of a figure's numbers, by column.
fn rows(figure: &Figure) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(figure.csv.as_slice());
    let headers = reader.headers().unwrap().clone();
    let row = |row: csv::StringRecord| headers.iter().zip(&row).map(|(h, v)| (h.into(), v.into())).collect();
    reader.records().map(|r| row(r.unwrap())).collect()
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap_or(f64::NAN)
}

/// The cell that a row is of.
fn of<'a>(study: &'a StudySummary, row: &BTreeMap<String, String>) -> &'a CellSummary {
    let same = |c: &&CellSummary| {
        c.cell.activation == row["activation"] && c.cell.m.map(|m| m as f64) == Some(number(row, "width"))
    };
    study.cells.iter().find(same).unwrap()
}

/// By the definition of numpy's default.
fn quantile(mut values: Vec<f64>, p: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = p * (values.len() - 1) as f64;
    let (below, above) = (values[at.floor() as usize], values[at.ceil() as usize]);
    below + at.fract() * (above - below)
}

#[track_caller]
fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-9 * b.abs(), "{a} is not {b}");
}

fn drawn(study: &StudySummary) -> Vec<Figure> {
    figures(study, &Analysis::new(study)).unwrap()
}

fn named<'a>(all: &'a [Figure], name: &str) -> &'a Figure {
    all.iter().find(|f| f.name == name).unwrap_or_else(|| panic!("no figure {name}"))
}

#[test]
fn the_numbers_of_every_figure_are_those_of_the_rows() {
    let study = first(64);
    let all = drawn(&study);
    let names: Vec<&str> = all.iter().map(|f| f.name).collect();
    let wanted = ["", "tails", "histogram", "constant", "ratio", "spread", "lambda-min", "condition", "time"];
    assert_eq!(names, wanted);
    let median =
        |c: &CellSummary, of: fn(&eoc_ntk::study::table::Statistics) -> f64| quantile(c.column(of), 0.5);
    type Oracle<'a> = Box<dyn Fn(&CellSummary) -> f64 + 'a>;
    let spread = |c: &CellSummary| {
        let trace = c.column(|s| s.trace);
        let mean = trace.iter().sum::<f64>() / trace.len() as f64;
        (trace.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / (trace.len() - 1) as f64).sqrt() / mean
    };
    let measured: [(&str, Oracle); 5] = [
        ("", Box::new(|c| median(c, |s| s.relative_op))),
        ("constant", Box::new(|c| quantile(c.column(|s| s.deviation_op), 0.9) / c.cell.limit.bound.unwrap())),
        ("spread", Box::new(spread)),
        ("lambda-min", Box::new(|c| median(c, |s| s.lambda_min))),
        ("condition", Box::new(|c| median(c, |s| s.lambda_max / s.lambda_min))),
    ];
    for (name, oracle) in measured {
        let rows = rows(named(&all, name));
        let found: Vec<_> = rows.iter().filter(|r| r["kind"] == "measured").collect();
        assert_eq!(found.len(), study.cells.len(), "{name}");
        for row in found {
            let cell = of(&study, row);
            close(number(row, "y"), oracle(cell));
            close(number(row, "x"), cell.cell.m.unwrap() as f64);
            assert_eq!(number(row, "seeds"), 64.0);
        }
    }
    // Both activations take as long.
    let time = rows(named(&all, "time"));
    assert_eq!(time.len(), 5);
    for row in &time {
        close(number(row, "y"), 1e-3 * number(row, "x"));
        assert_eq!(number(row, "seeds"), 128.0);
    }
    for row in rows(named(&all, "ratio")).iter().filter(|r| r["kind"] == "measured") {
        close(number(row, "y"), 1.1 / 2.3);
    }
    // Dashed are the numbers of the limit, and of nothing else.
    for (name, theory) in [("", "exact s.d. of K(x,x)"), ("spread", "exact s.d. of K(x,x)")] {
        let rows = rows(named(&all, name));
        let theory: Vec<_> =
            rows.iter().filter(|r| r["kind"] == "theory" && r["series"].contains(theory)).collect();
        assert_eq!(theory.len(), study.cells.len());
        for row in theory {
            close(number(row, "y"), of(&study, row).cell.limit.relative_sd_diagonal.unwrap());
        }
    }
}

#[test]
fn single_seeds_bands_tails_and_histograms_are_of_the_rows() {
    let study = first(64);
    let all = drawn(&study);
    let main = rows(named(&all, ""));
    for row in main.iter().filter(|r| r["kind"] == "sample") {
        let cell = of(&study, row);
        let index = cell.seeds.iter().position(|s| *s as f64 == number(row, "seeds")).unwrap();
        close(number(row, "y"), cell.samples[index].relative_op);
    }
    assert_eq!(main.iter().filter(|r| r["kind"] == "sample").count(), 640, "every seed");
    for row in main.iter().filter(|r| r["kind"] == "band") {
        let column = of(&study, row).column(|s| s.relative_op);
        close(number(row, "low"), quantile(column.clone(), 0.25));
        close(number(row, "high"), quantile(column, 0.75));
    }
    for row in rows(named(&all, "tails")).iter().filter(|r| r["kind"] == "steps") {
        let cell = of(&study, row);
        let bound = cell.cell.limit.bound.unwrap();
        let above = cell
            .samples
            .iter()
            .filter(|s| s.deviation_op / bound >= number(row, "x") * (1.0 - 1e-12))
            .count();
        close(number(row, "y"), above as f64 / 64.0);
    }
    // No share is above 1, and its axis ends there.
    let shares = |end: &str| named(&all, "tails").svg.contains(&format!("text-anchor=\"end\">{end}</text>"));
    assert!(shares("1") && shares("0.5") && !shares("2"));
    // The area under each histogram is 1, on the axis that is drawn.
    let histogram = rows(named(&all, "histogram"));
    for series in histogram.iter().map(|r| &r["series"]).collect::<std::collections::BTreeSet<_>>() {
        let steps: Vec<_> = histogram.iter().filter(|r| &r["series"] == series).collect();
        let area = |pair: &[&BTreeMap<String, String>]| {
            (number(pair[1], "x") / number(pair[0], "x")).log10() * number(pair[0], "y")
        };
        let area: f64 = steps.windows(2).map(area).sum();
        close(area, 1.0);
    }
}

/// A level 1/m is marked where so many seeds reach it.
#[test]
fn the_level_one_over_m_is_marked_where_seeds_reach_it() {
    let mut study =
        StudySummary::new("tails", vec![cell("abs", 4, 16, 256, 0.3), cell("abs", 4, 1024, 256, 0.04)]);
    study.cells.iter_mut().for_each(|c| record(c).limit.bound_m = c.cell.m.map(|m| m as f64));
    let rows = rows(named(&drawn(&study), "tails"));
    let marks: Vec<_> = rows.iter().filter(|r| r["kind"] == "mark").collect();
    assert_eq!(marks.len(), 1);
    close(number(marks[0], "y"), 1.0 / 16.0);
    let bound = study.cells[0].cell.limit.bound.unwrap();
    let above =
        study.cells[0].samples.iter().filter(|s| s.deviation_op / bound >= number(marks[0], "x")).count();
    assert_eq!(above, 16, "256/16 seeds are there or above");
}

#[test]
fn many_seeds_are_thinned_and_the_figure_says_so() {
    let study = first(300);
    let main = main_figure(&study).unwrap();
    let shown = rows(&main).iter().filter(|r| r["kind"] == "sample").count();
    assert_eq!(shown, 1200);
    assert!(main.about.contains("the first 120 of 300 seeds of each network"), "{}", main.about);
    let bytes: usize = drawn(&study).iter().map(|f| f.svg.len()).sum();
    assert!(bytes < 2_000_000, "{bytes}");
}

#[test]
fn any_number_of_lines_is_drawn_and_told_apart() {
    let mut cells = Vec::new();
    for depth in 2..14 {
        for m in [
            64,
            256,
            1024,
            4096,
            16384,
            65536,
            262_144,
            1_048_576,
            4_194_304,
            16_777_216,
            67_108_864,
            268_435_456,
            1 << 30,
        ] {
            cells.push(cell("abs", depth, m, 8, 1.0 / (m as f64).sqrt()));
        }
    }
    let study = StudySummary::new("many", cells);
    let main = main_figure(&study).unwrap();
    for depth in 2..14 {
        assert!(main.svg.contains(&format!("depth {depth}<")), "{depth}");
    }
    assert!(!main.about.contains("Faint points") && !main.about.contains("Shaded"), "{}", main.about);
}

fn page(study: &StudySummary, directory: &Path) -> String {
    let analysis = Analysis::new(study);
    let words = Page {
        widths: Vec::new(),
        claim: Some("K <concentrates>".into()),
        prediction: Some("as m^(-1/2)".into()),
        notes: vec!["Of a part.".into()],
        reproduce: "eoc run <again>.toml\n".into(),
    };
    write_report(&analysis, &[], &figures(study, &analysis).unwrap(), &words, directory).unwrap();
    std::fs::read_to_string(directory.join("index.html")).unwrap()
}

#[test]
fn the_page_stands_alone() {
    let temp = tempfile::tempdir().unwrap();
    let study = first(64);
    let html = page(&study, temp.path());
    for foreign in ["<script", "http://", "https://", "src=", "@import", "url(http", "<link rel=\"stylesheet"]
    {
        let allowed = html.replace("http://www.w3.org/2000/svg", "");
        assert!(!allowed.contains(foreign), "{foreign}");
    }
    assert_eq!(html.matches("<figure>").count(), 9);
    assert_eq!(html.matches("viewBox=").count(), 18, "each for wide pages and for narrow ones");
    for said in [
        "What was asked",
        "What was found",
        "Figures",
        "Tables",
        "How to reproduce",
        "K &lt;concentrates&gt;",
        "prefers-color-scheme: dark",
        "@media print",
    ] {
        assert!(html.contains(said), "{said}");
    }
    // Every link leads to a file, and every identifier is there once.
    for link in html.split("href=\"").skip(1).map(|l| l.split('"').next().unwrap()) {
        let there = link.strip_prefix('#').map_or_else(
            || link.starts_with("data:") || temp.path().join(link).exists(),
            |id| html.contains(&format!("id=\"{id}\"")),
        );
        assert!(there, "{link}");
    }
    let mut ids: Vec<&str> = html.split(" id=\"").skip(1).map(|l| l.split('"').next().unwrap()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "identifiers are there once");
    assert!(html.len() < 3_000_000, "{}", html.len());
    // Every figure in every format, with its numbers.
    for (ending, begins) in
        [("svg", "<svg"), ("pdf", "%PDF-"), ("png", "\u{fffd}PNG"), ("csv", "series,kind,x,y")]
    {
        let of = |entry: &std::fs::DirEntry| entry.path().extension().is_some_and(|e| e == ending);
        let files: Vec<_> = std::fs::read_dir(temp.path()).unwrap().map(|e| e.unwrap()).filter(of).collect();
        assert_eq!(files.len(), 9, "{ending}");
        for file in files {
            let bytes = std::fs::read(file.path()).unwrap();
            assert!(String::from_utf8_lossy(&bytes[..20]).starts_with(begins), "{:?}", file.path());
            assert!(html.contains(&format!("href=\"{}\"", file.file_name().to_str().unwrap())));
        }
    }
    assert_eq!(page(&study, temp.path()), html, "the same results, other bytes");
}

#[test]
fn names_from_outside_are_text() {
    let temp = tempfile::tempdir().unwrap();
    let mut study = first(16);
    study.name = "a<b&\"c\"/../x".into();
    for cell in &mut study.cells {
        let cell = record(cell);
        cell.data = "<script>\u{1b}[31malert(1)</script>.npy".into();
        cell.activation = if cell.a == 0.0 { "<b>".into() } else { cell.activation.clone() };
    }
    let html = page(&study, temp.path());
    assert!(!html.contains("<script") && !html.contains("<b>") && !html.contains("a<b&"));
    assert!(html.contains("&lt;script&gt;"));
    for entry in std::fs::read_dir(temp.path()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(!name.contains(['<', '&', '"']), "{name}");
        if name.ends_with(".svg") {
            let svg = std::fs::read_to_string(&path).unwrap();
            assert!(!svg.contains("<script") && !svg.contains("a<b") && !svg.contains('\u{1b}'), "{name}");
        }
    }
}

#[test]
fn an_empty_study_has_a_page_without_figures() {
    let temp = tempfile::tempdir().unwrap();
    let html = page(&first(0), temp.path());
    assert!(html.contains("No seed is finished yet") && !html.contains("<figure>"), "{html}");
    let mut names: Vec<_> = std::fs::read_dir(temp.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["index.html", "summary.json", "table.txt"]);
}

#[test]
fn files_that_cannot_be_written_are_named() {
    let temp = tempfile::tempdir().unwrap();
    let study = first(16);
    let analysis = Analysis::new(&study);
    let all = figures(&study, &analysis).unwrap();
    let write = |at: &Path| write_report(&analysis, &[], &all, &Page::default(), at).unwrap_err().to_string();
    let file = temp.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert!(write(&file.join("report")).contains("file"));
    std::fs::create_dir_all(temp.path().join("blocked/first.svg/x")).unwrap();
    assert!(write(&temp.path().join("blocked")).contains("first.svg"));
}

#[test]
fn the_command_writes_reports_and_figures_and_refuses_what_is_no_run() {
    let temp = tempfile::tempdir().unwrap();
    let eoc = |line: &str| {
        let output = Command::new(assert_cmd::cargo::cargo_bin!("eoc"))
            .args(line.split_whitespace())
            .current_dir(temp.path())
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    };
    let (status, said, _) =
        eoc("run --activation abs --activation relu --depth 2 --width 4,8,16 --data pair:angle=1 \
                                 --seeds 8 --set name=\"r\" --out r");
    assert!(status == 0 && said.contains("In its report: index.html, "), "{said}");
    let page = temp.path().join("r/report/index.html");
    let first = std::fs::read(&page).unwrap();
    std::fs::remove_dir_all(temp.path().join("r/report")).unwrap();
    let (status, said, _) = eoc("report r");
    assert!(status == 0 && said.contains("Exponent in m") && said.contains("figures"), "{said}");
    assert!(std::fs::read(&page).unwrap() == first, "the page of a run is that of its report");
    assert_eq!(eoc("report r --x delta").0, 0);
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(html.contains("Δ = b²/(a²+b²)"));
    for (name, begins) in [("both.svg", "<svg"), ("both.PDF", "%PDF-"), ("both.png", "\u{fffd}PNG")] {
        let (status, said, error) = eoc(&format!("report r r --figure {name}"));
        assert!(status == 0 && said.starts_with(&format!("{name}: r: ")), "{said}{error}");
        let bytes = std::fs::read(temp.path().join(name)).unwrap();
        assert!(String::from_utf8_lossy(&bytes[..20]).starts_with(begins), "{name}");
    }
    let csv = std::fs::read_to_string(temp.path().join("both.csv")).unwrap();
    assert_eq!(
        csv.lines().filter(|l| l.contains(",sample,")).count(),
        48,
        "rows that both have are taken once"
    );
    // What is no run: status 2, a sentence, and nothing written.
    std::fs::create_dir(temp.path().join("empty")).unwrap();
    std::fs::create_dir(temp.path().join("foreign")).unwrap();
    std::fs::write(temp.path().join("foreign/run.sqlite"), "no database at all").unwrap();
    std::fs::create_dir(temp.path().join("cut")).unwrap();
    let store = std::fs::read(temp.path().join("r/run.sqlite")).unwrap();
    std::fs::write(temp.path().join("cut/run.sqlite"), &store[..store.len() / 2]).unwrap();
    for (line, says) in [
        ("report nowhere", "nowhere"),
        ("report empty", "empty"),
        ("report foreign", "foreign"),
        ("report cut", "cut"),
        ("report r empty", "empty"),
        ("report r --x k2", "axis \"k2\" is unknown; use m, l, m_l"),
        ("report r --figure f.jpg", "use one of .svg, .pdf, .png"),
        ("report r --figure none/f.pdf", "cannot write none/f.pdf; name a file in a directory that exists"),
    ] {
        let (status, out, error) = eoc(line);
        assert_eq!((status, out.as_str(), error.lines().count()), (2, "", 1), "{line}: {error}");
        assert!(error.starts_with("eoc: ") || error.starts_with("error"), "{error}");
        assert!(error.contains(says), "{line}: {error}");
    }
    assert!(!temp.path().join("none").exists());
    assert!(!temp.path().join("empty/report").exists() && !temp.path().join("f.jpg").exists());
}

/// The page in a browser, as a reader has it: nothing fetched, nothing complained of, every figure with a size.
#[test]
fn a_browser_shows_the_page() {
    let Some(browser) = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|out| out.status.success()))
    else {
        eprintln!("SKIPPED: the page in a browser: there is no Chromium; as root: apt-get install chromium");
        return;
    };
    let temp = tempfile::tempdir().unwrap();
    let html = page(&first(64), temp.path());
    // What a reader would look at, told by a copy of the page that may run a script. No window is as narrow as a phone:
    // a frame is.
    let probe = "<script>addEventListener('load',()=>{const all=[...document.querySelectorAll('figure svg')];\
                 const f=all.map(s=>s.getBoundingClientRect()).filter(r=>r.width>200&&r.height>150);\
                 const marks=all.every(s=>s.querySelectorAll('path,line,circle').length>10);\
                 const light=getComputedStyle(document.body).backgroundColor=='rgb(255, 255, 255)';\
                 parent.document.title='seen '+f.length+' fetched '+performance.getEntriesByType('resource').length\
                 +' room '+innerWidth+' wide '+(document.documentElement.scrollWidth>innerWidth||f.some(r=>r.right>innerWidth))\
                 +' marks '+marks+' light '+light;});</script></body>";
    let watched = html
        .replace("default-src 'none'", "default-src 'none'; script-src 'unsafe-inline'")
        .replace("</body>", probe);
    for (width, dark) in [(390, false), (1280, false), (390, true)] {
        let framed = format!(
            "<!DOCTYPE html><title>nothing</title><iframe width=\"{width}\" height=\"900\" style=\"border:0\" srcdoc=\"{}\"></iframe>",
            watched.replace('&', "&amp;").replace('"', "&quot;")
        );
        let path = temp.path().join("watched.html");
        std::fs::write(&path, framed).unwrap();
        let output = Command::new(browser)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
            ])
            .args(["--disable-background-networking", "--enable-logging=stderr", "--dump-dom"])
            .arg("--window-size=1400,1000")
            // 0 is dark, 1 is light.
            .arg(format!("--blink-settings=preferredColorScheme={}", u8::from(!dark)))
            .arg(format!("--user-data-dir={}", temp.path().join("browser").display()))
            .arg(format!("file://{}", path.display()))
            .output()
            .unwrap();
        let (dom, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let title = dom.split("<title>").nth(1).and_then(|t| t.split('<').next()).unwrap_or_default();
        let expected = format!("seen 9 fetched 0 room {width} wide false marks true light {}", !dark);
        assert_eq!(title, expected, "at {width}");
        let complaints: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
        assert!(complaints.is_empty(), "{complaints:?}");
    }
}
