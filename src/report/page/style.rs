//! How the page looks: light and dark, on a phone and on paper.

/// The style sheet. Figures are drawn for a light page; on a dark one their colours are told anew.
pub(super) const STYLE: &str = r##":root {
  --ink: #1a1c1f; --soft: #5a6068; --page: #ffffff; --box: #f4f5f7; --line: #d9dce1; --link: #0060a8;
  --good: #00694d; --bad: #b23c00; --open: #5a6068; --shade: #00000030;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e4e6ea; --soft: #a3a9b3; --page: #15171a; --box: #1f2226; --line: #363b42; --link: #7cc0f5;
    --good: #4fc9a0; --bad: #ff9a5c; --open: #a3a9b3; --shade: #ffffff40;
  }
  figure svg { fill: #e4e6ea; }
  figure svg > rect[fill="white"] { fill: none; }
  figure svg text[fill="#000000"], figure svg text[fill="black"] { fill: #e4e6ea; }
  figure svg text[fill="#666666"], figure svg text[fill="#666"] { fill: #a3a9b3; }
  figure svg [stroke="#000000"], figure svg [stroke="black"] { stroke: #c9cdd3; }
  figure svg [fill="#000000"], figure svg [fill="black"] { fill: #c9cdd3; }
  figure svg [stroke="#cccccc"] { stroke: #363b42; }
  figure svg [stroke="#777777"] { stroke: #9aa0a8; }
  figure svg [stroke="#444444"] { stroke: #b8bdc5; } figure svg [fill="#444444"] { fill: #b8bdc5; }
  figure svg [stroke="#0072B2" i] { stroke: #5b8cff; } figure svg [fill="#0072B2" i] { fill: #5b8cff; }
  figure svg [stroke="#D55E00" i] { stroke: #f07f2e; } figure svg [fill="#D55E00" i] { fill: #f07f2e; }
  figure svg [stroke="#009E73" i] { stroke: #23bf93; } figure svg [fill="#009E73" i] { fill: #23bf93; }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 56rem; background: var(--page); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; overflow-wrap: break-word;
}
h1 { font-size: 1.8rem; line-height: 1.2; margin: 0 0 .4rem; }
h2 { font-size: 1.3rem; margin: 2.4rem 0 .8rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.6rem 0 .5rem; }
header p { margin: 0; color: var(--soft); }
nav { margin-top: .8rem; }
nav a { margin-right: .9rem; }
a { color: var(--link); }
dl { margin: 0; }
dt { font-weight: 600; }
dd { margin: 0 0 .8rem; }
.lead { font-size: 1.1rem; }
.note { padding: .6rem .8rem; background: var(--box); border-left: 3px solid var(--open); }
.claims { padding: 0; list-style: none; }
.claims li { margin: .5rem 0; padding: .5rem .8rem; background: var(--box); border-radius: .3rem; }
.number { font-variant-numeric: tabular-nums; font-weight: 600; }
.agrees { color: var(--good); } .contradicts { color: var(--bad); } .undecided { color: var(--open); }
figure { margin: 1.5rem 0 2.5rem; }
figure svg { display: block; width: 100%; height: auto; max-width: 46rem; margin: 0 auto; }
figcaption { margin-top: .5rem; font-size: .9rem; color: var(--soft); }
.files a { margin-right: .5rem; white-space: nowrap; }
sup { line-height: 0; font-size: .75em; }
.narrow { display: none; }
/* A shade at the side beyond which there is more. */
.scroll {
  overflow-x: auto; margin: .5rem 0;
  background: linear-gradient(to right, var(--page), var(--page)) 0 0 / 1.5rem 100% no-repeat local,
    linear-gradient(to left, var(--page), var(--page)) 100% 0 / 1.5rem 100% no-repeat local,
    linear-gradient(to right, var(--shade), transparent) 0 0 / .8rem 100% no-repeat scroll,
    linear-gradient(to left, var(--shade), transparent) 100% 0 / .8rem 100% no-repeat scroll;
}
table { border-collapse: collapse; font-size: .86rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .5rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { text-align: right; white-space: normal; font-weight: 600; border-bottom-color: var(--soft); vertical-align: bottom; }
th.left, td.left { text-align: left; }
pre { padding: .8rem; overflow-x: auto; background: var(--box); border-radius: .3rem; font-size: .82rem; line-height: 1.45; }
footer { margin-top: 3rem; color: var(--soft); font-size: .85rem; }
@media screen and (max-width: 34rem) {
  body { padding: 1rem .8rem 2rem; }
  h1 { font-size: 1.45rem; }
  figure { margin: 1.2rem -.4rem 2rem; }
  figcaption { padding: 0 .4rem; }
  .wide { display: none; }
  .narrow { display: block; }
  table { font-size: .8rem; }
  th, td { padding: .25rem .35rem; }
}
@media print {
  :root { --ink: #000; --soft: #333; --page: #fff; --box: #fff; --line: #999; --link: #000; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, .files { display: none; }
  figure, table, li { break-inside: avoid; }
  /* Two on a page. */
  figure { margin: .4rem 0 1rem; }
  figure svg { max-width: 13cm; }
  figcaption { font-size: 8.5pt; }
  h2, h3 { break-after: avoid; }
  .claims li, pre { border: 1px solid #999; }
  pre { white-space: pre-wrap; }
  .scroll { overflow: visible; background: none; }
  table { font-size: 7.5pt; }
  th, td { padding: .15rem .35rem; }
}
"##;
