import { html } from './html.ts';
import type { Html } from './html.ts';

const STYLE = `
:root{color-scheme:light dark;--ink:#1d2430;--soft:#5b6472;--paper:#fff;--shade:#f3f4f7;--line:#d9dde5;--accent:#2563eb;--bad:#b42318}
@media(prefers-color-scheme:dark){:root{--ink:#e4e7ec;--soft:#9aa3b2;--paper:#11151c;--shade:#1b212b;--line:#2c3440;--accent:#7aa2ff;--bad:#ff8a7a}}
*{box-sizing:border-box}
body{font:16px/1.55 system-ui,sans-serif;margin:0;color:var(--ink);background:var(--paper)}
main{max-width:40rem;margin:12vh auto 4rem;padding:0 1.25rem}
main.wide{max-width:64rem;margin-top:3rem}
.brand{color:var(--soft);font-weight:600;letter-spacing:.02em;margin:0 0 1.5rem}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .75rem}
p{margin:.75rem 0}
a{color:var(--accent)}
pre,code{font:14px/1.5 ui-monospace,monospace}
pre{background:var(--shade);border:1px solid var(--line);padding:.9rem 1rem;border-radius:.5rem;overflow:auto}
label{display:block;margin:.9rem 0 .3rem;font-weight:600}
input{width:100%;font:inherit;padding:.55rem .7rem;border:1px solid var(--line);border-radius:.4rem;background:var(--paper);color:inherit}
button{font:inherit;font-weight:600;padding:.6rem 1.2rem;margin:1.2rem .6rem 0 0;border-radius:.4rem;border:1px solid var(--accent);background:var(--accent);color:var(--paper);cursor:pointer}
button.plain{background:none;color:var(--ink);border-color:var(--line)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.alert{color:var(--bad);font-weight:600}
small,.soft{color:var(--soft)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.35rem 1rem;margin:1rem 0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}`;

type Page = {
  title: string;
  body: Html;
  wide?: boolean;
  /** What it has beside the style of all pages. */
  style?: string;
};

/** A page of the platform's own: no scripts, nothing from elsewhere. */
export const renderPage = (page: Page): string =>
  `<!doctype html>\n${
    html`<html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${page.title} · Clever Grid</title>
        <style>
          ${{ html: STYLE + (page.style ?? '') }}
        </style>
      </head>
      <body>
        <main class="${page.wide === true ? 'wide' : ''}">
          <p class="brand">Clever Grid</p>
          ${page.body}
        </main>
      </body>
    </html>`.html
  }\n`;
