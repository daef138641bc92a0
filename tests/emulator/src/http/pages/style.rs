//! The look of the pages, light and dark.

pub const STYLE: &str = r#"
:root{color-scheme:light dark;--ink:#17202a;--soft:#5b6672;--paper:#f4f5f7;--card:#fff;--line:#878f99;--main:#3d3bd1;--on-main:#fff;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--ink:#eceff3;--soft:#a9b3bf;--paper:#14171b;--card:#1f242a;--line:#78828e;--main:#a5a4ff;--on-main:#14171b;--bad:#ff9d94}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:34rem;padding:1rem;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
nav a{display:inline-block;padding:.5rem 1rem .5rem 0;color:var(--main)}
h1{font-size:1.6rem;margin:.8rem 0}h2,h3{font-size:1.1rem;margin:0 0 .5rem;overflow-wrap:anywhere}main>h2{margin-top:2rem}
.card{background:var(--card);border-radius:.8rem;padding:1.2rem;box-shadow:0 1px 4px #0003}
label{display:block;font-weight:600;margin-top:1rem}
input,select,button{font:inherit;width:100%;min-height:2.8rem;padding:.4rem .8rem;border:1px solid var(--line);border-radius:.5rem;background:var(--card);color:var(--ink)}
.code{font-size:2rem;letter-spacing:.3em;text-align:center;font-variant-numeric:tabular-nums}
.help,footer,dt{color:var(--soft);font-size:.9rem}.help{margin:.2rem 0}
.problem{color:var(--bad);font-weight:600}
.actions{display:flex;gap:.8rem;margin-top:1.2rem}
button{background:var(--main);border-color:var(--main);color:var(--on-main);font-weight:600;cursor:pointer}
button.quiet{background:none;color:var(--main)}
:focus-visible{outline:3px solid var(--main);outline-offset:2px}
.devices{list-style:none;padding:0;display:grid;gap:1rem}
dl{display:grid;grid-template-columns:auto 1fr;gap:.2rem 1rem;margin:0}dd{margin:0;overflow-wrap:anywhere}
.badge{font-size:.8rem;font-weight:600;padding:.1rem .6rem;border:1px solid;border-radius:1rem;white-space:nowrap}
.online{color:#1a7f37}.paused{color:#9a6700}.offline,.disconnected{color:var(--soft)}
@media(prefers-color-scheme:dark){.online{color:#56d364}.paused{color:#e3b341}}
footer{margin:2rem 0}
"#;
