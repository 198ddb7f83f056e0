//! Whether a drawing can be read: its texts as they are set in our font, where they end, and whether they touch.

use std::io::Read;
use std::sync::{Arc, OnceLock};

use resvg::usvg::fontdb::{Database, Source};
use resvg::usvg::{Group, Node, Options, Rect, Tree};

fn font() -> Arc<Database> {
    static FONT: OnceLock<Arc<Database>> = OnceLock::new();
    let load = || {
        let packed = include_bytes!("../../../assets/DejaVuSans.ttf.gz");
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut bytes).unwrap();
        let mut fonts = Database::new();
        fonts.load_font_source(Source::Binary(Arc::new(bytes)));
        Arc::new(fonts)
    };
    Arc::clone(FONT.get_or_init(load))
}

fn texts(group: &Group, all: &mut Vec<(String, Rect)>) {
    for node in group.children() {
        match node {
            Node::Group(inner) => texts(inner, all),
            Node::Text(text) => {
                let said: String = text.chunks().iter().map(|chunk| chunk.text()).collect();
                // The ink, not the line: a line has room above and below its letters.
                let ink = text.flattened().bounding_box().transform(text.abs_transform()).unwrap();
                all.push((said, ink));
            }
            _ => {}
        }
    }
}

/// What is wrong with the texts of a drawing: those that reach beyond it, and pairs that lie on each other.
pub fn faults(svg: &str) -> Vec<String> {
    let options = Options { font_family: "DejaVu Sans".into(), fontdb: font(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).unwrap();
    let mut all = Vec::new();
    texts(tree.root(), &mut all);
    all.retain(|(said, _)| !said.trim().is_empty());
    let (width, height) = (tree.size().width(), tree.size().height());
    let mut faults = Vec::new();
    for (i, (said, ink)) in all.iter().enumerate() {
        let inside = ink.left() >= 0.0 && ink.top() >= 0.0 && ink.right() <= width && ink.bottom() <= height;
        if !inside {
            faults.push(format!("{said:?} is cut: {ink:?} of {width} × {height}"));
        }
        for (other, there) in &all[i + 1..] {
            let apart = |a: (f32, f32), b: (f32, f32), space: f32| a.1 + space < b.0 || b.1 + space < a.0;
            let across = |r: &Rect| (r.left(), r.right());
            let down = |r: &Rect| (r.top(), r.bottom());
            // Words of one line keep a distance, lines need none.
            if !apart(across(ink), across(there), 2.0) && !apart(down(ink), down(there), 0.0) {
                faults.push(format!("{said:?} lies on {other:?}"));
            }
        }
    }
    if all.len() < 5 {
        faults.push(format!("{} texts in all", all.len()));
    }
    faults
}

/// The drawings of a page.
pub fn drawings(html: &str) -> Vec<String> {
    let parts = html.split("<svg").skip(1);
    parts.map(|part| format!("<svg{}</svg>", part.split("</svg>").next().unwrap())).collect()
}

#[test]
fn texts_that_touch_and_texts_that_are_cut_are_seen() {
    let svg = |x: f64| {
        let text =
            |x: f64, y: f64, said: &str| format!("<text x=\"{x}\" y=\"{y}\" font-size=\"13\">{said}</text>");
        let all = [
            text(x, 20.0, "100000"),
            text(70.0, 20.0, "relative"),
            text(9.0, 60.0, "a"),
            text(30.0, 60.0, "b"),
            text(60.0, 60.0, "c"),
        ];
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"140\" height=\"80\">{}</svg>",
            all.concat()
        )
    };
    assert!(faults(&svg(9.0)).is_empty(), "{:?}", faults(&svg(9.0)));
    assert!(faults(&svg(24.0))[0].contains("\"100000\" lies on \"relative\""));
    assert!(faults(&svg(-5.0))[0].contains("\"100000\" is cut"));
}
