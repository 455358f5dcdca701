import { html } from './html.ts';
import type { Html } from './html.ts';

/** Text with `code` in it, as the one line that it is. */
export const inline = (text: string): Html => ({
  html: text
    .split('`')
    .map((part, index) => (index % 2 === 0 ? html`${part}` : html`<code>${part}</code>`))
    .map((part) => part.html)
    .join(''),
});

/** Paragraphs of such text. */
export const prose = (text: string): readonly Html[] =>
  text.split('\n\n').map((paragraph) => html`<p>${inline(paragraph)}</p>`);
