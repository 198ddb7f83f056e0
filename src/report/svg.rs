//! A scene of the renderer as the text of an SVG, which is the same for the same scene and takes any size.

use kuva::backend::svg::SvgBackend;
use kuva::render::render::Scene;

/// The text.
pub(super) fn text(scene: &Scene) -> String {
    // XML has no control characters, and names of files may.
    let drawn = SvgBackend::new().render_scene(scene);
    let drawn = drawn.replace(|c: char| c.is_control() && c != '\n' && c != '\t', "\u{fffd}");
    scalable(&renumbered(&drawn))
}

/// What the renderer's identifiers of clip paths begin with.
const CLIP: &str = "kuva-clip-";

/// The same figure with the identifiers of its clip paths numbered from 1: the renderer counts them over the life of
/// the process, and the same results are to give the same bytes.
fn renumbered(svg: &str) -> String {
    let mut parts = svg.split(CLIP);
    let mut text = parts.next().unwrap_or_default().to_owned();
    let mut seen: Vec<&str> = Vec::new();
    for part in parts {
        let (id, rest) = part.split_at(part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len()));
        let number = seen.iter().position(|s| *s == id).unwrap_or_else(|| {
            seen.push(id);
            seen.len() - 1
        });
        text += &format!("{CLIP}{}{rest}", number + 1);
    }
    text
}

/// The same figure with a box, so that it takes the size of where it stands.
fn scalable(svg: &str) -> String {
    let value = |name: &str| {
        let from = svg.find(name)? + name.len();
        Some(&svg[from..from + svg[from..].find('"')?])
    };
    match (value(" width=\""), value(" height=\"")) {
        (Some(width), Some(height)) => {
            svg.replacen("<svg ", &format!("<svg viewBox=\"0 0 {width} {height}\" "), 1)
        }
        _ => svg.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_do_not_depend_on_what_was_drawn_before() {
        let svg =
            |a, b| format!(r#"<clipPath id="{CLIP}{a}"/><clipPath id="{CLIP}{b}"/><g url(#{CLIP}{a})/>"#);
        assert_eq!(renumbered(&svg(17, 18)), svg(1, 2));
    }
}
