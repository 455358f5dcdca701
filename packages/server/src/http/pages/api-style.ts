/** What the page of the API has beside the style of all pages. */
export const API_STYLE = `
:root{--get:#1d4ed8;--post:#15803d;--put:#a16207;--delete:#b42318}
@media(prefers-color-scheme:dark){:root{--get:#7aa2ff;--post:#6fd08c;--put:#e5b454;--delete:#ff8a7a}}
main.wide{max-width:76rem;margin-top:2rem}
.api{display:grid;grid-template-columns:11rem minmax(0,1fr);gap:2.5rem;align-items:start}
.api nav{position:sticky;top:1.5rem}
.api nav ul{list-style:none;margin:0;padding:0}
.api nav a{display:flex;justify-content:space-between;gap:.5rem;padding:.3rem .6rem;border-radius:.4rem;color:var(--ink);text-decoration:none}
.api nav a:hover{background:var(--shade)}
.api nav small{font-variant-numeric:tabular-nums}
h2{font-size:1.2rem;margin:2.5rem 0 .75rem;scroll-margin-top:1rem}
h3{font-size:.8rem;text-transform:uppercase;letter-spacing:.06em;color:var(--soft);margin:1.2rem 0 .4rem}
details{border:1px solid var(--line);border-radius:.5rem;margin:.35rem 0}
summary{display:grid;grid-template-columns:4.2rem minmax(0,1fr);gap:0 .8rem;padding:.45rem .8rem;cursor:pointer;list-style:none;border-radius:.5rem}
summary::-webkit-details-marker{display:none}
summary:hover{background:var(--shade)}
details[open]>summary{border-bottom:1px solid var(--line);border-radius:.5rem .5rem 0 0}
summary code{overflow-wrap:anywhere}
summary code b{font-weight:400;color:var(--accent)}
summary .what{grid-column:2;color:var(--soft)}
details>div{padding:.2rem .9rem .9rem;scroll-margin-top:6rem}
.verb{font:700 12px/21px ui-monospace,monospace;text-align:center;border:1px solid;border-radius:.35rem;height:23px}
.get,.sse,.ws{color:var(--get)}.post{color:var(--post)}.put{color:var(--put)}.delete{color:var(--delete)}
pre i{font-style:normal;color:var(--soft)}
pre{margin:.3rem 0;tab-size:2}
.table{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.35rem .8rem .35rem 0;border-bottom:1px solid var(--line)}
th{font-size:.85rem;color:var(--soft);font-weight:600}
td:last-child,th:last-child{padding-right:0}
.named>summary{grid-template-columns:1fr}
@media(max-width:48rem){.api{display:block}.api nav{position:static;margin-bottom:1.5rem}.api nav ul{display:flex;flex-wrap:wrap;gap:.2rem}main.wide{padding:0 .9rem}}`;
